"""Looking for rows that the index does not know yet, as Django writes them.

To compare all keys takes a second for some hundred thousand rows. So this is done now and then, and
in between only those rows are compared that may have been written since: by their ``expire_date``,
which Django has an index on. It is the time of the write and the age of the session, and all ages
that sessions of this site have had are noted. A row with an age that none had before, or with a
fixed date, is found when all rows are compared again.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from ..presentation.read_rows import ReadRow
from ..store import Store
from ..store.index import Entries, Entry
from ..store.index.entries import LOOK_KEY, Span
from .reading import RowReader

#: how long a look at all rows is enough, with one at the new ones each time
LOOK_EVERY = timedelta(minutes=15)
#: by how much clocks differ, and how long a transaction of Django's may have been open
_SLACK = timedelta(minutes=5)
#: seconds that a look at all rows may take to be done each time
_QUICK = 0.05
#: keys that are compared at a time
_KEYS = 20_000
#: rows of a span of time beyond which all rows are compared, which takes less memory
_MOST_IN_SPANS = 200_000
#: how many ages of sessions are noted
_MOST_AGES = 8


class Looking:
    """Enters what the index does not know.

    :param store: the rows.
    :param entries: the index.
    """

    def __init__(self, store: Store, entries: Entries) -> None:
        self._store = store
        self._entries = entries
        #: seconds that the last look at all rows took in this process
        self._took = math.inf

    def look(self, reader: RowReader, cookie_age: float, *, exactly: bool) -> int:
        """Enter what is new, and return how many entries were made.

        :param exactly: whether all rows are to be compared, however long it takes.
        """
        last = self._entries.looked_at()
        if last is None or exactly or self._took < _QUICK or not _is_recent(last, reader.now):
            return self._everywhere(reader, last)
        spans = _spans(last.created, reader.now, {cookie_age, *_ages_in(last)})
        keys = self._entries.keys_within(spans, limit=_MOST_IN_SPANS + 1)
        if len(keys) > _MOST_IN_SPANS:
            return self._everywhere(reader, last)
        ages = set[int]()
        number = self._enter(self._entries.without_entry(sorted(keys, key=str)), reader, ages)
        if ages - _ages_in(last).keys():
            self._note(last.created, last, ages, cleared_on=last.address)
        return number

    def note_all(self, reader: RowReader, ages: set[int]) -> None:
        """Note that all rows and all entries have been compared at the time of *reader*.

        :param ages: what the rows say of how long they last, where that is unusual.
        """
        last = self._entries.looked_at()
        self._note(reader.now, last, ages, cleared_on=_day_of(reader.now))

    def _everywhere(self, reader: RowReader, last: Entry | None) -> int:
        began = time.monotonic()
        number, ages = self._enter_all(reader)
        self._took = time.monotonic() - began
        # Where that takes no time, it is done each time, and need not be noted each time.
        if self._took >= _QUICK or last is None or not _is_recent(last, reader.now):
            self._note(reader.now, last, ages, cleared_on=self._clear_gone(reader, last))
        return number

    def _clear_gone(self, reader: RowReader, last: Entry | None) -> str:
        """Remove the entries of rows that are gone, once a day: the rows may go without this app.

        :returns: the day on which that was done.
        """
        today = _day_of(reader.now)
        if last is not None and last.address != today:
            sum(self._entries.clear_gone())
        return today

    def _enter_all(self, reader: RowReader) -> tuple[int, set[int]]:
        number, above, ages = 0, None, set[int]()
        while keys := self._entries.unknown(limit=_KEYS, above=above):
            number += self._enter(keys, reader, ages)
            if len(keys) < _KEYS:
                break
            above = keys[-1]
        return number, ages

    def _enter(self, keys: Sequence[Any], reader: RowReader, ages: set[int]) -> int:
        pages = self._store.rows_of(keys)
        rows = (reader.read(stored) for page in pages for stored in page)
        return sum(self._entries.add(new_entries(rows, reader, ages)))

    def _note(
        self, looked_at: datetime, last: Entry | None, ages: set[int], *, cleared_on: str | None
    ) -> None:
        """Leave for the next look when this one was, and what it has seen."""
        known = [] if last is None else [*_ages_in(last)]
        noted = [*(age for age in known if age not in ages), *sorted(ages)][-_MOST_AGES:]
        text = " ".join(map(str, noted))
        note = Entry(LOOK_KEY, None, looked_at, address=cleared_on, user_agent=text)
        self._entries.enter(note)


def new_entries(rows: Iterable[ReadRow], reader: RowReader, ages: set[int]) -> Iterator[Entry]:
    """Yield the entries of *rows*, and add to *ages* what these say of how long they last."""
    for row in rows:
        if (age := reader.other_age(row)) is not None:
            ages.add(age)
        if (entry := reader.entry_of(row)) is not None:
            yield entry


def _is_recent(last: Entry | None, now: datetime) -> bool:
    return last is not None and timedelta() <= now - last.created < LOOK_EVERY


def _spans(since: datetime, now: datetime, ages: set[float]) -> list[Span]:
    """Return when rows end that were written *since*, by how long they last."""
    spans = []
    for age in ages:
        with suppress(OverflowError):
            lasting = timedelta(seconds=age)
            spans.append((since - _SLACK + lasting, now + _SLACK + lasting))
    return spans


def _day_of(moment: datetime) -> str:
    return moment.date().isoformat()


def _ages_in(note: Entry) -> dict[int, None]:
    """Return the ages that are noted, in their order."""
    return dict.fromkeys(int(text) for text in (note.user_agent or "").split() if text.isdigit())
