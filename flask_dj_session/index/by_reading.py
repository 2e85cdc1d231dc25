"""A user's sessions, found by reading all rows: where nothing else says whose they are."""

from __future__ import annotations

from collections.abc import Iterator

from ..store import Store
from .found import Found
from .reading import RowReader

PAGE_SIZE = 500


class ByReading:
    """Goes through the table, since only the data tells whose a session is.

    :param store: the rows.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def of_user(self, user_id: str, reader: RowReader) -> Iterator[list[Found]]:
        """Yield the rows of a user, expired ones too, some at a time; it may be none."""
        for page in self._store.pages(size=PAGE_SIZE):
            rows = (reader.read(stored) for stored in page)
            yield [Found(row, reader.last_saved(row)) for row in rows if row.user_id == user_id]
