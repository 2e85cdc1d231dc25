"""Databases for one test each, and Django's names for them; no fixtures here."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from ..auth import DjangoAuth
from ..extension import DjangoSessions

_ENGINES = {"sqlite": "sqlite3", "postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}

#: Django's names of what drivers are given, by the names of the several drivers
_PARTS = {
    "dbname": "NAME",
    "database": "NAME",
    "db": "NAME",
    "user": "USER",
    "username": "USER",
    "password": "PASSWORD",
    "passwd": "PASSWORD",
    "host": "HOST",
    "port": "PORT",
}
#: what SQLAlchemy adds for its own sake
_SQLALCHEMYS_OWN = {"client_flag", "context", "check_same_thread"}
#: the drivers that Django uses, and PyMySQL, which stands in for one of them
_DJANGOS_DRIVERS = {"pysqlite", "psycopg", "psycopg2", "mysqldb", "pymysql"}
#: what is the same to all drivers of a kind
_COMMON = {"application_name", "charset", "init_command", "unix_socket"}


@contextmanager
def lend(server: str, folder: Path) -> Iterator[str]:
    """Lend the URL of an empty database.

    :param server: the URL of a database that may be connected to in order to create others;
        without one, the database is an SQLite file in *folder*.
    """
    url = sa.make_url(server or "sqlite://")
    if url.get_backend_name() == "sqlite":
        yield f"sqlite:///{folder / 'django_session_db.sqlite3'}"
        return
    name = f"test_django_session_{secrets.token_hex(8)}"
    force = " WITH (FORCE)" if url.get_backend_name() == "postgresql" else ""
    _run(url, f"CREATE DATABASE {name}")
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        _run(url, f"DROP DATABASE {name}{force}")


def _run(url: sa.URL, statement: str) -> None:
    """Run a statement that works in no transaction."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)


def make_tables(url: str) -> None:
    """Make Django's tables, with Django's record of their migrations."""
    app = Flask("flask_dj_session.pytest_plugin")
    app.config.update(SECRET_KEY=secrets.token_hex(), SQLALCHEMY_DATABASE_URI=url)
    db = SQLAlchemy(app, engine_options={"poolclass": sa.NullPool})
    sessions = DjangoSessions(app, db)
    with app.app_context():
        sessions.create_table(record_migration=True)
        DjangoAuth(sessions).create_tables(record_migrations=True)
        db.engine.dispose()


def django_entry(url: sa.URL) -> dict[str, Any]:
    """Return the entry of Django's DATABASES for the database at *url*.

    Of the options of a driver that Django does not use, only those that all drivers know are told.

    :raises ValueError: where another process could not open that database.
    """
    files, given = url.get_dialect()().create_connect_args(url)
    if files:  # SQLite
        given["database"] = files[0]
        if ":memory:" in files[0] or "mode=memory" in files[0]:
            raise ValueError(
                "The app's database is in memory, where no other process can find it. Use"
                " 'django_session_db' as its SQLALCHEMY_DATABASE_URI."
            )
    entry = {_PARTS[name]: value for name, value in given.items() if name in _PARTS}
    options = given.keys() - _PARTS.keys() - _SQLALCHEMYS_OWN
    if url.get_driver_name() not in _DJANGOS_DRIVERS:
        options &= _COMMON
    return {
        "ENGINE": f"django.db.backends.{_ENGINES[url.get_backend_name()]}",
        **entry,
        "OPTIONS": {name: given[name] for name in sorted(options)},
    }
