"""How entries are put into the index, in one statement or a few, on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.dialects import mysql, postgresql, sqlite

from ..engine import AutocommitEngine
from ..statements import Statement
from ..table import DjangoDateTime
from .entry import COLUMNS, Entry


class Writing:
    """Puts entries into the index, with a parameter for each value.

    :param engine: runs the statements.
    :param table: the index.
    """

    #: entries to a statement; SQLite may have been made for 999 parameters
    at_a_time = 150

    def __init__(self, engine: AutocommitEngine, table: sa.Table) -> None:
        self._engine = engine
        self._table = table

    def enter(self, entry: Entry) -> None:
        """Put an entry there, or another one in its place."""
        self._write(self._entering, _by_row([entry]))

    def add(self, entries: Sequence[Entry]) -> None:
        """Put *entries* there, at most :attr:`at_a_time`; those that are there stay as they are."""
        is_full = len(entries) == self.at_a_time
        addition = self._adding if is_full else self._inserting(len(entries), replaces=False)
        self._write(addition, _by_row(entries))

    def _write(self, statement: Statement, values: dict[str, Any]) -> None:
        self._engine.write(statement, values, table=self._table.name)

    @cached_property
    def _entering(self) -> Statement:
        return self._inserting(1, replaces=True)

    @cached_property
    def _adding(self) -> Statement:
        return self._inserting(self.at_a_time, replaces=False)

    def _inserting(self, number: int, *, replaces: bool) -> Statement:
        rows: list[dict[str, Any]] = [
            {name: bindparam(f"{name}_{row}") for name in COLUMNS} for row in range(number)
        ]
        dates = tuple(f"created_{row}" for row in range(number))
        core = _inserting(self._engine.app_engine.dialect, self._table, rows, replaces=replaces)
        columns = self._table.c
        types = [columns[name].type for name in COLUMNS if name != "created"]
        assert isinstance(columns.created.type, DjangoDateTime)
        return Statement(core, dates=dates, date_type=columns.created.type, types=types)


class WritingByColumn(Writing):
    """Puts many entries into the index of PostgreSQL, with an array for each column.

    A driver that takes hundreds of values apart is slower than the statement.
    """

    at_a_time = 1000

    def add(self, entries: Sequence[Entry]) -> None:
        """Put *entries* there; those that are there stay as they are."""
        columns = zip(*map(_values, entries), strict=True)
        self._write(self._adding, dict(zip(COLUMNS, map(list, columns), strict=True)))

    @cached_property
    def _adding(self) -> Statement:
        types = {name: self._table.c[name].type for name in COLUMNS}
        arrays = (bindparam(name, type_=postgresql.ARRAY(types[name])) for name in COLUMNS)
        columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in COLUMNS]
        rows = sa.func.unnest(*arrays).table_valued(*columns).render_derived()
        insert = postgresql.insert(self._table).from_select(COLUMNS, sa.select(*rows.c))
        return Statement(insert.on_conflict_do_nothing(index_elements=["session_key"]))


def writing(engine: AutocommitEngine, table: sa.Table) -> Writing:
    """Return what puts entries into the index *table*."""
    is_postgresql = engine.app_engine.dialect.name == "postgresql"
    return (WritingByColumn if is_postgresql else Writing)(engine, table)


def _inserting(
    dialect: sa.Dialect, table: sa.Table, rows: list[dict[str, Any]], *, replaces: bool
) -> Any:
    """Return the statement that adds *rows*, on a database where some may be there already."""
    changed = [name for name in COLUMNS if name != "session_key"] if replaces else []
    if dialect.name in ("mysql", "mariadb"):
        into = mysql.insert(table).values(rows)
        if not changed:
            return into.on_duplicate_key_update(session_key=table.c.session_key)
        return into.on_duplicate_key_update({name: into.inserted[name] for name in changed})
    insert: Any = sqlite.insert if dialect.name == "sqlite" else postgresql.insert
    upsert: Any = insert(table).values(rows)
    keys = [table.c.session_key]
    if not changed:
        return upsert.on_conflict_do_nothing(index_elements=keys)
    new = {name: upsert.excluded[name] for name in changed}
    return upsert.on_conflict_do_update(index_elements=keys, set_=new)


def _by_row(entries: Sequence[Entry]) -> dict[str, Any]:
    return {
        f"{name}_{row}": value
        for row, entry in enumerate(entries)
        for name, value in zip(COLUMNS, _values(entry), strict=True)
    }


def _values(entry: Entry) -> Iterator[Any]:
    return (int(value) if isinstance(value, bool) else value for value in entry)
