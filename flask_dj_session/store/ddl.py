"""Making the table, with the statements of Django's migration ``sessions.0001_initial``."""

from __future__ import annotations

import sqlalchemy as sa

from .engine import AutocommitEngine
from .table import TABLE_NAME

_COLUMNS = ["session_key", "session_data", "expire_date"]

# SQLite keeps the text of a CREATE, so here the very text is Django's.
_CREATE_TABLE = (
    f'CREATE TABLE "{TABLE_NAME}" ("session_key" varchar(40) NOT NULL PRIMARY KEY, '
    '"session_data" text NOT NULL, "expire_date" datetime NOT NULL)'
)
_CREATE_INDEX = (
    f'CREATE INDEX "{TABLE_NAME}_expire_date_a5c62663" ON "{TABLE_NAME}" ("expire_date")'
)


def has_table(engine: AutocommitEngine, table: sa.Table) -> bool:
    """Tell whether *table* is in the database."""
    with engine.connect() as connection:
        return sa.inspect(connection).has_table(table.name, schema=table.schema)


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
            with engine.app_engine.begin() as connection:
                table.create(connection)
    except sa.exc.DBAPIError:
        if has_table(engine, table):  # another process made it meanwhile
            return False
        raise
    return True


def _create_on_sqlite(engine: AutocommitEngine, table: sa.Table) -> None:
    with engine.connect() as connection:
        if table.name == TABLE_NAME and table.columns.keys() == _COLUMNS:
            connection.exec_driver_sql(_CREATE_TABLE)
            connection.exec_driver_sql(_CREATE_INDEX)
            return
        table.create(connection)
