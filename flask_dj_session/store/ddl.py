"""Making the table, with the statements of Django's migration ``sessions.0001_initial``."""

from __future__ import annotations

import sqlalchemy as sa

from .engine import AutocommitEngine
from .table import COLUMNS, TABLE_NAME, as_mapped

# SQLite keeps the text of a CREATE, so here the very text is Django's.
_CREATE_TABLE = (
    '"{name}" ("session_key" varchar(40) NOT NULL PRIMARY KEY, '
    '"session_data" text NOT NULL, "expire_date" datetime NOT NULL)'
)
_CREATE_INDEX = '"{name}_expire_date_a5c62663" ON "{name}" ("expire_date")'


def translated(engine: AutocommitEngine, schema: str | None) -> str | None:
    """Return the schema that statements name in place of *schema*, as the app's engine says.

    What asks the database what it has is not translated by SQLAlchemy, unlike statements.
    """
    options = engine.app_engine.get_execution_options()
    translations: dict[str | None, str | None] = options.get("schema_translate_map") or {}
    return translations.get(schema, schema)


def schema_of(engine: AutocommitEngine, table: sa.Table) -> str | None:
    """Return the schema that statements on *table* name."""
    return translated(engine, table.schema)


def qualified(engine: AutocommitEngine, table: sa.Table) -> str:
    """Return what stands in front of the name of *table* in a statement that is plain text."""
    schema = schema_of(engine, table)
    if schema is None:
        return ""
    return engine.app_engine.dialect.identifier_preparer.quote_identifier(schema) + "."


def schemas_with(
    connection: sa.Connection, engine: AutocommitEngine, table: sa.Table
) -> list[str | None]:
    """List the schemas in which statements find *table*; the first is the one that they take."""
    inspector = sa.inspect(connection)
    schema = schema_of(engine, table)
    schemas: list[str | None] = [schema]
    if schema is None and connection.dialect.name == "sqlite":
        # Without a name in front, SQLite looks into the attached databases, too.
        schemas += inspector.get_schema_names()
    return [one for one in schemas if inspector.has_table(table.name, schema=one)]


def has_table(engine: AutocommitEngine, table: sa.Table) -> bool:
    """Return whether *table* is in the database."""
    with engine.connect() as connection:
        return bool(schemas_with(connection, engine, table))


def create_table(engine: AutocommitEngine, table: sa.Table) -> bool:
    """Make *table* with its indexes; where it is there, leave it as it is.

    :returns: whether it was made.
    """
    if has_table(engine, table):
        return False
    try:
        if engine.is_sqlite:
            _create_on_sqlite(engine, table)
        else:
            with engine.begin(table=table.name) as connection:
                as_mapped(table).create(connection)
    except sa.exc.DBAPIError:
        if has_table(engine, table):  # another process made it meanwhile
            return False
        raise
    return True


def _create_on_sqlite(engine: AutocommitEngine, table: sa.Table) -> None:
    with engine.connect() as connection:
        if not _is_djangos(table):
            as_mapped(table).create(connection)
            return
        schema = qualified(engine, table)
        for kind, rest in (("TABLE", _CREATE_TABLE), ("INDEX", _CREATE_INDEX)):
            connection.exec_driver_sql(f"CREATE {kind} {schema}{rest.format(name=TABLE_NAME)}")


def _is_djangos(table: sa.Table) -> bool:
    width = getattr(table.c.session_key.type, "length", None)
    return (table.name, tuple(table.columns.keys()), width) == (TABLE_NAME, COLUMNS, 40)
