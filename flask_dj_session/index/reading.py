"""What a row says of its user and its times; no statements."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from ..presentation.read_rows import ReadRow, read
from ..store import StoredRow
from ..store.index import Entry
from ..wire import SessionCodec
from ..wire.login_times import LOGIN_TIME_KEY, read_time, seconds_since
from . import user_ids

#: For how long nobody's row may become a user's. Django's login moves the session to a new key
#: first, and stores whose it is at the end of the request.
GRACE = timedelta(minutes=5)

_MINUTE = 60
#: seconds that no session lasts; with more, no date of any database is left
_ENDLESS = 1000 * 365 * 24 * 60 * _MINUTE
_EXPIRY = "_session_expiry"


class RowReader:
    """Reads rows with the present keys.

    :param unreadable: the user of rows that cannot be read.
    :param cookie_age: seconds that a session lasts by default.
    :param touches: whether requests that change nothing move the end of a session.
    :param now: aware.
    """

    def __init__(
        self,
        codec: SessionCodec,
        *,
        unreadable: str,
        cookie_age: float,
        touches: bool,
        now: datetime,
    ) -> None:
        self._codec = codec
        self._cookie_age = cookie_age
        self._touches = touches
        self.unreadable = unreadable
        self.now = now

    def read(self, stored: StoredRow) -> ReadRow:
        """Read a row; one that cannot be read is no error."""
        return read(stored, self._codec)

    def written_user_id(self, row: ReadRow) -> str | None:
        """Return the user of a row as the index has it."""
        if row.reading is None:
            return self.unreadable
        return None if row.user_id is None else user_ids.written(row.user_id)

    def entry_of(self, row: ReadRow) -> Entry | None:
        """Return what the index says of a row; None while nobody is in it who may come yet."""
        user_id = self.written_user_id(row)
        saved = self.last_saved(row)
        if row.reading is None or row.user_id is None:
            is_final = row.reading is None or (saved is not None and saved < self.now - GRACE)
            return Entry(row.stored.session_key, user_id, self.now) if is_final else None
        login = read_time(row.reading.data.get(LOGIN_TIME_KEY))
        if seconds_since(login, self.now) is None:
            login = None  # what is still to come is no time of a login
        created = login or min(saved or self.now, self.now)
        return Entry(row.stored.session_key, user_id, created, login is not None)

    def last_saved(self, row: ReadRow) -> datetime | None:
        """Return when a row was saved for the last time (aware); None where it does not say so."""
        if row.reading is None:
            return None
        return row.reading.signed_at or self._last_moved(row)

    def last_seen(self, row: ReadRow) -> datetime | None:
        """Return when a row was last saved, or its end was last moved by SESSION_TOUCH_AFTER."""
        saved, moved = self.last_saved(row), self._last_moved(row) if self._touches else None
        if saved is None or moved is None:
            return saved
        return max(saved, min(moved, self.now))

    def _last_moved(self, row: ReadRow) -> datetime | None:
        """Return when the end of a row was set, reckoned from that and how long it lasts."""
        age = self._age(row.reading.data) if row.reading is not None else None
        if age is not None and row.stored.expire_date is not None:
            with suppress(OverflowError):
                return row.stored.expire_date - timedelta(seconds=age)
        return None

    def other_age(self, row: ReadRow) -> int | None:
        """Return the seconds that a session lasts, to the minute; None where it is the default.

        It may say so itself, or Django may have another SESSION_COOKIE_AGE than this app. One that
        ends at a fixed date says nothing of others.
        """
        if row.reading is None:
            return None
        saved, end, age = row.reading.signed_at, row.stored.expire_date, None
        if row.reading.data.get(_EXPIRY):
            age = self._age(row.reading.data)
        elif saved is not None and end is not None and not self._touches:
            age = (end - saved).total_seconds()
        if age is None or not 0 < age < _ENDLESS or abs(age - self._cookie_age) < _MINUTE:
            return None
        return round(age / _MINUTE) * _MINUTE

    def _age(self, data: Mapping[str, Any]) -> float | None:
        value = data.get(_EXPIRY) or self._cookie_age
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return value if is_number and 0 < value < _ENDLESS else None
