"""What a row says of its user and its times; no statements."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any

from ..presentation.read_rows import ReadRow, read
from ..store import StoredRow
from ..store.index import Entry
from ..wire import SessionCodec
from . import user_ids

#: For how long nobody's row may become a user's. Django's login moves the session to a new key
#: first, and stores whose it is at the end of the request.
GRACE = timedelta(minutes=5)

_MINUTE = 60
_EXPIRY = "_session_expiry"
#: the time of a login here, in seconds since 1970, which Django leaves alone
_LOGIN_TIME = "_auth_login_time"
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class RowReader:
    """Reads rows with the present keys.

    :param unreadable: the user of rows that cannot be read.
    :param cookie_age: seconds that a session lasts by default.
    :param now: aware.
    """

    def __init__(
        self, codec: SessionCodec, *, unreadable: str, cookie_age: float, now: datetime
    ) -> None:
        self._codec = codec
        self._cookie_age = cookie_age
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
        login = _login_time(row.reading.data)
        created = login or min(saved or self.now, self.now)
        return Entry(row.stored.session_key, user_id, created, login is not None)

    def last_saved(self, row: ReadRow) -> datetime | None:
        """Return when a row was saved for the last time (aware); None where it does not say so."""
        if row.reading is None:
            return None
        if row.reading.signed_at is not None:
            return row.reading.signed_at
        age, end = self._age(row.reading.data), row.stored.expire_date
        if age is not None and end is not None:
            with suppress(OverflowError):
                return end - timedelta(seconds=age)
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
        elif saved is not None and end is not None:
            age = (end - saved).total_seconds()
        if age is None or age <= 0 or abs(age - self._cookie_age) < _MINUTE:
            return None
        return round(age / _MINUTE) * _MINUTE

    def _age(self, data: Mapping[str, Any]) -> float | None:
        value = data.get(_EXPIRY) or self._cookie_age
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return value if is_number and value > 0 else None


def _login_time(data: Mapping[str, Any]) -> datetime | None:
    value = data.get(_LOGIN_TIME)
    if type(value) is not int or value < 0:
        return None
    with suppress(OverflowError):
        return _EPOCH + timedelta(seconds=value)
    return None
