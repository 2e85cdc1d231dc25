"""Databases for tests: an SQLite file, and fresh ones on the servers that the environment names.

TEST_POSTGRESQL_URL and TEST_MARIADB_URL are SQLAlchemy URLs of databases that a test may connect
to in order to create and drop databases of its own.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
import sqlalchemy as sa

_VARIABLES = {"postgresql": "TEST_POSTGRESQL_URL", "mariadb": "TEST_MARIADB_URL"}

#: for ``@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)``
EVERY_DATABASE = ["sqlite", "postgresql", "mariadb"]
EVERY_SERVER = EVERY_DATABASE[1:]
if importlib.util.find_spec("MySQLdb"):
    EVERY_DATABASE.append("mariadb-mysqlclient")


@contextmanager
def fresh_database(kind: str, folder: Path) -> Iterator[sa.URL]:
    """Lend the URL of an empty database."""
    if kind == "sqlite":
        yield sa.make_url(f"sqlite:///{folder / 'db.sqlite3'}")
        return
    url = server_url(kind).set(database=_database_of_this_process(kind.partition("-")[0]))
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    metadata = sa.MetaData()
    with engine.begin() as connection:
        metadata.reflect(connection)
        metadata.drop_all(connection)
    yield url


@cache
def _database_of_this_process(kind: str) -> str:
    """Make a database that is used by one test after the other, and dropped in the end."""
    name = f"flask_dj_session_{os.getpid()}"
    force = " WITH (FORCE)" if kind == "postgresql" else ""
    _run(kind, f"CREATE DATABASE {name}")
    atexit.register(_run, kind, f"DROP DATABASE {name}{force}")
    return name


def _run(kind: str, statement: str) -> None:
    engine = sa.create_engine(server_url(kind), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)


def server_url(kind: str) -> sa.URL:
    """Return the URL that the environment gives for a kind of server, or skip the test."""
    kind, _, driver = kind.partition("-")
    variable = _VARIABLES[kind]
    if variable not in os.environ:
        pytest.skip(f"{variable} is not set")
    url = sa.make_url(os.environ[variable])
    return url.set(drivername="mysql+mysqldb") if driver == "mysqlclient" else url


def text_of(url: sa.URL) -> str:
    """Write *url* with its password."""
    return url.render_as_string(hide_password=False)
