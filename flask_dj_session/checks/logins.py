"""The newest logins among the rows, for whoever knows the users to look at."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from .newest import Newest
from .reader import RowReading

#: how many are looked at: each costs a question for its user
_MOST = 20


class Logins:
    """Remembers the data of the sessions that were written last and have a user.

    :param now: aware; what has expired by then is nobody's session.
    :param age: how long a session lives, by which one without a time of signing is dated.
    """

    def __init__(self, now: datetime, age: timedelta) -> None:
        self._now = now
        self._age = age
        self._newest: Newest[dict[str, Any]] = Newest(_MOST)

    def add(self, expire_date: datetime | None, read: RowReading) -> None:
        """Take a row in."""
        if read.state != "readable" or read.reading is None:
            return
        if expire_date is None or expire_date <= self._now:
            return
        if "_auth_user_id" in read.reading.data:
            written = read.signed_at or expire_date - self._age
            self._newest.add(written, read.reading.data)

    @property
    def data(self) -> list[dict[str, Any]]:
        """The data of these sessions, the newest first."""
        return self._newest.facts
