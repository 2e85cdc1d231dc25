"""Every row of the table, a page at a time by key; and no more of them in memory than a page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from .engine import AutocommitEngine

#: rows to a statement
PAGE_SIZE = 1000


class StoredRow(NamedTuple):
    """A row as it stands in the table."""

    session_key: str
    #: text; anything at all where something else than Django wrote it
    session_data: Any
    #: aware; None where the column holds no date
    expire_date: datetime | None


def count_rows(engine: AutocommitEngine, table: sa.Table) -> int:
    """Count the rows, expired ones too."""
    return int(engine.read(sa.select(sa.func.count()).select_from(table), {}))


def pages(
    engine: AutocommitEngine, table: sa.Table, *, page_size: int = PAGE_SIZE
) -> Iterator[list[StoredRow]]:
    """Read the rows in the order of their keys, *page_size* at a time.

    Each page is a statement of its own, so nothing is held open meanwhile: a row that is
    added behind the present page is seen, one before it is not.
    """
    columns = table.c
    # As it is, since one row with a date that is none must not end it.
    raw_date = sa.type_coerce(columns.expire_date, sa.types.NullType())
    query = sa.select(columns.session_key, columns.session_data, raw_date)
    first = query.order_by(columns.session_key).limit(page_size)
    later = first.where(columns.session_key > sa.bindparam("last"))
    statement = first
    values: dict[str, Any] = {}
    while True:
        with engine.connect() as connection:
            rows = connection.execute(statement, values).all()
        if rows:
            yield [StoredRow(key, text, _aware(date, columns)) for key, text, date in rows]
        if len(rows) < page_size:
            return
        statement, values = later, {"last": rows[-1][0]}


def _aware(value: Any, columns: Any) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    if value.tzinfo is not None:
        return value
    date: datetime | None = columns.expire_date.type.process_result_value(value, None)
    return date
