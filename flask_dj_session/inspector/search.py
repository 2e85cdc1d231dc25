"""Looking for sessions: a page of them, found at a cost that does not grow with the table.

Rows are read in the order of their keys, from where the last page ended. Who is logged in, and in
what state a row is, stands in no index; so a page that looks for these reads a bounded number of
rows, and what it has not reached it leaves to the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from ..presentation.read_rows import ReadRow, read
from ..store import StoredRow
from ..wire import SessionCodec

#: sessions to a page
PAGE_SIZE = 25
#: how many rows a page may read to find them
ROWS_READ = 2000
#: how many characters of texts a page may read, but for its last query
CHARACTERS_READ = 8_000_000
#: rows to a query of a page that looks for some of them
ROWS_OF_QUERY = 200

STATES = ("live", "expired", "unreadable")
FORMS = ("signed", "legacy")


def state_of(row: ReadRow, now: datetime) -> str:
    """Tell which of the states a row is in."""
    if row.reading is None:
        return "unreadable"
    return "expired" if row.stored.has_expired(now) else "live"


@dataclass(frozen=True)
class Search:
    """What is looked for; an empty text stands for anything."""

    #: the id or the name of a user
    user: str
    state: str
    form: str
    #: the id of the user who is called so, where there is one
    named: str | None = None

    @property
    def is_narrow(self) -> bool:
        """Whether there may be rows that are not looked for."""
        return bool(self.user or self.state or self.form)

    def finds(self, row: ReadRow, now: datetime) -> bool:
        """Return whether a row is among what is looked for."""
        return (
            (not self.user or row.user_id in (self.user, self.named or self.user))
            and self.state in ("", state_of(row, now))
            and (not self.form or (row.reading is not None and row.reading.form == self.form))
        )


@dataclass
class Found:
    """A page of sessions, and where it begins and ends."""

    rows: list[ReadRow] = field(default_factory=list)
    #: how many rows were read for it
    examined: int = 0
    #: the keys of the first and the last of them, in the order of the keys
    first: Any = None
    last: Any = None
    #: whether rows are left in the direction of the search
    is_cut: bool = False


class Pages(Protocol):
    """Rows in the order of their keys; :class:`.Store` has all of them."""

    def page(self, *, size: int, above: Any = None, below: Any = None) -> list[StoredRow]:
        """Return the next rows above a key, or the last ones below one."""


class Reader:
    """Reads pages.

    :param store: the rows, or those of them that may be looked for.
    :param codec: reads the rows.
    :param now: aware; what has ended by then has expired.
    """

    def __init__(self, store: Pages, codec: SessionCodec, now: datetime) -> None:
        self._store = store
        self._codec = codec
        self._now = now

    def page(self, search: Search, *, above: Any = None, below: Any = None) -> Found:
        """Return the page of *search* that follows a key, or comes before one."""
        backwards: Literal[True, False] = below is not None
        found = Found()
        for stored, is_more in self._stored(search, backwards, below if backwards else above):
            found.examined += 1
            found.last = stored.session_key
            if found.first is None:
                found.first = stored.session_key
            row = read(stored, self._codec)
            if search.finds(row, self._now):
                found.rows.append(row.without_data())
            found.is_cut = is_more
            if len(found.rows) == PAGE_SIZE:
                break
        if backwards:
            found.rows.reverse()
            found.first, found.last = found.last, found.first
        return found

    def _stored(
        self, search: Search, backwards: bool, start: Any
    ) -> Iterator[tuple[StoredRow, bool]]:
        """Yield rows in the direction of the search, and whether others follow."""
        size = ROWS_OF_QUERY if search.is_narrow else PAGE_SIZE
        characters = rows = 0
        while rows < ROWS_READ and characters < CHARACTERS_READ:
            chunk = self._chunk(size + 1, backwards, start)
            shown = chunk[:size]
            if not shown:
                return
            start = shown[-1].session_key
            # Long texts cut a chunk short, so that it need not be the end.
            is_more = len(chunk) > size or bool(self._chunk(1, backwards, start))
            for number, stored in enumerate(shown, 1):
                characters += stored.size
                yield stored, number < len(shown) or is_more
            rows += len(shown)
            if not is_more:
                return

    def _chunk(self, size: int, backwards: bool, start: Any) -> list[StoredRow]:
        if backwards:
            return self._store.page(size=size, below=start)[::-1]
        return self._store.page(size=size, above=start)
