"""What a walk through the table counts; no larger after a million rows than after ten."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from ..wire import Reading, expiry
from .clock import Clock
from .moved import Dates
from .newest import Newest
from .reader import RowReading

#: how many keys and names are told as examples
EXAMPLES = 5
_KEY_SHOWN = 6
_NAME_SHOWN = 100


class Row(NamedTuple):
    """What the census asks of a row besides its text."""

    #: None where the table lets a row have no key
    session_key: str | None
    #: aware; None where the column holds no date
    expire_date: datetime | None


@dataclass
class Span:
    """The first and the last of some moments."""

    first: datetime | None = None
    last: datetime | None = None

    def add(self, moment: datetime | None) -> None:
        """Take *moment* in."""
        if moment is None:
            return
        if self.first is None or moment < self.first:
            self.first = moment
        if self.last is None or moment > self.last:
            self.last = moment


@dataclass
class Kept:
    """A number of rows, and the beginnings of some of their keys."""

    number: int = 0
    keys: list[str] = field(default_factory=list)

    def add(self, session_key: object) -> None:
        """Take a row in."""
        self.number += 1
        if len(self.keys) < EXAMPLES:
            self.keys.append(f"{str(session_key)[:_KEY_SHOWN]}…")

    def examples(self) -> str:
        """Tell the keys, and how many there are besides."""
        more = self.number - len(self.keys)
        return ", ".join(self.keys) + (f" and {more:,} more" if more else "")


@dataclass
class Census:
    """Counts rows.

    :param clock: knows what has expired, and learns when rows were signed.
    :param dates: learns how the dates of the rows fit their signatures.
    """

    clock: Clock
    dates: Dates
    total: int = 0
    expired: int = 0
    compressed: int = 0
    keyless: int = 0
    undated: Kept = field(default_factory=Kept)
    corrupted: Kept = field(default_factory=Kept)
    #: verified, and of no serializer that is known
    unread: Kept = field(default_factory=Kept)
    #: verified, and larger than a row may be here
    too_large: Kept = field(default_factory=Kept)
    #: so large that nobody has looked at them
    unfetched: Kept = field(default_factory=Kept)
    #: verified rows by the key's index
    verified: Counter[int] = field(default_factory=Counter)
    forms: Counter[str] = field(default_factory=Counter)
    #: rows that none of the keys signed, by form
    unverified: Counter[str] = field(default_factory=Counter)
    #: rows whose serializer is not the app's, by the serializer that read them
    misfits: Counter[str] = field(default_factory=Counter)
    #: when the last of these was signed; None where one of them does not tell
    last_misfit: dict[str, datetime | None] = field(default_factory=dict)
    #: whether the rows that were signed last are misfits
    newest_misfits: Newest[bool] = field(default_factory=Newest)
    refused: int = 0
    refused_names: set[str] = field(default_factory=set)
    #: when rows were signed: those of SECRET_KEY, of any of the keys, of none of them
    by_current: Span = field(default_factory=Span)
    by_any: Span = field(default_factory=Span)
    by_none: Span = field(default_factory=Span)
    #: the latest writing of each form, as reckoned from ``expire_date``
    written: dict[str, Span] = field(default_factory=lambda: {"signed": Span(), "legacy": Span()})

    def add(self, row: Row, read: RowReading) -> None:
        """Take a row in."""
        self.total += 1
        self.keyless += row.session_key is None
        self._add_times(row, read)
        if read.form is not None:
            self.forms[read.form] += 1
        if read.key_index is not None:
            self._add_verified(read, read.key_index)
        if read.reading is not None:
            self._add_reading(row, read)
        elif read.state == "unverified":
            self.unverified[read.form or ""] += 1
            self.by_none.add(read.signed_at)
        elif read.state == "refused":
            self._add_refused(read.global_name)
        else:
            self._kept(read).add(row.session_key)

    def _kept(self, read: RowReading) -> Kept:
        if read.state == "unread":
            return self.too_large if read.is_too_large else self.unread
        return self.unfetched if read.state == "unfetched" else self.corrupted

    def _add_times(self, row: Row, read: RowReading) -> None:
        signed_at, expire_date = read.signed_at, row.expire_date
        if signed_at is not None:
            self.clock.add_signing(signed_at, verified=read.key_index is not None)
        if expire_date is None:
            self.undated.add(row.session_key)
        elif expire_date <= self.clock.now:
            self.expired += 1
            # What nobody has verified vouches for nothing.
            is_verified = read.key_index is not None
            self.clock.add_expired(signed_at if is_verified else None, expire_date)

    def _add_verified(self, read: RowReading, key_index: int) -> None:
        self.verified[key_index] += 1
        self.by_any.add(read.signed_at)
        if key_index == 0:
            self.by_current.add(read.signed_at)

    def _add_reading(self, row: Row, read: RowReading) -> None:
        reading = read.reading
        assert reading is not None
        self.compressed += reading.compressed
        self._add_fit(reading, is_misfit=read.state == "misfit")
        if row.expire_date is not None:
            own = reading.data.get("_session_expiry")
            self.dates.add(reading.signed_at, row.expire_date, own)
            self._add_written(reading.form, row.expire_date, own)

    def _add_fit(self, reading: Reading, *, is_misfit: bool) -> None:
        name, signed_at = reading.serializer, reading.signed_at
        if signed_at is not None:
            self.newest_misfits.add(signed_at, is_misfit)
        if is_misfit:
            self.misfits[name] += 1
            last = self.last_misfit.get(name, signed_at)
            if last is not None:
                last = None if signed_at is None else max(last, signed_at)
            self.last_misfit[name] = last

    def _add_written(self, form: str, expire_date: datetime, own: expiry.Expiry) -> None:
        # The old form has no time in it; so both forms are reckoned alike, to be compared.
        if own is not None:
            return
        try:
            written = expire_date - self.dates.age
        except OverflowError:  # in the first days of the year 1
            return
        self.written[form].add(written)

    def _add_refused(self, name: str) -> None:
        self.refused += 1
        if len(self.refused_names) < EXAMPLES:
            self.refused_names.add(name[:_NAME_SHOWN])
