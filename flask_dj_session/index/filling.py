"""All rows, compared with the index one after the other: to fill it, and to find what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..presentation.read_rows import ReadRow
from ..store import Store
from ..store.index import Entries, Entry
from .by_index import ByIndex
from .looking import new_entries
from .reading import RowReader

PAGE_SIZE = 500

Advance = Callable[[int], object]


@dataclass
class Filled:
    """What was done, also where it is interrupted."""

    #: rows that had no entry
    entered: int = 0
    #: entries that said something else than their rows
    mended: int = 0
    #: entries whose rows are gone
    removed: int = 0


class Filling:
    """Goes through the table; nobody waits for it.

    :param store: the rows.
    :param entries: the index.
    :param by_index: what notes that all rows were compared.
    """

    def __init__(self, store: Store, entries: Entries, by_index: ByIndex) -> None:
        self._store = store
        self._entries = entries
        self._by_index = by_index
        self.done = Filled()

    def fill(self, reader: RowReader, advance: Advance, *, verifies: bool) -> None:
        """Make an entry for each row, and remove those of rows that are gone.

        :param verifies: whether the entries that are there are compared with their rows.
        """
        ages: set[int] = set()
        new = self._new(reader, advance, verifies=verifies)
        for number in self._entries.add(new_entries(new, reader, ages)):
            self.done.entered += number
        self._by_index.note_all(reader, ages)
        self.clear_gone()

    def _new(self, reader: RowReader, advance: Advance, *, verifies: bool) -> Iterator[ReadRow]:
        """Yield the rows that have no entry, or none that is right."""
        for page in self._store.pages(size=PAGE_SIZE):
            rows = [reader.read(stored) for stored in page]
            there = self._entries.of_keys([row.stored.session_key for row in rows])
            if verifies:
                self._mend(rows, there, reader)
            yield from (row for row in rows if row.stored.session_key not in there)
            advance(len(page))

    def update(self, reader: RowReader, cookie_age: float) -> None:
        """Do the same where that was done before: only keys are compared, and new rows read."""
        self.done.entered = self._by_index.look(reader, cookie_age, exactly=True)
        self.clear_gone()

    def clear_gone(self) -> None:
        """Remove the entries of rows that are gone."""
        for number in self._entries.clear_gone():
            self.done.removed += number

    def _mend(self, rows: list[ReadRow], there: dict[str, Entry], reader: RowReader) -> None:
        """Remove the entries that say something else than their rows, also from what is *there*."""
        for row in rows:
            key = row.stored.session_key
            if key in there and there[key].user_id != reader.written_user_id(row):
                self._entries.remove([key])
                del there[key]
                self.done.mended += 1
