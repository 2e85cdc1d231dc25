"""The package's own mapped class, one for each ``db`` and each of its databases.

It does not inherit from ``db.Model``: whatever columns, arguments, events and names the base of an
app gives to its classes, Django's table has none of them.
"""

from __future__ import annotations

from collections.abc import Callable
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

_Key = tuple[str | None, str]
_made: WeakKeyDictionary[SQLAlchemy, dict[_Key, type[AbstractSession]]] = WeakKeyDictionary()


def model_on(
    db: SQLAlchemy,
    bind_key: str | None,
    name: str = TABLE_NAME,
    columns: Callable[[], list[sa.Column[Any]]] | None = None,
) -> type[AbstractSession]:
    """Return the mapped class of ``django_session`` on *db*; it is made once.

    A table of that name that *db* has already, as after ``db.reflect()``, is taken as it is.

    :param name: of the table, where the site's is another.
    :param columns: makes its columns, where there are others than Django's three.
    :raises RuntimeError: where that has not Django's columns, or a class of the app's own that
        should be passed.
    """
    bind_key = bind_key or getattr(db.Model, "__bind_key__", None)
    made = _made.setdefault(db, {})
    key = (bind_key, name)
    if key not in made:
        make = columns or (lambda: columns_of(zone_of_current_app))
        made[key] = _make_model(db, bind_key, name, make)
    return made[key]


def _make_model(
    db: SQLAlchemy,
    bind_key: str | None,
    name: str,
    columns: Callable[[], list[sa.Column[Any]]],
) -> type[AbstractSession]:
    metadata = _metadata(db, bind_key)
    schema = f"{metadata.schema}." if metadata.schema else ""
    there = metadata.tables.get(schema + name)
    table = _new_table(metadata, name, columns()) if there is None else _taken(db, there)
    names: dict[str, Any] = {
        "__module__": __name__,
        "__doc__": f"A row of Django's table ``{name}``.",
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


def _new_table(metadata: sa.MetaData, name: str, columns: list[sa.Column[Any]]) -> sa.Table:
    table = sa.Table(name, metadata, *columns, primary_key_of(name), *indexes_of(name))
    hide_elsewhere(table)
    return table


def _taken(db: SQLAlchemy, table: sa.Table) -> sa.Table:
    """Copy a table that the app has, so that what the app does with it stays as it is."""
    if missing := [name for name in COLUMNS if name not in table.c]:
        raise RuntimeError(
            f"'db' has a table '{table.name}' that lacks {', '.join(map(repr, missing))}. Reflect"
            " the table that Django made, or let its class inherit from 'AbstractSession' and pass"
            " it: 'DjangoSessions(app, db, model=...)'."
        )
    for mapper in db.Model.registry.mappers:  # type: ignore[attr-defined]
        if mapper.local_table is table and issubclass(mapper.class_, AbstractSession):
            name = mapper.class_.__name__
            raise RuntimeError(
                f"'{name}' maps '{table.name}', but was not passed. Write"
                f" 'DjangoSessions(app, db, model={name})'."
            )
    copy = table.to_metadata(sa.MetaData(info=dict(table.metadata.info)))
    _forget_references(copy)
    read_aware(copy)
    return copy


def _forget_references(table: sa.Table) -> None:
    # The tables to which it refers are not copied, and SQLAlchemy looks for them at a flush.
    for constraint in [*table.foreign_key_constraints]:
        table.constraints.discard(constraint)
    for one in [table, *table.columns]:
        one.foreign_keys.clear()
