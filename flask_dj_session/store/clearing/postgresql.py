"""Expired rows removed from PostgreSQL in the order in which they lie in the table's file.

Where most of a table has expired, one DELETE reads it from the beginning to the end, and that is
quicker than any order of dates or keys. A batch is a part of that.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from ..engine import AutocommitEngine
from ..statements import Statement
from ..table import DjangoDateTime
from .ranges import is_expired
from .throttle import Pace

# Before, each part would be looked for in the whole table.
_SINCE = (14,)
#: blocks to a batch, of 8 kB each, with some 30 rows of a session with a user in it
BLOCKS = 1024


class _Tid(sa.types.UserDefinedType[str]):
    """The type of a row's place: the number of the block, and which row in there."""

    cache_ok = True

    def get_col_spec(self, **kw: Any) -> str:
        return "TID"


def is_better(engine: AutocommitEngine, table: sa.Table, now: datetime) -> bool:
    """Return whether this is PostgreSQL, and would read the whole table for one DELETE."""
    options = engine.app_engine.get_execution_options()
    if engine.app_engine.dialect.name != "postgresql" or options.get("schema_translate_map"):
        return False  # the plan and the size are asked of the very table
    with engine.connect() as connection:
        version = connection.dialect.server_version_info or ()
        return version >= _SINCE and _is_read_whole(connection, table, now)


def clear(engine: AutocommitEngine, table: sa.Table, now: datetime, pace: Pace) -> Iterator[int]:
    """Remove the rows that have expired before *now*, and yield how many each time."""
    number_of_blocks = _number_of_blocks(engine, table)
    place: sa.ColumnElement[Any] = sa.literal_column("ctid")
    begin = 0
    while True:
        end = begin + BLOCKS
        # What comes to lie behind the end meanwhile has not expired.
        conditions = [is_expired(table), place >= _place("begin"), place < _place("end")]
        values = {"now": now, "begin": f"({begin},0)", "end": f"({end},0)"}
        batch = Statement(sa.delete(table).where(*conditions))
        pace.rest()
        with pace.batch():
            number = engine.write(batch, values, table=table.name)
        yield number
        if end >= number_of_blocks:
            return
        begin = end


def _place(name: str) -> sa.ColumnElement[Any]:
    return sa.cast(sa.bindparam(name, type_=sa.String()), _Tid())


def _is_read_whole(connection: sa.Connection, table: sa.Table, now: datetime) -> bool:
    date_type = table.c.expire_date.type
    assert isinstance(date_type, DjangoDateTime)
    everything = Statement(
        sa.delete(table).where(is_expired(table)), dates=("now",), date_type=date_type
    )
    given = everything.for_driver(connection.dialect)
    explain = f"EXPLAIN (FORMAT JSON) {given.text}"
    answer = connection.exec_driver_sql(explain, given.parameters({"now": now})).scalar_one()
    plan = json.loads(answer) if isinstance(answer, str) else answer
    read = plan[0]["Plan"]["Plans"][0]
    # Of a partitioned table or a view the places are those of several tables, or of another one.
    return (read["Node Type"], read.get("Relation Name")) == ("Seq Scan", table.name)


def _number_of_blocks(engine: AutocommitEngine, table: sa.Table) -> int:
    """Return how many blocks the table has."""
    name = engine.app_engine.dialect.identifier_preparer.format_table(table)
    size = sa.func.pg_relation_size(sa.cast(name, postgresql.REGCLASS))
    block = sa.cast(sa.func.current_setting("block_size"), sa.BigInteger)
    return int(engine.read(Statement(sa.select(size // block)), {})[0])
