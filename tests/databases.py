"""Databases for tests: an SQLite file, and fresh ones on the servers that the environment names.

TEST_POSTGRESQL_URL and TEST_MARIADB_URL are SQLAlchemy URLs of databases that a test may connect
to in order to create and drop databases of its own. Tests run with the driver of the URL, and with
all others that are installed. With TEST_EVERY_DRIVER, those that are not are skipped by name.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa

from flask_dj_session.pytest_plugin.databases import lend

_VARIABLES = {"postgresql": "TEST_POSTGRESQL_URL", "mariadb": "TEST_MARIADB_URL"}
#: where the servers of caches are, by the kind of the cache
CACHE_VARIABLES = {
    "redis": "TEST_REDIS_URL",
    "django_redis": "TEST_REDIS_URL",
    "memcached": "TEST_MEMCACHED_URL",
    "bmemcached": "TEST_MEMCACHED_URL",
    "pylibmc": "TEST_MEMCACHED_URL",
}


class Driver(NamedTuple):
    """A driver beside the one that the environment's URL of a server names."""

    #: what is imported
    module: str
    #: the beginning of SQLAlchemy's URLs
    drivername: str
    #: whether it knows what may stand in the query of the environment's URL
    takes_query: bool = True


#: by the kind of server and the name by which people know the driver
DRIVERS = {
    "postgresql-psycopg2": Driver("psycopg2", "postgresql+psycopg2"),
    "postgresql-pg8000": Driver("pg8000", "postgresql+pg8000", takes_query=False),
    "mariadb-mysqlclient": Driver("MySQLdb", "mysql+mysqldb"),
    "mariadb-mysqlconnector": Driver("mysql.connector", "mysql+mysqlconnector"),
    "mariadb-mariadbconnector": Driver("mariadb", "mariadb+mariadbconnector", takes_query=False),
}


def _is_installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(DRIVERS[name].module) is not None
    except ModuleNotFoundError:  # the package that it would be in
        return False


#: for ``@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)``: each kind with
#: the driver of the environment's URL, and with every other driver that is installed
EVERY_SERVER = [
    *_VARIABLES,
    *(name for name in DRIVERS if _is_installed(name) or os.environ.get("TEST_EVERY_DRIVER")),
]
EVERY_DATABASE = ["sqlite", *EVERY_SERVER]
EVERY_MARIADB = [name for name in EVERY_SERVER if name.startswith("mariadb")]


@contextmanager
def fresh_database(kind: str, folder: Path) -> Iterator[sa.URL]:
    """Lend the URL of an empty database."""
    if kind == "sqlite":
        with lend("", folder) as url:
            yield sa.make_url(url)
        return
    shared = sa.make_url(_database_of_this_process(server_of(kind)))
    engine = sa.create_engine(shared, poolclass=sa.NullPool)
    metadata = sa.MetaData()
    with engine.begin() as connection:
        metadata.reflect(connection)
        metadata.drop_all(connection)
    yield _by_driver(shared, kind)


@cache
def _database_of_this_process(kind: str) -> str:
    """Make a database that is used by one test after the other, and dropped in the end."""
    lent = lend(text_of(server_url(kind)), Path())
    atexit.register(lent.__exit__, None, None, None)
    return lent.__enter__()


def server_of(kind: str) -> str:
    """Return the kind without the name of a driver."""
    return kind.partition("-")[0]


def is_at_hand(kind: str) -> bool:
    """Return whether there is no server to *kind*, or the environment has its URL."""
    variable = CACHE_VARIABLES.get(kind, _VARIABLES.get(server_of(kind)))
    return variable is None or variable in os.environ


def server_url(kind: str) -> sa.URL:
    """Return the URL that the environment gives for a kind of server, or skip the test."""
    variable = _VARIABLES[server_of(kind)]
    if variable not in os.environ:
        pytest.skip(f"{variable} is not set")
    return _by_driver(sa.make_url(os.environ[variable]), kind)


def _by_driver(url: sa.URL, kind: str) -> sa.URL:
    """Return the URL of the same database for the driver that *kind* names."""
    if kind not in DRIVERS:
        return url
    if not _is_installed(kind):
        pytest.skip(f"{kind.partition('-')[2]} is not installed here")
    driver = DRIVERS[kind]
    query = url.query if driver.takes_query else {}
    return url.set(drivername=driver.drivername, query=query)


def connect_raw(url: sa.URL) -> Any:
    """Connect as a ``creator`` of an app does that knows nothing of what SQLAlchemy sets."""
    given = {
        "host": url.host,
        "port": url.port,
        "user": url.username,
        "password": url.password,
        "dbname" if url.get_driver_name().startswith("psycopg") else "database": url.database,
    }
    driver: Any = url.get_dialect().import_dbapi()
    return driver.connect(**{name: value for name, value in given.items() if value is not None})


def backend_of(url: sa.URL) -> str:
    """Return SQLAlchemy's name of the database's kind, "mysql" for MariaDB, too."""
    return url.get_backend_name().replace("mariadb", "mysql")


def text_of(url: sa.URL) -> str:
    """Write *url* with its password."""
    return url.render_as_string(hide_password=False)
