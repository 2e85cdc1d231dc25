"""Databases for one test each: an SQLite file, or one on a server; no fixtures here."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from ..auth import DjangoAuth
from ..extension import DjangoSessions


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
    run(url, f"CREATE DATABASE {name}")
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        run(url, f"DROP DATABASE {name}{force}")


def run(url: sa.URL, statement: str) -> None:
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
