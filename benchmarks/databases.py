"""Databases for benchmarks, made and dropped by them; what belongs to no contender.

TEST_POSTGRESQL_URL and TEST_MARIADB_URL are SQLAlchemy URLs of databases that may be connected to
in order to create and drop others.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import sqlalchemy as sa

_VARIABLES = {"postgresql": "TEST_POSTGRESQL_URL", "mariadb": "TEST_MARIADB_URL"}

#: the kinds of databases that are measured; every contender knows them
MEASURED = ("sqlite", "postgresql")
#: all kinds
KINDS = ("sqlite", *_VARIABLES)

#: makes a database of a name, perhaps as a ``copy_of`` another, and returns its URL
Make = Callable[..., str]


def available(kinds: Iterable[str] = MEASURED) -> list[str]:
    """Return those of *kinds* that can be had here."""
    return [kind for kind in kinds if kind == "sqlite" or _VARIABLES[kind] in os.environ]


@contextmanager
def lend(kind: str, *, journal: str = "wal") -> Iterator[Make]:
    """Lend a function that makes databases of *kind*, which are dropped in the end.

    :param journal: the journal mode of an SQLite file.
    """
    with _sqlite_files(journal) if kind == "sqlite" else _on_server(_server(kind)) as make:
        yield make


def settle(kind: str) -> None:
    """Wait until the disk has what was written so far; the server's user must be a superuser."""
    if kind == "sqlite":
        os.sync()
    else:
        _run(_server(kind), "CHECKPOINT")


def set_pragmas(connection: Any) -> None:
    """Set on a connection to SQLite what goes with the WAL mode; otherwise leave the defaults."""
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    if mode == "wal":
        connection.execute("PRAGMA synchronous = NORMAL")


def for_psycopg(url: sa.URL) -> str:
    """Write *url* as the driver takes it."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def describe(kind: str, *, journal: str = "wal") -> str:
    """Tell the version of a database, and what it does at a commit."""
    if kind == "sqlite":
        mode = "WAL, synchronous=NORMAL" if journal == "wal" else f"journal_mode={journal}"
        return f"SQLite {sqlite3.sqlite_version}, {mode}"
    with psycopg.connect(for_psycopg(_server(kind)), autocommit=True) as connection:
        row = connection.execute(
            "SELECT current_setting('server_version'), current_setting('fsync'),"
            " current_setting('synchronous_commit')"
        ).fetchone()
    assert row is not None
    return "PostgreSQL {}, fsync={}, synchronous_commit={}".format(*row)


@contextmanager
def _sqlite_files(journal: str) -> Iterator[Make]:
    with TemporaryDirectory(prefix="flask-dj-session-bench-") as name:
        folder = Path(name)

        def make(name: str, *, copy_of: str | None = None) -> str:
            path = folder / f"{name}.sqlite3"
            if copy_of:
                shutil.copy(folder / f"{copy_of}.sqlite3", path)
            connection = sqlite3.connect(path)
            connection.execute(f"PRAGMA journal_mode = {journal}")
            connection.close()
            return f"sqlite:///{path}"

        yield make


@contextmanager
def _on_server(server: sa.URL) -> Iterator[Make]:
    """Lend a function that makes databases on *server*; copies only on PostgreSQL."""
    prefix = f"flask_dj_session_bench_{os.getpid()}_"
    force = " WITH (FORCE)" if server.get_backend_name() == "postgresql" else ""
    made: list[str] = []

    def make(name: str, *, copy_of: str | None = None) -> str:
        database = prefix + name
        template = f" TEMPLATE {prefix}{copy_of}" if copy_of else ""
        _run(server, f"CREATE DATABASE {database}{template}")
        made.append(database)
        return server.set(database=database).render_as_string(hide_password=False)

    try:
        yield make
    finally:
        for database in made:
            _run(server, f"DROP DATABASE {database}{force}")


def _server(kind: str) -> sa.URL:
    """Return the URL that the environment gives, where the server answers."""
    url = sa.make_url(os.environ[_VARIABLES[kind]])
    try:
        _run(url, "SELECT 1")
    except sa.exc.OperationalError:
        raise SystemExit(
            f"'{_VARIABLES[kind]}' names a server that cannot be connected to."
            " Start it, mend the URL, or unset the variable to do without."
        ) from None
    return url


def _run(server: sa.URL, statement: str) -> None:
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
