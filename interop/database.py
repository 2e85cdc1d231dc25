"""The database of one meeting, seen by neither side: its raw columns, its making and dropping."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from .reasons import NoAnswerError

#: what names a server of each kind: a database in which databases may be made
VARIABLES = {"PostgreSQL": "TEST_POSTGRESQL_URL", "MariaDB": "TEST_MARIADB_URL"}
KINDS = ("SQLite", *VARIABLES)

_ENGINES = {"SQLite": "sqlite3", "PostgreSQL": "postgresql", "MariaDB": "mysql"}

# What the column says, whatever time zone a connection has; on PostgreSQL it holds a moment.
_RAW = {
    "SQLite": "{}",
    "PostgreSQL": "CAST({} AT TIME ZONE 'UTC' AS text)",
    "MariaDB": "CAST({} AS char)",
}

#: seconds until a server that is silent counts as one that does not answer
PATIENCE = 10

_numbers = itertools.count(1)


class Database:
    """An empty database; its raw texts are what a third party sees."""

    def __init__(self, kind: str, url: sa.URL) -> None:
        self.kind = kind
        self.url = url
        self.engine = sa.create_engine(url, poolclass=sa.NullPool)

    @property
    def text(self) -> str:
        """The URL, with its password."""
        return self.url.render_as_string(hide_password=False)

    def django_settings(self) -> dict[str, Any]:
        """Return what stands under DATABASES["default"]."""
        return {
            "ENGINE": f"django.db.backends.{_ENGINES[self.kind]}",
            "NAME": self.url.database,
            "USER": self.url.username or "",
            "PASSWORD": self.url.password or "",
            "HOST": self.url.host or "",
            "PORT": str(self.url.port or ""),
            "OPTIONS": dict(self.url.query) if self.kind == "PostgreSQL" else {},
        }

    def expire_date(self, key: str) -> str:
        """Return the text of the column."""
        return self._raw("expire_date", "django_session", "session_key", key)

    def last_login(self, name: str) -> str:
        """Return the text of the column for a user."""
        return self._raw("last_login", "auth_user", "username", name)

    def _raw(self, column: str, table: str, key: str, value: str) -> str:
        date = _RAW[self.kind].format(column)
        query = f"SELECT {date} FROM {table} WHERE {key} = :value"  # noqa: S608
        with self.engine.connect() as connection:
            return str(connection.execute(sa.text(query), {"value": value}).scalar_one())

    def set_active(self, name: str, *, active: bool) -> None:
        """Switch a user on or off."""
        query = sa.text("UPDATE auth_user SET is_active = :active WHERE username = :name")
        with self.engine.begin() as connection:
            connection.execute(query, {"active": active, "name": name})

    def session_keys(self) -> set[str]:
        """Return the keys of all rows."""
        with self.engine.connect() as connection:
            return set(connection.scalars(sa.text("SELECT session_key FROM django_session")))

    def delete_row(self, key: str) -> None:
        """Remove a row."""
        query = sa.text("DELETE FROM django_session WHERE session_key = :key")
        with self.engine.begin() as connection:
            connection.execute(query, {"key": key})

    def change_data(self, key: str, change: Callable[[str], str]) -> None:
        """Change the text of a row."""
        with self.engine.begin() as connection:
            query = "SELECT session_data FROM django_session WHERE session_key = :key"
            data = connection.execute(sa.text(query), {"key": key}).scalar_one()
            connection.execute(
                sa.text("UPDATE django_session SET session_data = :data WHERE session_key = :key"),
                {"key": key, "data": change(data)},
            )

    def structure(self) -> dict[str, Any]:
        """Return the columns and indexes of the table, as the database names them."""
        inspector = sa.inspect(self.engine)
        return {
            "columns": [
                (column["name"], str(column["type"]), column["nullable"])
                for column in inspector.get_columns("django_session")
            ],
            "key": inspector.get_pk_constraint("django_session")["constrained_columns"],
            "indexes": sorted(
                (str(index["name"]), str(index["column_names"]), str(index["unique"]))
                for index in inspector.get_indexes("django_session")
            ),
        }

    def drop_tables(self) -> None:
        """Empty the database."""
        metadata = sa.MetaData()
        with self.engine.begin() as connection:
            metadata.reflect(connection)
            metadata.drop_all(connection)


def knock(kind: str) -> None:
    """Find out whether the server for a kind of database answers, where one is named.

    :raises NoAnswerError: where it does not.
    """
    text = os.environ.get(VARIABLES.get(kind, ""))
    if text:
        with _answering(kind):
            _run(sa.make_url(text), "SELECT 1")


@contextmanager
def _answering(kind: str) -> Iterator[None]:
    try:
        yield
    except sa.exc.DBAPIError as error:
        raise NoAnswerError(f"{_named(kind)} cannot be used: {_first_line(error.orig)}") from error
    except (sa.exc.ArgumentError, ImportError) as error:
        # Without its text, which may be that of the URL, with the password.
        raise NoAnswerError(
            f"{VARIABLES[kind]} is no URL of SQLAlchemy's, or its driver is not installed"
        ) from error


def _named(kind: str) -> str:
    """Name the server without the user and the password."""
    url = sa.make_url(os.environ[VARIABLES[kind]])
    port = f":{url.port}" if url.port else ""
    return f"{kind} at {url.host or 'localhost'}{port} ({VARIABLES[kind]})"


def _first_line(error: object) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


@contextmanager
def fresh_database(kind: str, folder: Path) -> Iterator[Database]:
    """Lend an empty database of a kind; one on a server is dropped in the end.

    :raises NoAnswerError: where the server does not answer.
    """
    number = next(_numbers)
    if kind == "SQLite":
        yield Database(kind, sa.make_url(f"sqlite:///{folder / f'{number}.sqlite3'}"))
        return
    server = sa.make_url(os.environ[VARIABLES[kind]])
    name = f"flask_dj_session_interop_{os.getpid()}_{number}"
    force = " WITH (FORCE)" if kind == "PostgreSQL" else ""
    with _answering(kind):
        _run(server, f"CREATE DATABASE {name}")
    try:
        yield Database(kind, server.set(database=name))
    finally:
        with _answering(kind):
            _run(server, f"DROP DATABASE {name}{force}")


def _run(server: sa.URL, statement: str) -> None:
    engine = sa.create_engine(
        server,
        isolation_level="AUTOCOMMIT",
        poolclass=sa.NullPool,
        connect_args={"connect_timeout": PATIENCE},
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
