"""The package's own mapped class, one for each ``db`` and each of its databases.

It does not inherit from ``db.Model``: whatever columns, arguments, events and names the base of an
app gives to its classes, Django's table has none of them.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.model import Model
from sqlalchemy import orm

from ..store import COLUMNS, TABLE_NAME, columns_of, indexes_of, primary_key_of
from .abstract import AbstractSession, zone_of_current_app
from .given import read_aware
from .indexes import hide_elsewhere

_made: WeakKeyDictionary[SQLAlchemy, dict[str | None, type[AbstractSession]]] = WeakKeyDictionary()


def model_on(db: SQLAlchemy, bind_key: str | None) -> type[AbstractSession]:
    """Return the mapped class of ``django_session`` on *db*; it is made once.

    A table of that name that *db* has already, as after ``db.reflect()``, is taken as it is.

    :raises RuntimeError: where that has not Django's columns, or a class of the app's own that
        should be passed.
    """
    bind_key = bind_key or getattr(db.Model, "__bind_key__", None)
    made = _made.setdefault(db, {})
    if bind_key not in made:
        made[bind_key] = _make_model(db, bind_key)
    return made[bind_key]


def _make_model(db: SQLAlchemy, bind_key: str | None) -> type[AbstractSession]:
    metadata = _metadata(db, bind_key)
    there = metadata.tables.get(
        f"{metadata.schema}.{TABLE_NAME}" if metadata.schema else TABLE_NAME
    )
    table = _new_table(metadata) if there is None else _taken(db, there)
    names: dict[str, Any] = {
        "__module__": __name__,
        "__doc__": "A row of Django's table ``django_session``.",
        "__table__": table,
        "__mapper_args__": {"primary_key": [table.c.session_key]},
        "__fsa__": db,
        "query_class": db.Query,
    }
    model = type("Session", (AbstractSession, Model), names)
    # In a registry of its own, so that an app may have a class 'Session' and refer to it by name.
    orm.registry(metadata=table.metadata).map_declaratively(model)
    return model


def _metadata(db: SQLAlchemy, bind_key: str | None) -> sa.MetaData:
    if bind_key not in db.metadatas:  # it may be asked for before the binds are known
        passing = db.Table(TABLE_NAME, sa.Column("session_key"), bind_key=bind_key)
        passing.metadata.remove(passing)
    return db.metadatas[bind_key]


def _new_table(metadata: sa.MetaData) -> sa.Table:
    table = sa.Table(
        TABLE_NAME,
        metadata,
        *columns_of(zone_of_current_app),
        primary_key_of(TABLE_NAME),
        *indexes_of(TABLE_NAME),
    )
    hide_elsewhere(table)
    return table


def _taken(db: SQLAlchemy, table: sa.Table) -> sa.Table:
    """Copy a table that the app has, so that what the app does with it stays as it is."""
    if missing := [name for name in COLUMNS if name not in table.c]:
        raise RuntimeError(
            f"'db' has a table '{TABLE_NAME}' that lacks {', '.join(map(repr, missing))}. Reflect"
            " the table that Django made, or let its class inherit from 'AbstractSession' and pass"
            " it: 'DjangoSessions(app, db, model=...)'."
        )
    registry: orm.registry = db.Model.registry  # type: ignore[attr-defined]
    for mapper in registry.mappers:
        if mapper.local_table is table and issubclass(mapper.class_, AbstractSession):
            name = mapper.class_.__name__
            raise RuntimeError(
                f"'{name}' maps '{TABLE_NAME}', but was not passed. Write"
                f" 'DjangoSessions(app, db, model={name})'."
            )
    copy = table.to_metadata(sa.MetaData(info=dict(table.metadata.info)))
    read_aware(copy)
    return copy
