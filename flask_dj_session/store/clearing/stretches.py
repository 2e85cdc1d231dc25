"""The expired rows by date, stretch after stretch; nothing is removed here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import bindparam

from ..engine import AutocommitEngine
from ..statements import Statement


class Stretch(NamedTuple):
    """Rows that follow one another."""

    #: what holds for these rows and no others
    conditions: list[sa.ColumnElement[bool]]
    #: the values of the parameters therein
    values: dict[str, Any]


def stretches(
    engine: AutocommitEngine,
    table: sa.Table,
    now: datetime,
    *,
    tie: sa.ColumnElement[Any],
    size: Callable[[], int],
) -> Iterator[Stretch]:
    """Yield the expired rows by date and, among equal dates, by *tie*.

    So the index on the date leads to the expired rows alone. There are bounds on both sides, and
    what is left standing in a stretch is not met again.

    :param size: tells how many rows the next stretch has, at the most.
    """
    # As the driver has it: a date that nobody can read must be found, too.
    date: Any = sa.type_coerce(table.c.expire_date, sa.types.NullType())
    begin: list[sa.ColumnElement[bool]] = []
    values: dict[str, Any] = {"now": now}
    while True:
        rest = Stretch([*begin, is_expired(table)], values)
        last = _row_after(engine, table, rest, (date, tie), size() - 1)
        if last is None:
            yield rest
            return
        # Without the other end: SQLite would take one of the two, and perhaps the farther one.
        yield Stretch([*begin, *_up_to(date, tie)], {**values, "until": last[0], "last": last[1]})
        begin = _after(date, tie)
        values = {"now": now, "since": last[0], "above": last[1]}


def is_expired(table: sa.Table) -> sa.ColumnElement[bool]:
    """Return the condition on a row, with the parameter ``now``."""
    expire_date = table.c.expire_date
    return expire_date < bindparam("now", type_=expire_date.type)


def _row_after(
    engine: AutocommitEngine, table: sa.Table, rest: Stretch, order: tuple[Any, Any], others: int
) -> Any:
    """Return the place in the order of what comes after so many *others*, None if nothing does."""
    in_order = sa.select(*order).select_from(table).where(*rest.conditions)
    query = in_order.order_by(table.c.expire_date, order[1]).limit(1).offset(others)
    return engine.read(Statement(query), rest.values)


# Two conditions each, since not every database uses an index for pairs.


def _after(date: Any, tie: Any) -> list[Any]:
    since: Any = bindparam("since")
    return [date >= since, sa.or_(date > since, tie > bindparam("above"))]


def _up_to(date: Any, tie: Any) -> list[Any]:
    until: Any = bindparam("until")
    return [date <= until, sa.or_(date < until, tie <= bindparam("last"))]
