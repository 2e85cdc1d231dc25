"""What a walk through the table counts; no larger after a million rows than after ten."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from ..wire import expiry
from .deviations import Deviations
from .reader import Verdict

#: how many keys and names are told as examples
EXAMPLES = 5
_KEY_SHOWN = 6


class Row(NamedTuple):
    """What the census asks of a row besides its text."""

    session_key: str
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
class Census:
    """Counts rows.

    :param now: aware; what ends before it has expired.
    :param deviations: learns how the dates of the rows fit their signatures.
    """

    now: datetime
    deviations: Deviations
    total: int = 0
    expired: int = 0
    undated: int = 0
    corrupted: int = 0
    compressed: int = 0
    #: verified rows by the key's index
    verified: Counter[int] = field(default_factory=Counter)
    forms: Counter[str] = field(default_factory=Counter)
    #: rows that none of the keys signed, by form
    unverified: Counter[str] = field(default_factory=Counter)
    #: rows whose serializer is not the app's, by the serializer that read them
    misfits: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    refused_names: set[str] = field(default_factory=set)
    corrupted_keys: list[str] = field(default_factory=list)
    undated_keys: list[str] = field(default_factory=list)
    #: when rows were signed: those of SECRET_KEY, of any of the keys, of none of them
    by_current: Span = field(default_factory=Span)
    by_any: Span = field(default_factory=Span)
    by_none: Span = field(default_factory=Span)
    #: the latest writing of each form, as reckoned from ``expire_date``
    written: dict[str, Span] = field(default_factory=lambda: {"signed": Span(), "legacy": Span()})

    def add(self, row: Row, verdict: Verdict) -> None:
        """Take a row in."""
        self.total += 1
        if row.expire_date is None:
            self.undated += 1
            _add_example(self.undated_keys, row.session_key)
        elif row.expire_date <= self.now:
            self.expired += 1
        if verdict.form is not None:
            self.forms[verdict.form] += 1
        if verdict.reading is not None:
            self._add_reading(row, verdict)
        elif verdict.state == "unverified":
            self.unverified[verdict.form or ""] += 1
            self.by_none.add(verdict.signed_at)
        elif verdict.state == "refused":
            self._add_refused(verdict.global_name)
        else:
            self.corrupted += 1
            _add_example(self.corrupted_keys, row.session_key)

    def _add_reading(self, row: Row, verdict: Verdict) -> None:
        reading = verdict.reading
        assert reading is not None
        self.verified[reading.key_index] += 1
        self.compressed += reading.compressed
        if verdict.state == "misfit":
            self.misfits[reading.serializer] += 1
        self.by_any.add(reading.signed_at)
        if reading.key_index == 0:
            self.by_current.add(reading.signed_at)
        if row.expire_date is not None:
            own = reading.data.get("_session_expiry")
            self.deviations.add(reading.signed_at, row.expire_date, own)
            self._add_written(reading.form, row.expire_date, own)

    def _add_written(self, form: str, expire_date: datetime, own: expiry.Expiry) -> None:
        # The old form has no time in it; so both forms are reckoned alike, to be compared.
        if own is None:
            age = timedelta(seconds=self.deviations.cookie_age)
            self.written[form].add(expire_date - age)

    def _add_refused(self, name: str) -> None:
        self.refused += 1
        if len(self.refused_names) < EXAMPLES:
            self.refused_names.add(name)


def _add_example(keys: list[str], session_key: str) -> None:
    if len(keys) < EXAMPLES:
        keys.append(f"{str(session_key)[:_KEY_SHOWN]}…")
