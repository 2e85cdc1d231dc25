"""What a database says of its table: columns, types and indexes, as plain text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex

from .columns import columns_of
from .ddl import schema_of, schemas_with
from .engine import AutocommitEngine
from .table import indexes_of, is_like_index

_OPTIONS = re.compile(r" (character set|collate|charset) .*", re.IGNORECASE)


@dataclass(frozen=True)
class TableFacts:
    """How a table is made."""

    name: str
    #: types by column, in small letters, as ``varchar(40)``
    columns: Mapping[str, str]
    #: the columns of each index in order; the primary key is one
    indexes: frozenset[tuple[str, ...]]
    #: statements that make an index while visitors go on, by its columns
    create_index: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    #: whether Django makes an index for LIKE here, and whether there is one
    has_like_index: bool = False
    #: names of indexes that are there and not used, since they are unfinished
    unfinished: frozenset[str] = frozenset()


def found_facts(engine: AutocommitEngine, table: sa.Table) -> TableFacts | None:
    """Describe the table in the database, None where it is missing."""
    with engine.connect() as connection:
        schemas = schemas_with(connection, engine, table)
        if not schemas:
            return None
        inspector, schema = sa.inspect(connection), schemas[0]
        columns = inspector.get_columns(table.name, schema=schema)
        indexes = inspector.get_indexes(table.name, schema=schema)
        primary = inspector.get_pk_constraint(table.name, schema=schema)
        unfinished = _unfinished(connection)
    of_indexes = [
        tuple(name or "" for name in index["column_names"])
        for index in indexes
        if index["name"] not in unfinished and not _is_partial(index)
    ]
    return TableFacts(
        table.name,
        {column["name"]: _type_text(column["type"], connection.dialect) for column in columns},
        frozenset([*of_indexes, tuple(primary["constrained_columns"])]),
        has_like_index=any(names[:1] == ("session_key",) for names in of_indexes),
        unfinished=frozenset(index["name"] or "" for index in indexes) & unfinished,
    )


def expected_facts(engine: AutocommitEngine, table: sa.Table) -> TableFacts:
    """Describe the table as Django's migration makes it on this database."""
    dialect = engine.app_engine.dialect
    model = _as_migrated(table.name, schema_of(engine, table))
    indexes = [
        index for index in model.indexes if dialect.name == "postgresql" or not is_like_index(index)
    ]
    create_index = {tuple(index.columns.keys()): _create_index(index, dialect) for index in indexes}
    return TableFacts(
        table.name,
        {column.name: _type_text(column.type, dialect) for column in model.columns},
        frozenset([*create_index, ("session_key",)]),
        create_index,
        has_like_index=("session_key",) in create_index,
    )


def _as_migrated(name: str, schema: str | None) -> sa.Table:
    """Make anew what an app's own class may have left out or added."""
    columns = columns_of(lambda: None)
    return sa.Table(name, sa.MetaData(), *columns, *indexes_of(name), schema=schema)


def _create_index(index: sa.Index, dialect: sa.Dialect) -> str:
    """Write the statement that makes *index* and, where the database can, locks nobody out.

    SQLite cannot; there nobody else writes meanwhile.
    """
    index.dialect_options["postgresql"]["concurrently"] = True
    statement = str(CreateIndex(index).compile(dialect=dialect))
    if dialect.name in ("mysql", "mariadb"):
        # Refused, where that cannot be had.
        return f"{statement} ALGORITHM=INPLACE LOCK=NONE"
    return statement


def _unfinished(connection: sa.Connection) -> frozenset[str]:
    """Name the indexes that PostgreSQL makes at this moment, or has not made to the end."""
    if connection.dialect.name != "postgresql":
        return frozenset()
    index = sa.table("pg_index", sa.column("indexrelid"), sa.column("indisvalid"))
    name = sa.cast(sa.cast(index.c.indexrelid, postgresql.REGCLASS), sa.Text)
    names = connection.scalars(sa.select(name).where(~index.c.indisvalid))
    return frozenset(each.rpartition(".")[2].strip('"') for each in names)


def _is_partial(index: Any) -> bool:
    """Return whether an index has some of the rows only."""
    options = index.get("dialect_options", {})
    return any(value is not None for name, value in options.items() if name.endswith("_where"))


def _type_text(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> str:
    try:
        return _OPTIONS.sub("", kind.compile(dialect)).lower()
    except sa.exc.CompileError:  # one that SQLAlchemy does not know, or none at all
        return "of a type that is not known here"
