"""Which rows tell nothing of clocks and ages, since an app may have moved their end.

With SESSION_TOUCH_AFTER a row ends later than its signature says: an age after the last visit, and
nobody visits in the future. So a row that ends later than an age from now was not moved, and
neither was one that ends too early, or on a fixed date. What may have been moved counts only where
nearly all rows are late by the same time, as no visitors are.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ..wire import expiry
from .clock import TOLERANCE
from .clock_skew import Deviations

#: how many rows must be late alike, and which share of all, to be no chance
_AT_LEAST, _SHARE = 10, 0.9
#: from how many on it is worth a note
_DOUBTFUL = 3
_HOUR, _APART = 60, 1  # minutes

_MINUTE = timedelta(minutes=1)


class Dates:
    """Counts how the dates of rows fit their signatures: of all rows, and of those not moved.

    :param every: counts all rows.
    :param unmoved: counts those whose end nobody has moved since they were signed.
    :param now: aware.
    :param touches: whether this app moves rows, so that it is no wonder.
    """

    def __init__(
        self, every: Deviations, unmoved: Deviations, now: datetime, *, touches: bool = False
    ) -> None:
        self._every = every
        self._unmoved = unmoved
        self._latest = now + TOLERANCE
        self.touches = touches
        self.age = every.age

    def add(self, signed_at: datetime | None, expire_date: datetime, own: Any) -> None:
        """Take a row in; see :meth:`.Deviations.add`."""
        minutes = self._every.add(signed_at, expire_date, own)
        if minutes is None or signed_at is None:
            return
        if self._may_be_moved(signed_at, minutes, own):
            return
        self._unmoved.count(signed_at, minutes, own)

    def _may_be_moved(self, signed_at: datetime, minutes: int, own: Any) -> bool:
        if minutes * _MINUTE < TOLERANCE or expiry.fixed_date(own) is not None:
            return False
        return minutes * _MINUTE <= self._latest - signed_at

    @property
    def examined(self) -> int:
        """How many rows tell when they were signed, and when they end."""
        return self._every.examined

    @property
    def moved(self) -> int:
        """How many rows are late, and most likely because their end was moved."""
        return self.examined - self.counted.examined

    @property
    def counted(self) -> Deviations:
        """What tells of clocks and ages."""
        return self._every if self._are_alike else self._unmoved

    @property
    def is_in_doubt(self) -> bool:
        """Whether the rows that are late may also be from another clock, as they are late alike."""
        return not self.touches and self._late_alike >= max(_DOUBTFUL, _SHARE * self.examined)

    @property
    def _are_alike(self) -> bool:
        """Whether so many rows are off by the same time that it is nobody's visit."""
        if self._unmoved.examined == self.examined:
            return True
        return self._late_alike >= max(_AT_LEAST, _SHARE * self.examined)

    @property
    def _late_alike(self) -> int:
        """How many rows are late by the same time, if that is how most of them are off."""
        off = self._every.by_age + self._every.by_own
        minutes, _ = off.most_common(1)[0]
        if minutes * _MINUTE < TOLERANCE:
            return 0
        return sum(number for each, number in off.items() if _is_alike(each, minutes))


def _is_alike(one: int, other: int) -> bool:
    # Rows from both sides of a change to summer time are an hour apart.
    return any(abs(one - other - shift) <= _APART for shift in (-_HOUR, 0, _HOUR))
