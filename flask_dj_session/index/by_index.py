"""A user's sessions, found by the index beside the table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import sqlalchemy as sa

from ..errors import DatabaseHeldError
from ..presentation.read_rows import ReadRow
from ..store import Store
from ..store.index import Entries, Entry
from . import user_ids
from .found import Found
from .looking import Looking
from .reading import RowReader

#: what is raised where the database refuses to be written
REFUSALS = (sa.exc.DBAPIError, DatabaseHeldError)


class ByIndex:
    """Asks the index, once it knows the new rows.

    :param store: the rows.
    :param entries: the index.
    """

    def __init__(self, store: Store, entries: Entries) -> None:
        self._store = store
        self._entries = entries
        self._looking = Looking(store, entries)
        self._cleared_of: str | None = None

    def of_user(
        self, user_id: str, reader: RowReader, cookie_age: float, *, exactly: bool
    ) -> Iterator[list[Found]]:
        """Yield the rows of a user, expired ones too, some at a time.

        :param exactly: whether a row of an unusual age that is new must be among them.
        """
        self.look(reader, cookie_age, exactly=exactly)
        entries = {one.session_key: one for one in self._entries.of_user(user_ids.written(user_id))}
        left = set(entries)
        for page in self._store.rows_of([*entries]):
            rows = [row for stored in page if (row := reader.read(stored)).user_id == user_id]
            left.difference_update(row.stored.session_key for row in rows)
            yield [_found(row, entries[row.stored.session_key]) for row in rows]
        # Their rows are gone, or are another's by now: the latter are found anew.
        with suppress(*REFUSALS):  # they do no harm until the next time
            self._entries.remove(left)

    def look(self, reader: RowReader, cookie_age: float, *, exactly: bool) -> int:
        """Enter what is new, and return how many entries were made."""
        if self._cleared_of != reader.unreadable:
            # What could not be read with other keys than those of today may be a user's.
            kept = reader.unreadable
            exactly |= self._entries.remove_users_but(user_ids.UNREADABLE, kept) > 0
            self._cleared_of = kept
        return self._looking.look(reader, cookie_age, exactly=exactly)

    def unreadable(self, reader: RowReader) -> int:
        """Count the rows of which nobody knows whose they are."""
        return self._entries.count(reader.unreadable)

    def note_all(self, reader: RowReader, ages: set[int]) -> None:
        """Note that all rows have been compared."""
        self._looking.note_all(reader, ages)


def _found(row: ReadRow, entry: Entry) -> Found:
    return Found(row, entry.created, entry.is_login_seen, entry.address, entry.user_agent)
