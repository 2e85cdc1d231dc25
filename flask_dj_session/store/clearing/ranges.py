"""The expired rows by date, stretch after stretch; nothing is removed here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import bindparam

from ..engine import AutocommitEngine
from ..raw import any_text, as_parameter, raw_date


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
    date: Any = sa.type_coerce(table.c.expire_date, sa.types.NullType())
    begin: list[sa.ColumnElement[bool]] = []
    values: dict[str, Any] = {"now": now}
    while True:
        rest = Stretch([*begin, is_expired(table)], values)
        last = _row_after(engine, table, rest, tie, size() - 1)
        if last is None:
            yield rest
            return
        # Without the other end: SQLite would take one of the two, and perhaps the farther one.
        until, up_to = _bound("until", last[0]), _bound("last", last[1])
        yield Stretch(
            [*begin, *_up_to(date, tie, until[0], up_to[0])], {**values, **until[1], **up_to[1]}
        )
        since, above = _bound("since", last[0]), _bound("above", last[1])
        begin = _after(date, tie, since[0], above[0])
        values = {"now": now, **since[1], **above[1]}


def is_expired(table: sa.Table) -> sa.ColumnElement[bool]:
    """Return the condition on a row, with the parameter ``now``."""
    expire_date = table.c.expire_date
    return expire_date < bindparam("now", type_=expire_date.type)


def _row_after(
    engine: AutocommitEngine,
    table: sa.Table,
    rest: Stretch,
    tie: sa.ColumnElement[Any],
    others: int,
) -> Any:
    """Return the place in the order of what comes after so many *others*, None if nothing does."""
    expire_date = table.c.expire_date
    # As the database has it: a date that no driver can read must be found, too.
    place = sa.select(raw_date(expire_date, engine.app_engine.dialect), tie).select_from(table)
    in_order = place.where(*rest.conditions).order_by(expire_date, tie)
    with engine.connect() as connection, any_text(connection):
        return connection.execute(in_order.limit(1).offset(others), rest.values).first()


def _bound(name: str, value: Any) -> tuple[Any, dict[str, Any]]:
    """Return what stands for a value in conditions, and the parameters of that."""
    parameter = as_parameter(value)
    return (bindparam(name), {name: value}) if parameter is value else (parameter, {})


# Two conditions each, since not every database uses an index for pairs.


def _after(date: Any, tie: Any, since: Any, above: Any) -> list[Any]:
    return [date >= since, sa.or_(date > since, tie > above)]


def _up_to(date: Any, tie: Any, until: Any, last: Any) -> list[Any]:
    return [date <= until, sa.or_(date < until, tie <= last)]
