"""The statements on the index: entries made, found, compared with the rows, and removed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from ..ddl import has_table
from ..engine import AutocommitEngine
from ..raw import any_text, as_parameter, is_among, is_utf8
from ..statements import Statement
from ..table import max_key_length
from . import table as making
from .entry import COLUMNS, Entry
from .table import index_table
from .writing import Writing, writing

#: keys to a statement
_KEYS_AT_A_TIME = 500
#: entries that are compared with the rows by one statement
_COMPARED_AT_A_TIME = 10_000
#: where a look at all rows leaves its time: a row of the sessions has a key of 8 characters
LOOK_KEY = "look"


Span = tuple[datetime, datetime]


class Entries:
    """The index beside a table of sessions.

    :param engine: runs the statements.
    :param sessions: the table, as its :class:`.Store` has it.
    """

    def __init__(self, engine: AutocommitEngine, sessions: sa.Table) -> None:
        self.engine = engine
        self.sessions = sessions
        self.table = index_table(sessions)

    def exists(self) -> bool:
        """Return whether the table is in the database."""
        return has_table(self.engine, self.table)

    def create(self) -> bool:
        """Make the table unless it is there, and return whether it was made."""
        return making.create(self.engine, self.sessions)

    def drop(self) -> bool:
        """Remove the table, and return whether it was there."""
        return making.drop(self.engine, self.table)

    # One entry

    def enter(self, entry: Entry) -> None:
        """Make an entry, or another one in its place."""
        self._writing.enter(entry)

    def move(self, session_key: str, new_key: str) -> None:
        """Give an entry another key; where another process has made one of that, leave both."""
        key = self.table.c.session_key
        with suppress(sa.exc.IntegrityError):
            change = sa.update(self.table).where(key == session_key).values(session_key=new_key)
            self.engine.write(Statement(change), {}, table=self.table.name)

    def looked_at(self) -> Entry | None:
        """Return what the last look at all rows has left."""
        return next(iter(self._select(self.table.c.session_key == LOOK_KEY)), None)

    # Many of them

    def add(self, entries: Iterable[Entry]) -> Iterator[int]:
        """Make entries, and yield after each statement how many.

        Those that another process has made meanwhile stay as they are. What the table cannot hold
        is left out: keys of other programs, which may be anything.
        """
        length = max_key_length(self.table)
        rest = (entry for entry in entries if is_storable_text(entry.session_key, length))
        while piece := [*islice(rest, self._writing.at_a_time)]:
            self._writing.add(piece)
            yield len(piece)

    def of_user(self, user_id: str) -> list[Entry]:
        """Return the entries of a user, whose rows may be gone."""
        return self._select(self.table.c.user_id == user_id)

    def of_keys(self, keys: Sequence[str]) -> dict[str, Entry]:
        """Return the entries of some keys, by these."""
        found: list[Entry] = []
        for these in _pieces(keys):
            found += self._select(self._is_one_of(these))
        return {entry.session_key: entry for entry in found}

    def remove(self, keys: Collection[str]) -> int:
        """Remove the entries of these keys, and return how many there were."""
        number = 0
        for these in _pieces([*keys]):
            removal = Statement(sa.delete(self.table).where(self._is_one_of(these)))
            number += self.engine.write(removal, {}, table=self.table.name)
        return number

    def remove_users_but(self, prefix: str, kept: str) -> int:
        """Remove the entries whose user begins with *prefix*, but for those of the user *kept*.

        :returns: how many there were.
        """
        user_id = self.table.c.user_id
        others = sa.and_(user_id.startswith(prefix, autoescape=True), user_id != kept)
        return self.remove([entry.session_key for entry in self._select(others)])

    def count(self, user_id: str) -> int:
        """Count the rows that have an entry of this user."""
        key = self.table.c.session_key
        joined = self.table.join(self.sessions, self.sessions.c.session_key == key)
        query = sa.select(sa.func.count()).select_from(joined)
        return int(self._fetch(query.where(self.table.c.user_id == user_id), {})[0][0])

    # Compared with the rows

    def unknown(self, *, limit: int, above: str | None = None) -> list[Any]:
        """Return the keys of rows that have no entry, in their order.

        :param above: only keys that come after this one.
        """
        key, other = self.sessions.c.session_key, self.table.c.session_key
        # Not NOT EXISTS, for which MariaDB would list all entries first.
        joined = self.sessions.outerjoin(self.table, other == key)
        query = sa.select(key).select_from(joined).where(other.is_(None), key.is_not(None))
        if above is not None:
            query = query.where(key > as_parameter(above))
        return [found for (found,) in self._fetch(query.order_by(key).limit(limit), {})]

    def keys_within(self, ends: Sequence[Span], *, limit: int) -> list[Any]:
        """Return the keys of rows that end within one of these spans of time (aware), in no order.

        Not joined with the entries: a database would rather read all of these.
        """
        key, values = self.sessions.c.session_key, dict[str, Any]()
        query = sa.select(key).where(key.is_not(None), self._within(ends, values))
        return [found for (found,) in self._fetch(query.limit(limit), values)]

    def without_entry(self, keys: Sequence[Any]) -> list[Any]:
        """Return those of *keys* that have no entry."""
        column, known = self.table.c.session_key, set[Any]()
        for these in _pieces(keys):
            query = sa.select(column).where(self._is_one_of(these))
            known.update(found for (found,) in self._fetch(query, {}))
        return [key for key in keys if key not in known]

    def clear_gone(self) -> Iterator[int]:
        """Remove the entries of rows that are gone, and yield how many each time."""
        above = ""
        while True:
            until = self._entry_after(above, _COMPARED_AT_A_TIME)
            yield self.remove(self._gone(above, until))
            if until is None:
                return
            above = until

    def _gone(self, above: str, until: str | None) -> list[str]:
        """List the keys between two bounds that have an entry and no row."""
        key, other = self.sessions.c.session_key, self.table.c.session_key
        joined = self.table.outerjoin(self.sessions, other == key)
        query = sa.select(other).select_from(joined).where(key.is_(None), other != LOOK_KEY)
        query = query.where(other > above)
        if until is not None:
            query = query.where(other <= until)
        return [found for (found,) in self._fetch(query, {})]

    def _entry_after(self, above: str, others: int) -> str | None:
        key = self.table.c.session_key
        query = sa.select(key).where(key > above).order_by(key).limit(1).offset(others - 1)
        return next((found for (found,) in self._fetch(query, {})), None)

    def _within(self, ends: Sequence[Span], values: dict[str, Any]) -> Any:
        expire_date = self.sessions.c.expire_date
        spans = []
        for number, span in enumerate(ends):
            first, last = (
                bindparam(f"end_{number}_{side}", type_=expire_date.type) for side in (0, 1)
            )
            values |= {f"end_{number}_{side}": moment for side, moment in enumerate(span)}
            spans.append(expire_date.between(first, last))
        return sa.or_(*spans)

    # How they are written and read

    @cached_property
    def _writing(self) -> Writing:
        return writing(self.engine, self.table)

    def _is_one_of(self, keys: Sequence[str]) -> Any:
        values = [as_parameter(key) for key in keys]
        return is_among(self.table.c.session_key, values, self.engine.app_engine.dialect)

    def _select(self, condition: Any) -> list[Entry]:
        query = sa.select(*(self.table.c[name] for name in COLUMNS)).where(condition)
        return [
            Entry(key, user_id, created, bool(is_seen), address, agent)
            for key, user_id, created, is_seen, address, agent in self._fetch(query, {})
        ]

    def _fetch(self, query: sa.Select[Any], values: Mapping[str, Any]) -> Any:
        with self.engine.connect() as connection, any_text(connection):
            return connection.execute(query, values).all()


def is_storable_text(key: object, length: int) -> bool:
    """Return whether every database takes *key* for a text, and keeps all of it."""
    is_text = isinstance(key, str) and "\0" not in key and is_utf8(key)
    return is_text and len(key) <= length and key != LOOK_KEY  # type: ignore[arg-type]


def _pieces(keys: Sequence[str]) -> Iterator[list[str]]:
    rest = iter(keys)
    while piece := [*islice(rest, _KEYS_AT_A_TIME)]:
        yield piece
