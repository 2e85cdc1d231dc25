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
from .log import WriteAheadLog
from .pace import MOST_ROWS, Pace
from .stretches import Stretch, is_expired, stretches

# Four of the largest batches: then about as many pages of the table are changed as of the index.
_STRETCH = 4 * MOST_ROWS
# Room for the pages that a batch changes. In SQLite's 2 MB it would write many of them early and
# read them again; and the keys of a stretch would be put in order in a file.
_CACHE_KIB = 32_000
_DEFAULT_CACHE = "-2000"

_ROWID: sa.ColumnElement[int] = sa.literal_column("rowid", sa.Integer)


def is_possible(engine: AutocommitEngine, table: sa.Table) -> bool:
    """Tell whether rows can be named by their numbers: the table has them, and SQLite has JSON.

    A database in memory has no pages to be spared, and its one connection is the app's.
    """
    probe = sa.select(_ROWID, sa.func.json_array_length("[]")).select_from(table).limit(1)
    try:
        engine.read(Statement(probe), {})
    except sa.exc.OperationalError:
        return False
    return not engine.is_shared


def clear(engine: AutocommitEngine, table: sa.Table, now: datetime, pace: Pace) -> Iterator[int]:
    """Remove the rows that have expired before *now*, and yield how many each time."""
    size, log = max(_STRETCH, pace.rows), WriteAheadLog(engine)
    for stretch in stretches(engine, table, now, tie=_ROWID, size=lambda: size):
        with nullcontext() if log.is_there else pace.reading():
            left = _by_key(engine, table, stretch)
        while True:
            numbers, left = left[: pace.rows], left[pace.rows :]
            pace.rest()
            yield _remove(engine, table, now, numbers, log, pace)
            if not left:
                break
        log.restart()


def _by_key(engine: AutocommitEngine, table: sa.Table, stretch: Stretch) -> list[int]:
    """List the numbers of the rows in the order of their keys."""
    # With a plus, the index on the keys is not used: it would lead through the whole table.
    key: Any = sa.sql.expression.UnaryExpression(table.c.session_key, operator=custom_op("+"))
    numbers = sa.select(_ROWID).select_from(table).where(*stretch.conditions).order_by(key)
    with engine.connect() as connection, _room(connection):
        return list(connection.execute(numbers, stretch.values).scalars())


def _remove(
    engine: AutocommitEngine,
    table: sa.Table,
    now: datetime,
    numbers: list[int],
    log: WriteAheadLog,
    pace: Pace,
) -> int:
    listed: sa.Select[Any] = sa.select(sa.column("value")).select_from(
        sa.func.json_each(sa.bindparam("numbers"))
    )
    # A number may have become another row's meanwhile.
    batch = sa.delete(table).where(_ROWID.in_(listed), is_expired(table))
    values = {"numbers": json.dumps(numbers), "now": now}
    with (
        engine.connect() as connection,
        _room(connection),
        log.emptied(connection),
        pace.batch(len(numbers)),
    ):
        return engine.write_on(connection, batch, values, table=table.name)


@contextmanager
def _room(connection: sa.Connection) -> Iterator[None]:
    """Give the connection a larger cache, unless the app has seen to that."""
    is_default = pragma(connection, "cache_size") == _DEFAULT_CACHE
    with pragmas(connection, **({"cache_size": -_CACHE_KIB} if is_default else {})):
        yield
