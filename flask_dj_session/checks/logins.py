"""The newest logins among the rows, for whoever knows the users; and what needs somebody to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ..settings import Settings
from .finding import Finding
from .newest import Newest
from .reader import RowReading

#: how many are looked at: each costs a question for its user
_MOST = 20

#: of those of this package's own: what only its login heeds
_OF_LOGINS = {
    "SESSION_ABSOLUTE_AGE": "absolute_age",
    "SESSION_CYCLE_AT_RELOGIN": "cycle_at_relogin",
    "SESSION_SUDO_AGE": "sudo_age",
    "SESSION_RECORD_CLIENT": "records_client",
    "SESSION_MAX_PER_USER": "max_per_user",
}


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


def unheeded_findings(settings: Settings) -> list[Finding]:
    """Tell which settings do nothing in an app that has no login of this package's."""
    names = [name for name, attribute in _OF_LOGINS.items() if getattr(settings, attribute)]
    if not names:
        return []
    have = "has" if len(names) == 1 else "have"
    return [
        Finding(
            "note",
            f"{', '.join(names)} {have} no effect, because this app has no 'DjangoAuth'.",
            "Give it one: 'DjangoAuth(sessions)'.",
        )
    ]
