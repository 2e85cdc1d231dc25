"""Whether the clock here can be trusted: what the signatures say of the time, and the database.

A row that has expired by a clock which is ahead may be the session of somebody who is on the site
now. So it is asked what the rows themselves know. A signature tells when it was made. As long as
there are signatures all the time, the clock cannot have jumped; where there are none for a while,
it may have been put on by as much. Whatever ended longer ago than that has ended in any case.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from .finding import Finding, at, count, rows

#: how far clocks, and a slow request, may be apart
TOLERANCE = timedelta(minutes=5)
#: time is counted in these, from 1970 on
_QUARTER = timedelta(minutes=15)
_DAY = 4 * 24
#: after so many quarters without a signature the clock may have jumped
_QUIET = 2
#: what is longer ago need not be known to the quarter, or at all
_LONG_AGO, _AGES_AGO = 30 * _DAY, 2 * 365 * _DAY
#: how many kinds of expired rows are told apart, by when they were signed and ended
REMEMBERED = 20_000

_NEVER = -1


class Gap(NamedTuple):
    """Some time in which nothing was signed, in quarters of an hour since 1970."""

    begin: int
    end: int

    @property
    def length(self) -> int:
        """How many quarters it takes."""
        return self.end - self.begin


@dataclass
class Clock:
    """Learns when rows were signed and when they ended.

    :param now: what the clock here says, aware.
    :param database_now: what that of the database's server says; None where it is the same one.
    """

    now: datetime
    database_now: datetime | None = None
    #: rows that were signed after *now*, and the last of them
    future: int = 0
    last_future: datetime | None = None
    #: rows that have expired by the one clock and not by the other
    disputed: int = 0
    _signed: set[int] = field(default_factory=set)
    _ended: Counter[tuple[int, int]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._latest = self.now + TOLERANCE
        self._present = _quarter(self.now)
        self._earliest = self._present - _AGES_AGO

    def add_signing(self, signed_at: datetime, *, verified: bool) -> None:
        """Take in when a row was signed, by one of the keys or by none of them."""
        if signed_at <= self._latest:
            self._signed.add(max(self._earliest, _quarter(signed_at)))
        elif verified:
            self.future += 1
            self.last_future = max(self.last_future or signed_at, signed_at)

    def add_expired(self, signed_at: datetime | None, expire_date: datetime) -> None:
        """Take in a row that has expired at *now*."""
        if self.database_now is not None and expire_date > self.database_now:
            self.disputed += 1
        life = self._life(signed_at, expire_date)
        if life not in self._ended and len(self._ended) >= REMEMBERED:
            life = (_NEVER, self._present)
        self._ended[life] += 1

    def _life(self, signed_at: datetime | None, expire_date: datetime) -> tuple[int, int]:
        """Tell when a row was signed, and when it ended; in whole days, where that is long ago."""
        signed = _NEVER if signed_at is None else max(self._earliest, _quarter(signed_at))
        ended = max(self._earliest, _quarter(expire_date))
        if self._present - ended < _LONG_AGO:
            return signed, ended
        return signed if signed == _NEVER else signed // _DAY * _DAY, -(-ended // _DAY) * _DAY

    def gaps(self) -> list[Gap]:
        """List the times in which nothing was signed, the last of which may last until now."""
        begins = [_NEVER, *sorted(self._signed)]
        ends = [*begins[1:], max(self._present, begins[-1])]
        gaps = (Gap(begin, end) for begin, end in zip(begins, ends, strict=True))
        return [gap for gap in gaps if gap.length > _QUIET]

    def doubtful(self) -> tuple[int, Gap | None]:
        """Count the rows that have ended only if the clock did not jump; tell the longest gap."""
        gaps = self.gaps()
        begins = [gap.begin for gap in gaps]
        number, longest = 0, None
        for (signed, ended), rows_alike in self._ended.items():
            # While the row lived: before that its own signature vouches for the clock.
            within = gaps[bisect_left(begins, signed) : bisect_right(begins, ended)]
            gap = max(within, key=lambda gap: gap.length, default=None)
            if gap is not None and gap.length >= self._present - ended:
                number += rows_alike
                longest = gap if longest is None or gap.length > longest.length else longest
        return number, longest


_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def _quarter(moment: datetime) -> int:
    return max(0, (moment - _EPOCH) // _QUARTER)


def clock_findings(clock: Clock, total: int) -> Iterator[Finding]:
    """Tell what speaks against the clock here, or against another one.

    :param total: how many rows there are.
    """
    if clock.future:
        yield _future(clock)
    if clock.database_now is not None and abs(clock.database_now - clock.now) > TOLERANCE:
        yield _dispute(clock, clock.database_now)
    number, gap = clock.doubtful()
    if gap is not None and number * 2 >= total and not clock.disputed:
        yield _jump(clock, gap)


def _future(clock: Clock) -> Finding:
    assert clock.last_future is not None
    return Finding(
        "wrong",
        f"{count(clock.future, 'row was', 'rows were')} signed later than now, the last at"
        f" {at(clock.last_future)}: the clock here, at {at(clock.now)}, is slow, or the clock of"
        " the machine that signed is fast.",
        _COMPARE,
    )


def _dispute(clock: Clock, database_now: datetime) -> Finding:
    said = f"The clock here says {at(clock.now)}, and the database's clock says {at(database_now)}"
    if not clock.disputed:
        return Finding("note", f"{said}.", _COMPARE)
    return Finding(
        "wrong",
        f"{said}: {rows(clock.disputed)} that {'has' if clock.disputed == 1 else 'have'} expired by"
        " the clock here may belong to visitors who are still active.",
        _COMPARE,
    )


def _jump(clock: Clock, gap: Gap) -> Finding:
    if gap.begin == _NEVER:
        text = "Some expired rows do not show when they were signed, or whether the clock is right"
    elif gap.end >= _quarter(clock.now):
        text = (
            f"No row was signed since {_told(gap.begin)}: either no visitor came, or the clock here"
            " is fast"
        )
    else:
        text = (
            f"No row was signed between {_told(gap.begin)} and {_told(gap.end)}: either no visitor"
            " came, or the clock here was put forward"
        )
    return Finding("note", f"{text}. It says {at(clock.now)}.", _COMPARE)


def _told(quarter: int) -> str:
    return at(_EPOCH + quarter * _QUARTER)


_COMPARE = (
    "Compare what 'date -u' says here, on Django's machine and on the database's with the real"
    " time. Until then, remove nothing."
)
