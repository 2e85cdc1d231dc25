"""Reading many rows, page by page in the order of their keys; nothing is changed here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import bindparam

from .engine import AutocommitEngine
from .statements import Statement
from .table import datetime_of


class StoredRow(NamedTuple):
    """A row as it is stored, expired or not."""

    session_key: str
    #: text; anything at all where something else than Django wrote it
    session_data: Any
    #: aware; None where the column holds no date
    expire_date: datetime | None
    #: what the column holds in place of a date
    no_date: Any = None

    @property
    def size(self) -> int:
        """How many characters the text has; bytes, where it is none."""
        data = self.session_data
        return len(data if isinstance(data, (str, bytes)) else str(data))

    def has_expired(self, now: datetime) -> bool:
        """Tell whether nobody can read the row any more at *now* (aware), as the database does."""
        if self.expire_date is not None:
            return self.expire_date <= now
        # Numbers come before all texts on SQLite, and bytes after them.
        is_text = isinstance(self.no_date, str)
        return self.no_date <= str(now) if is_text else not isinstance(self.no_date, bytes)


class Outline(NamedTuple):
    """What a row is from the outside: when it ends, and how large it is."""

    #: aware; None where the column holds no date
    expire_date: datetime | None
    #: characters of the text, as the database counts them
    size: int


def page(
    engine: AutocommitEngine,
    table: sa.Table,
    *,
    size: int,
    above: Any = None,
    below: Any = None,
    expired_at: datetime | None = None,
) -> list[StoredRow]:
    """Return up to *size* rows in the order of their keys; the index finds the first of them.

    :param above: only rows whose keys come after this one.
    :param below: only rows whose keys come before this one: the last of those.
    :param expired_at: only rows that have expired at this time (aware).
    """
    columns = table.c
    key = columns.session_key
    query = _rows(table).order_by(key if below is None else key.desc()).limit(size)
    values = {"above": above, "below": below, "now": expired_at}
    given = {name: value for name, value in values.items() if value is not None}
    now = bindparam("now", type_=columns.expire_date.type)
    conditions = {
        "above": key > bindparam("above"),
        "below": key < bindparam("below"),
        "now": columns.expire_date <= now,
    }
    rows = _fetch(engine, table, query.where(*(conditions[name] for name in given)), given)
    return rows if below is None else rows[::-1]


def pages(
    engine: AutocommitEngine, table: sa.Table, *, size: int, expired_at: datetime | None = None
) -> Iterator[list[StoredRow]]:
    """Yield all rows, *size* at a time; each page is a query, and no more is kept in memory.

    A row that is added or removed meanwhile is seen, or is not.

    :param expired_at: only rows that have expired at this time (aware).
    """
    rows = page(engine, table, size=size, expired_at=expired_at)
    while rows:
        yield rows
        if len(rows) < size:
            return
        above = rows[-1].session_key
        rows = page(engine, table, size=size, above=above, expired_at=expired_at)


def row(engine: AutocommitEngine, table: sa.Table, session_key: Any) -> StoredRow | None:
    """Return the row of a key, expired or not; None where there is none."""
    query = _rows(table).where(table.c.session_key == bindparam("key"))
    rows = _fetch(engine, table, query, {"key": session_key})
    # The collations of MySQL heed no case, and no space at the end.
    return next((row for row in rows if row.session_key == session_key), None)


def outlines(engine: AutocommitEngine, table: sa.Table, *, limit: int) -> list[Outline]:
    """Return the outlines of the first *limit* rows in the order of their keys.

    Django draws its keys at random, so these are a fair sample of its rows.
    """
    columns = table.c
    size = sa.func.length(columns.session_data)
    query = sa.select(_raw_date(table), size).order_by(columns.session_key).limit(limit)
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    expire_date: Any = columns.expire_date.type
    return [Outline(_date(raw_date, expire_date), size or 0) for raw_date, size in rows]


def starting_with(engine: AutocommitEngine, table: sa.Table, prefix: str) -> list[StoredRow]:
    """Return the rows whose keys begin with *prefix*; the one that has it for its key, alone."""
    query = _rows(table).where(table.c.session_key.startswith(prefix, autoescape=True))
    # LIKE heeds no case on SQLite, nor in most collations of MySQL.
    rows = [
        row for row in _fetch(engine, table, query, {}) if str(row.session_key).startswith(prefix)
    ]
    return [row for row in rows if row.session_key == prefix] or rows


def count(engine: AutocommitEngine, table: sa.Table, *, expired_before: datetime | None) -> int:
    """Count the rows, or those that have expired before a time (aware)."""
    query = sa.select(sa.func.count()).select_from(table)
    if expired_before is None:
        return int(engine.read(Statement(query), {})[0])
    expire_date = table.c.expire_date
    now = bindparam("now", type_=expire_date.type)
    expired = Statement(query.where(expire_date < now))
    return int(engine.read(expired, {"now": expired_before})[0])


def _rows(table: sa.Table) -> sa.Select[Any]:
    columns = table.c
    return sa.select(columns.session_key, columns.session_data, _raw_date(table))


def _raw_date(table: sa.Table) -> Any:
    """Select the date as it is, since one row with a date that is none must not end a listing."""
    return sa.type_coerce(table.c.expire_date, sa.types.NullType())


def _fetch(
    engine: AutocommitEngine, table: sa.Table, query: sa.Select[Any], values: dict[str, Any]
) -> list[StoredRow]:
    with engine.connect() as connection:
        rows = connection.execute(query, values).all()
    expire_date: Any = table.c.expire_date.type
    return [_stored(key, text, raw_date, expire_date) for key, text, raw_date in rows]


def _stored(key: str, text: Any, raw_date: Any, expire_date: Any) -> StoredRow:
    date = _date(raw_date, expire_date)
    return StoredRow(key, text, date, raw_date if date is None else None)


def _date(raw_date: Any, expire_date: Any) -> datetime | None:
    # To SQLite, bytes are no date, whatever they say.
    moment = datetime_of(raw_date) if isinstance(raw_date, str) else raw_date
    date: datetime | None = expire_date.process_result_value(moment, None)
    return date
