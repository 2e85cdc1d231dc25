"""Removing expired rows batch by batch; which rows have expired is asked of the database.

There is a way for every database, by date, and one for each of two that have a quicker one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa

from ..engine import AutocommitEngine
from . import keyset, postgresql, sqlite
from .throttle import LEAST_ROWS, Pace
from .time_budget import Moment

__all__ = ["LEAST_ROWS", "clear_expired"]


def clear_expired(
    engine: AutocommitEngine,
    table: sa.Table,
    now: datetime,
    *,
    batch_size: int | None = None,
    pause: float | None = None,
) -> Iterator[int]:
    """Remove the rows that have expired before *now* (aware), and yield how many each time.

    Each batch is a transaction of its own, and no row is tried twice: one renewed meanwhile stays,
    stopping loses nothing, and a row that the database does not give away holds nothing up.

    :param batch_size: rows in a batch; by default 1000, and up to 10,000 where the database takes
        no longer than a moment for them, or on PostgreSQL those in a part of the table.
    :param pause: seconds to rest between batches; by default none, but on SQLite, where one
        writer keeps out all others, as long as a batch took, 30 ms at the most.
    """
    pace = Pace(batch_size, pause, one_writer=engine.is_sqlite)
    if engine.is_sqlite and sqlite.is_possible(engine, table):
        return sqlite.clear(engine, table, now, pace, Moment(batch_size))
    if batch_size is None and postgresql.is_better(engine, table, now):
        return postgresql.clear(engine, table, now, pace)
    return keyset.clear(engine, table, now, pace)
