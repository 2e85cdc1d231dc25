"""How far ``expire_date`` is from what the signature's time and the settings make of it.

A signature tells when a row was written, and so when it ought to end. Where the newest rows miss
that by the same time, a setting differs. The counting is here, the conclusions are in ``dates``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any

from ..wire import expiry
from .newest import Newest

#: how many different deviations are remembered; one that most rows share is among the first
_REMEMBERED = 1000
_MINUTE = timedelta(minutes=1)


@dataclass
class Deviations:
    """Counts deviations in whole minutes, later than expected being positive.

    :param cookie_age: SESSION_COOKIE_AGE, in seconds.
    :param time_zone: TIME_ZONE.
    :param naive_zone: TIME_ZONE where USE_TZ is false, else None.
    """

    cookie_age: float
    time_zone: tzinfo
    naive_zone: tzinfo | None
    #: of rows that end after SESSION_COOKIE_AGE
    by_age: Counter[int] = field(default_factory=Counter)
    #: of rows whose session has an expiry of its own
    by_own: Counter[int] = field(default_factory=Counter)
    #: the latest time of signing for each deviation
    last: dict[int, datetime] = field(default_factory=dict)
    examined: int = 0
    examined_by_age: int = 0
    #: the deviations of the rows that were signed last: of all, and of either kind
    newest: Newest[int] = field(default_factory=Newest)
    newest_by_age: Newest[int] = field(default_factory=Newest)
    newest_by_own: Newest[int] = field(default_factory=Newest)

    def __post_init__(self) -> None:
        self.age = timedelta(seconds=self.cookie_age)

    def add(self, signed_at: datetime | None, expire_date: datetime, own: Any) -> int | None:
        """Take a row in.

        :param signed_at: aware; a row without it tells nothing.
        :param own: the session's ``_session_expiry``.
        :returns: by how many minutes its date is late; None where that cannot be told.
        """
        if signed_at is None:
            return None
        try:
            minutes = self._minutes(signed_at, expire_date, own)
        except (TypeError, ValueError, OverflowError):  # an expiry that Django did not write
            return None
        self.count(signed_at, minutes, own)
        return minutes

    def count(self, signed_at: datetime, minutes: int, own: Any) -> None:
        """Count a row whose date is late by so many minutes."""
        self.examined += 1
        self.examined_by_age += not own
        self.newest.add(signed_at, minutes)
        (self.newest_by_own if own else self.newest_by_age).add(signed_at, minutes)
        counter = self.by_own if own else self.by_age
        if minutes in counter or len(counter) < _REMEMBERED:
            counter[minutes] += 1
            if minutes not in self.last or signed_at > self.last[minutes]:
                self.last[minutes] = signed_at

    def lifetime(self, minutes: int) -> int:
        """Return the seconds from writing to end, where a row without an expiry of its own is off.

        Negative where it ends before it was written.
        """
        return int(self.cookie_age) + minutes * 60

    def _minutes(self, signed_at: datetime, expire_date: datetime, own: Any) -> int:
        zone = self.naive_zone
        if zone is None and not own:  # nearly every row
            return round((expire_date - signed_at - self.age) / _MINUTE)
        # On the site's own clock, as Django adds: with USE_TZ = False a day is always 24 hours.
        ends = expiry.to_site_time(expire_date, zone, self.time_zone)
        date = expiry.fixed_date(own)
        if date is None:
            written = expiry.to_site_time(signed_at, zone, self.time_zone)
            expected = expiry.date_after(written, own or self.cookie_age)
        elif date.tzinfo is None:
            raise ValueError("A date on an unknown clock tells nothing of it")
        else:
            expected = expiry.to_site_time(date, zone, self.time_zone)
        return round((ends - expected) / _MINUTE)
