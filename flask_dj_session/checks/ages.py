"""How many sessions have a login that is older than SESSION_ABSOLUTE_AGE allows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ..wire.login_times import login_age
from .finding import Finding, count
from .reader import RowReading


class Ages:
    """Counts live sessions by the age of their login.

    :param now: aware.
    :param absolute_age: SESSION_ABSOLUTE_AGE, in seconds; None where it is not set.
    """

    def __init__(self, now: datetime, absolute_age: float | None) -> None:
        self.now = now
        self.absolute_age = absolute_age
        #: whose login is as old as that, or older
        self.over = 0
        #: that have a login of which nobody knows how old it is
        self.unknown = 0

    def add(self, expire_date: datetime | None, read: RowReading) -> None:
        """Take a row in."""
        if (
            self.absolute_age is None
            or read.reading is None
            or "_auth_user_id" not in (data := read.reading.data)
        ):
            return
        if expire_date is not None and expire_date <= self.now:
            return
        age = login_age(data, self.now)
        self.unknown += age is None
        self.over += age is not None and age >= self.absolute_age


def age_findings(ages: Ages) -> Iterator[Finding]:
    """Tell how many sessions are older than they may be here."""
    if ages.over:
        one = ages.over == 1
        yield Finding(
            "note",
            f"{count(ages.over, 'session has', 'sessions have')} a login that is older than"
            f" SESSION_ABSOLUTE_AGE, {ages.absolute_age:,} seconds.",
            f"{'It ends' if one else 'They end'} at the next visit to this app; to Django"
            f" {'it is' if one else 'they are'} still valid.",
        )
