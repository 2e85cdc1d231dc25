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


def pages(
    engine: AutocommitEngine, table: sa.Table, *, size: int, expired_at: datetime | None = None
) -> Iterator[list[StoredRow]]:
    """Yield all rows, *size* at a time; each page is a query, and no more is kept in memory.

    A row that is added or removed meanwhile is seen, or is not.

    :param expired_at: only rows that have expired at this time (aware).
    """
    columns = table.c
    query = _rows(table).order_by(columns.session_key).limit(size)
    values: dict[str, Any] = {}
    if expired_at is not None:
        now = bindparam("now", type_=columns.expire_date.type)
        query, values = query.where(columns.expire_date <= now), {"now": expired_at}
    page = _fetch(engine, table, query, values)
    following = query.where(columns.session_key > bindparam("above"))
    while page:
        yield page
        if len(page) < size:
            return
        page = _fetch(engine, table, following, {**values, "above": page[-1].session_key})


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
        return int(engine.read(Statement(query), {}))
    expire_date = table.c.expire_date
    now = bindparam("now", type_=expire_date.type)
    return int(engine.read(Statement(query.where(expire_date < now)), {"now": expired_before}))


def _rows(table: sa.Table) -> sa.Select[Any]:
    columns = table.c
    # The date as it is, since one row with a date that is none must not end a listing.
    raw_date = sa.type_coerce(columns.expire_date, sa.types.NullType())
    return sa.select(columns.session_key, columns.session_data, raw_date)


def _fetch(
    engine: AutocommitEngine, table: sa.Table, query: sa.Select[Any], values: dict[str, Any]
) -> list[StoredRow]:
    with engine.connect() as connection:
        rows = connection.execute(query, values).all()
    expire_date: Any = table.c.expire_date.type
    return [_stored(key, text, raw_date, expire_date) for key, text, raw_date in rows]


def _stored(key: str, text: Any, raw_date: Any, expire_date: Any) -> StoredRow:
    # To SQLite, bytes are no date, whatever they say.
    moment = datetime_of(raw_date) if isinstance(raw_date, str) else raw_date
    date = expire_date.process_result_value(moment, None)
    return StoredRow(key, text, date, raw_date if date is None else None)
