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

from flask_dj_session.pytest_plugin.databases import lend

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
        with lend("", folder) as url:
            yield sa.make_url(url)
        return
    shared = sa.make_url(_database_of_this_process(kind))
    engine = sa.create_engine(shared, poolclass=sa.NullPool)
    metadata = sa.MetaData()
    with engine.begin() as connection:
        metadata.reflect(connection)
        metadata.drop_all(connection)
    yield shared


@cache
def _database_of_this_process(kind: str) -> str:
    """Make a database that is used by one test after the other, and dropped in the end."""
    lent = lend(text_of(server_url(kind)), Path())
    atexit.register(lent.__exit__, None, None, None)
    return lent.__enter__()


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
