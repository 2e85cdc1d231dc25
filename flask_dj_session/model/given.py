"""A mapped class that the app passes: whether it will do, and what it still needs."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ..store import date_type
from .abstract import zone_of_current_app
from .fitness import check_table
from .indexes import hide_elsewhere


def prepare_model(model: type[Any], *, draws_keys: bool, fills_columns: bool) -> None:
    """Check a mapped class, and let SQLAlchemy and Alembic know its table as it is.

    :raises RuntimeError: as :func:`.check_table`.
    """
    table = table_of(model)
    check_table(table, draws_keys=draws_keys, fills_columns=fills_columns)
    hide_elsewhere(table)
    read_aware(table)


def is_mapped(model: type[Any]) -> bool:
    """Return whether *model* has its table; one with a base to be prepared has none before that."""
    try:
        mapper = sa.inspect(model, raiseerr=False)
    except orm.exc.UnmappedClassError:
        return False
    if mapper is None:
        raise RuntimeError(
            f"'{model.__name__}' is mapped to no table. Let it inherit from 'AbstractSession' and"
            " 'db.Model'."
        )
    return True


def table_of(model: type[Any]) -> sa.Table:
    """Return the table of a mapped class."""
    mapper: orm.Mapper[Any] = orm.class_mapper(model, configure=False)
    table = mapper.local_table
    assert isinstance(table, sa.Table)
    return table


def read_aware(table: sa.Table) -> None:
    """Let a date that was reflected be read as :class:`.AbstractSession` says."""
    column = table.c.expire_date
    if isinstance(column.type, sa.DateTime):
        column.type = date_type(zone_of_current_app)
