"""The index of the sessions: a small table of this package's own, which Django does not know.

It has no foreign key. With one, Django's ``flush`` could not empty its table on PostgreSQL.
"""

from __future__ import annotations

import hashlib
from contextlib import AbstractContextManager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from ..columns import key_type
from ..ddl import has_table, schema_of
from ..engine import AutocommitEngine
from ..table import TABLE_NAME, DjangoDateTime

#: what it is called beside Django's own table
INDEX_NAME = "flask_dj_session_index"
#: characters of a user's id, as it stands here
USER_ID_LENGTH = 80
ADDRESS_LENGTH = 45
AGENT_LENGTH = 200

_LONGEST_NAME = 63  # PostgreSQL's, the shortest
_FOR_USERS = "_user"
#: for a column of keys that sets no bound; an index on MySQL needs one
_LONGEST_KEY = 255


def index_name(table: str) -> str:
    """Return what the index beside *table* is called."""
    if table == TABLE_NAME:
        return INDEX_NAME
    name = f"{INDEX_NAME}_{table}"
    if len(name) <= _LONGEST_NAME:
        return name
    digest = hashlib.md5(table.encode(), usedforsecurity=False).hexdigest()[:8]
    return f"{name[: _LONGEST_NAME - 9]}_{digest}"


def _name_for_users(name: str) -> str:
    """Return the name of the database's own index on the users; no two tables have the same."""
    if len(name) <= _LONGEST_NAME - len(_FOR_USERS):
        return name + _FOR_USERS
    # The end of a long name tells it from others that begin alike.
    end = name[-9:]
    return name[: _LONGEST_NAME - len(_FOR_USERS) - len(end)] + end + _FOR_USERS


def index_table(sessions: sa.Table, collation: str | None = None) -> sa.Table:
    """Return the index beside the table of the *sessions*, for statements of the same site.

    :param collation: that of the column of keys on MySQL, for the statement that makes the table.
    """
    name, date_type = index_name(sessions.name), sessions.c.expire_date.type
    assert isinstance(date_type, DjangoDateTime)
    return sa.Table(
        name,
        sa.MetaData(),
        sa.Column("session_key", _key_type(sessions, collation), primary_key=True),
        sa.Column("user_id", _user_id_type(), nullable=True),
        sa.Column("created", DjangoDateTime(date_type.naive_zone), nullable=False),
        sa.Column("is_login_seen", sa.SmallInteger, nullable=False),
        sa.Column("address", sa.String(ADDRESS_LENGTH), nullable=True),
        sa.Column("user_agent", sa.String(AGENT_LENGTH), nullable=True),
        sa.Index(_name_for_users(name), "user_id"),
        schema=sessions.schema,
        # Looked up by key alone, in the order of the keys: half as many pages as with numbers.
        sqlite_with_rowid=False,
    )


def create(engine: AutocommitEngine, sessions: sa.Table) -> bool:
    """Make the index beside the table of the *sessions*; where it is there, leave it.

    :returns: whether it was made.
    """
    table = index_table(sessions, _collation(engine, sessions))
    if has_table(engine, table):
        return False
    try:
        with _for_ddl(engine, table) as connection:
            table.create(connection)
    except sa.exc.DBAPIError:
        if has_table(engine, table):  # another process made it meanwhile
            return False
        raise
    return True


def drop(engine: AutocommitEngine, table: sa.Table) -> bool:
    """Remove the index, and return whether there was one."""
    if not has_table(engine, table):
        return False
    with _for_ddl(engine, table) as connection:
        table.drop(connection)
    return True


def _for_ddl(engine: AutocommitEngine, table: sa.Table) -> AbstractContextManager[sa.Connection]:
    # As for the table of the sessions: SQLite's driver commits such statements by itself.
    return engine.connect() if engine.is_sqlite else engine.begin(table=table.name)


def _key_type(sessions: sa.Table, collation: str | None) -> sa.types.TypeEngine[str]:
    length = getattr(sessions.c.session_key.type, "length", None) or _LONGEST_KEY
    if collation is None:
        return key_type(length)
    return sa.String(length, collation=collation)


def _user_id_type() -> sa.types.TypeEngine[str]:
    # Ids are told apart by their case, whatever the database does by default.
    exact = mysql.VARCHAR(USER_ID_LENGTH, charset="ascii", collation="ascii_bin")
    return sa.String(USER_ID_LENGTH).with_variant(exact, "mysql", "mariadb")


def _collation(engine: AutocommitEngine, sessions: sa.Table) -> str | None:
    """Return how MySQL compares the keys: what is joined must be compared in the same way."""
    if engine.app_engine.dialect.name not in ("mysql", "mariadb"):
        return None
    names = ["table_schema", "table_name", "column_name", "collation_name"]
    columns: Any = sa.table("COLUMNS", *map(sa.column, names), schema="information_schema").c
    schema = schema_of(engine, sessions)
    query = sa.select(columns.collation_name).where(
        columns.table_schema == (sa.func.database() if schema is None else schema),
        columns.table_name == sessions.name,
        columns.column_name == "session_key",
    )
    with engine.connect() as connection:
        found = connection.execute(query).scalar()
    return None if found is None else str(found)
