"""Real servers, by TCP and by socket, for a Flask app that has only Django's entry of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_dj_session import DjangoSessions, django_settings

from ..databases import EVERY_SERVER, backend_of
from ..live_django import SECRET_KEY, LiveDjango
from .conftest import WriteSettings


def _entry(url: sa.URL, **others: Any) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends." + backend_of(url),
        "NAME": url.database,
        "USER": url.username or "",
        "PASSWORD": url.password or "",
        "HOST": url.host or "",
        "PORT": url.port or "",
        **others,
    }


def _socket(url: sa.URL) -> str:
    """Ask the server where its socket is, as HOST wants it."""
    mysql = backend_of(url) == "mysql"
    question = "SELECT @@socket" if mysql else "SHOW unix_socket_directories"
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        answer = str(connection.scalar(sa.text(question))).split(",")[0].strip()
    if not Path(answer).exists():
        pytest.skip(f"no socket of the {url.get_backend_name()} server on this machine")
    return answer


def _save_a_session(module: str) -> str | None:
    app = Flask("tests")
    app.config.from_mapping(django_settings(module))
    db = SQLAlchemy(app)
    sessions = DjangoSessions(app, db)
    with app.app_context():
        session = sessions.session()
        session["made by"] = "Flask"
        session.save()
        db.engine.dispose()
    return session.session_key


@pytest.mark.parametrize("database_url", EVERY_SERVER, indirect=True)
@pytest.mark.parametrize("way", ["tcp", "socket"])
def test_django_reads_what_flask_saved_by_djangos_settings(
    way: str, database_url: sa.URL, django: LiveDjango, write_settings: WriteSettings
) -> None:
    host = {"HOST": _socket(database_url)} if way == "socket" else {}
    entry = _entry(database_url, **host)
    module = write_settings(
        f"SECRET_KEY = {SECRET_KEY!r}\nDATABASES = {{'default': {entry!r}}}", begin=""
    )
    assert django.store(_save_a_session(module)).load() == {"made by": "Flask"}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_role_and_settings_of_the_connection_arrive_at_postgresql(
    database_url: sa.URL, write_settings: WriteSettings
) -> None:
    role = f"flask dj\\session {os.getpid()}"
    options = {"assume_role": role, "options": "-c statement_timeout=1234", "pool": True}
    entry = _entry(database_url, OPTIONS={**options, "application_name": "a b&c"})
    module = write_settings(f"DATABASES = {{'default': {entry!r}}}")
    owner = sa.create_engine(database_url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.exec_driver_sql(f'CREATE ROLE "{role}"')
    try:
        assert _ask(module, "current_user, current_setting('statement_timeout')") == (
            role,
            "1234ms",
        )
        assert _ask(module, "current_setting('application_name')") == ("a b&c",)
    finally:
        with owner.connect() as connection:
            connection.exec_driver_sql(f'DROP ROLE "{role}"')


def _ask(module: str, question: str) -> tuple[Any, ...]:
    settings = django_settings(module)
    engine = sa.create_engine(
        settings["SQLALCHEMY_DATABASE_URI"],
        poolclass=sa.NullPool,
        **settings["SQLALCHEMY_ENGINE_OPTIONS"],
    )
    with engine.connect() as connection:
        return tuple(connection.execute(sa.text(f"SELECT {question}")).one())
