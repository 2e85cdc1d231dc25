"""Expired rows removed from SQLite, so that each batch changes few pages of the file.

Keys are random. A thousand rows of about the same date lie side by side in the table and in the
index on the date, but on a thousand pages of the index on the keys, and each batch would write
these pages anew. So a longer stretch of rows is taken by date, put in the order of the keys, and
removed piece by piece: then a batch changes a part of that index and a part of the table.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.operators import custom_op

from ..engine import AutocommitEngine
from ..pragmas import pragma, pragmas
from ..statements import Statement
from .ranges import Stretch, is_expired, stretches
from .throttle import MOST_ROWS, Pace
from .time_budget import Moment
from .wal import WriteAheadLog

#: four of the largest batches: then about as many pages of the table are changed as of the index
STRETCH = 4 * MOST_ROWS
#: without a write-ahead log, where batches are smaller, and nobody can write while rows are listed
SHORT_STRETCH = MOST_ROWS
# Room for the pages that a batch changes. In SQLite's 2 MB it would write many of them early and
# read them again; and the keys of a stretch would be put in order in a file.
_CACHE_KIB = 32_000
_DEFAULT_CACHE = "-2000"

_ROWID: sa.ColumnElement[int] = sa.literal_column("rowid", sa.Integer)


def is_possible(engine: AutocommitEngine, table: sa.Table) -> bool:
    """Return whether rows can be named by their numbers: the table has them, and SQLite has JSON.

    A database in memory has no pages to be spared, and its one connection is the app's.
    """
    probe = sa.select(_ROWID, sa.func.json_array_length("[]")).select_from(table).limit(1)
    try:
        engine.read(Statement(probe), {})
    except sa.exc.OperationalError:
        return False
    return engine.is_own


def clear(
    engine: AutocommitEngine, table: sa.Table, now: datetime, pace: Pace, moment: Moment
) -> Iterator[int]:
    """Remove the rows that have expired before *now*, and yield how many each time."""
    log = WriteAheadLog(engine)
    size = max(STRETCH if log.is_there else SHORT_STRETCH, pace.rows)
    removal = _removal(table)
    for stretch in stretches(engine, table, now, tie=_ROWID, size=lambda: size):
        with nullcontext() if log.is_there else pace.apart():
            left = _by_key(engine, table, stretch)
        while left:
            with pace.apart():
                log.restart()
            pace.rest()
            with (
                engine.connect() as connection,
                _room(connection),
                log.emptied(connection),
                pace.batch(),
                _transaction(engine, connection, table, moment),
            ):
                removed = sum(
                    connection.execute(removal, {"numbers": json.dumps(piece), "now": now}).rowcount
                    for piece in moment.pieces(left)
                )
            yield removed
    log.restart()


def _by_key(engine: AutocommitEngine, table: sa.Table, stretch: Stretch) -> list[int]:
    """List the numbers of the rows in the order of their keys."""
    # With a plus, the index on the keys is not used: it would lead through the whole table.
    key: Any = sa.sql.expression.UnaryExpression(table.c.session_key, operator=custom_op("+"))
    rows = sa.select(_ROWID.label("number")).select_from(table).where(*stretch.conditions)
    numbers = sa.select(sa.func.json_group_array(rows.order_by(key).subquery().c.number))
    with engine.connect() as connection, _room(connection):
        # As one text: a row for each would take as long again.
        listed: list[int] = json.loads(connection.execute(numbers, stretch.values).scalar_one())
    return listed


def _removal(table: sa.Table) -> sa.Delete:
    listed: sa.Select[Any] = sa.select(sa.column("value")).select_from(
        sa.func.json_each(sa.bindparam("numbers"))
    )
    # A number may have become another row's meanwhile.
    return sa.delete(table).where(_ROWID.in_(listed), is_expired(table))


@contextmanager
def _transaction(
    engine: AutocommitEngine, connection: sa.Connection, table: sa.Table, moment: Moment
) -> Iterator[None]:
    """Have what is done inside be one transaction, which nobody else can write meanwhile."""
    engine.write_on(connection, sa.text("BEGIN IMMEDIATE"), {}, table=table.name)
    try:
        yield
        with moment.commit():
            connection.exec_driver_sql("COMMIT")
    except BaseException:
        # After some errors SQLite has done that by itself.
        if _is_in_transaction(connection):
            connection.exec_driver_sql("ROLLBACK")
        raise


def _is_in_transaction(connection: sa.Connection) -> bool:
    raw: Any = connection.connection.dbapi_connection
    return bool(raw.in_transaction)


@contextmanager
def _room(connection: sa.Connection) -> Iterator[None]:
    """Give the connection a larger cache, unless the app has seen to that."""
    is_default = pragma(connection, "cache_size") == _DEFAULT_CACHE
    with pragmas(connection, **({"cache_size": -_CACHE_KIB} if is_default else {})):
        yield
