"""Removing expired rows batch by batch; which rows have expired is asked of the database."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from .engine import AutocommitEngine
from .statements import Statement
from .table import ExpireDate

# A batch has more rows than these where that takes no longer than so many seconds. Less would take
# long in all: on SQLite, most of what a batch costs is the same for few rows.
_ROWS = 1000
_MOST_ROWS = 10_000
_SECONDS = 0.04


def clear_expired(
    engine: AutocommitEngine,
    table: sa.Table,
    now: datetime,
    *,
    batch_size: int | None = None,
    pause: float | None = None,
) -> Iterator[int]:
    """Remove the rows that have expired before *now* (aware), and yield how many each time.

    It goes by date and, among equal dates, by key, so that the index on the date leads to the
    expired rows alone. Each batch is a statement of its own, with bounds on both sides: a row
    renewed meanwhile stays, stopping loses nothing, and a row that the database does not give
    away is not tried again.

    :param batch_size: rows in a batch; by default 1000, and up to 10,000 where the database takes
        no longer than some 40 ms for them.
    :param pause: seconds to rest between batches; by default none, but on SQLite, where one
        writer keeps out all others, as long as a batch took, 30 ms at the most.
    """
    statements = _Statements(table, begun=False)
    rows = batch_size or _ROWS
    values: dict[str, Any] = {"now": now}
    while True:
        last = engine.read(statements.last, {**values, "others": rows - 1})
        if last is None:
            yield engine.write(statements.rest, values, table=table.name)
            return
        values.update(until=last[0], last=last[1])
        began = time.monotonic()
        number = engine.write(statements.batch, values, table=table.name)
        took = time.monotonic() - began
        yield number
        if "since" not in values:
            statements = _Statements(table, begun=True)
        values.update(since=last[0], above=last[1])
        if batch_size is None:
            rows = rows_of_next(rows, took)
        time.sleep(_rest(engine, took) if pause is None else pause)


def rows_of_next(rows: int, took: float) -> int:
    """Tell how many rows the next batch is to have, where *rows* took so many seconds."""
    fitting = int(rows * min(2.0, _SECONDS / max(took, 1e-6)))
    return min(max(fitting, _ROWS), _MOST_ROWS)


def _rest(engine: AutocommitEngine, took: float) -> float:
    # Whoever waits for SQLite tries again after some 25 ms, and not in the order of coming.
    return min(took, 0.03) if engine.is_sqlite else 0


class _Statements:
    """What is asked and deleted between two places in the order of date and key.

    :param begun: whether there is a place, ``since`` and ``above``, that rows must come after.
    """

    def __init__(self, table: sa.Table, *, begun: bool) -> None:
        expire_date, key = table.c.expire_date, table.c.session_key
        # As the driver has it: a date that nobody can read must be left behind, too.
        date: Any = sa.type_coerce(expire_date, sa.types.NullType())
        expired = [expire_date < bindparam("now", type_=expire_date.type)]
        if begun:
            expired += _after(date, key)
        in_order = sa.select(date, key).where(*expired).order_by(expire_date, key)
        everything = sa.delete(table).where(*expired)
        others: Any = bindparam("others", type_=sa.Integer())
        #: the query for the row after so many ``others``, the last one of the next batch; there
        #: is none where less are left
        self.last = _statement(table, in_order.limit(1).offset(others))
        #: what deletes up to that row, ``until`` and ``last``
        self.batch = _statement(table, everything.where(*_up_to(date, key)))
        #: what deletes all that is left
        self.rest = _statement(table, everything)


# Two conditions each, since not every database uses an index for pairs.


def _after(date: Any, key: Any) -> list[Any]:
    since: Any = bindparam("since")
    return [date >= since, sa.or_(date > since, key > bindparam("above"))]


def _up_to(date: Any, key: Any) -> list[Any]:
    until: Any = bindparam("until")
    return [date <= until, sa.or_(date < until, key <= bindparam("last"))]


def _statement(table: sa.Table, core: Any) -> Statement:
    date_type = table.c.expire_date.type
    assert isinstance(date_type, ExpireDate)
    return Statement(core, dates=("now",), date_type=date_type)
