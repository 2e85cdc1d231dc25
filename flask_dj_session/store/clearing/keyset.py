"""Expired rows removed in the order of their dates, on any database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa

from ..engine import AutocommitEngine
from ..statements import Statement
from .ranges import stretches
from .throttle import Pace


def clear(engine: AutocommitEngine, table: sa.Table, now: datetime, pace: Pace) -> Iterator[int]:
    """Remove the rows that have expired before *now*, and yield how many each time."""
    key = table.c.session_key
    for stretch in stretches(engine, table, now, tie=key, size=lambda: pace.rows):
        batch = Statement(sa.delete(table).where(*stretch.conditions))
        pace.rest()
        with pace.batch():
            number = engine.write(batch, stretch.values, table=table.name)
        yield number
