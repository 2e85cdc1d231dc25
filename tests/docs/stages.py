"""Where the consoles of the documents are tried; a stage lasts for a page."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Protocol

import pytest
import time_machine
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_dj_session import DjangoSessions, SessionCodec
from flask_dj_session.auth import DjangoAuth

from .console import ROOT
from .project import project
from .serving import course

_PORT = "5000"
_EXPORTS = (
    f"export PYTHONPATH={ROOT}",
    "export FLASK_SECRET_KEY=any",
    "export FLASK_SQLALCHEMY_DATABASE_URI=sqlite:///$PWD/db.sqlite3",
)
_NOW = datetime(2026, 11, 23, 3, 39, 1, tzinfo=timezone.utc)
_ROWS: list[tuple[str, dict[str, Any], timedelta, str]] = [
    ("eq8qwe", {"num_visits": 1}, timedelta(days=14), "secret"),
    ("i6xzsm", {"_auth_user_id": "7"}, timedelta(days=14), "the key of last year"),
    ("jgfzc2", {"num_visits": 4}, timedelta(days=-1), "secret"),
    ("qt1nxm", {"_auth_user_id": "7", "num_visits": 3}, timedelta(days=14), "secret"),
    ("w1uotf", {"num_visits": 2018}, timedelta(days=3), "nobody's key"),
    ("xz4rpd", {}, timedelta(days=-10), "secret"),
]


class Stage(Protocol):
    """What runs a command and returns the lines that it prints."""

    def run(self, command: str) -> list[str]:
        """Run *command*."""


class Shell:
    """A folder with ``app.py``, which is served as ``flask run`` does."""

    def __init__(self, folder: Path, port: str) -> None:
        self._folder = folder
        self._port = port

    def run(self, command: str) -> list[str]:
        """Run *command* in the folder; the port of the documents is that of the server here."""
        missing = [name for name in ("curl", "sqlite3", "base64") if not shutil.which(name)]
        if any(name in command for name in missing):
            pytest.skip(f"not installed here: {', '.join(missing)}")
        done = subprocess.run(
            ["bash", "-c", command.replace(f":{_PORT}/", f":{self._port}/")],
            cwd=self._folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout.splitlines()


class Commands:
    """An app with some rows, at a time that stands still; or several of them, by name."""

    def __init__(self, app: Flask, **others: Flask) -> None:
        self._app = app
        self._others = others

    def run(self, command: str) -> list[str]:
        """Run a command of ``flask``; where it asks, the answer is yes, or a password."""
        program, *arguments = command.removeprefix("FLASK_SECRET_KEY=secret ").split()  # as here
        assert program in ("flask", ".venv/bin/flask")
        app = self._app
        if arguments[0] == "--app":
            app = self._others[arguments[1]]
            arguments = arguments[2:]
        answer = "y\n" if "--all" in arguments else "secret\n" * 2
        with app.app_context():  # a command takes the one that is there
            output = app.test_cli_runner().invoke(args=arguments, input=answer).output
        return output.splitlines()


@contextmanager
def shell(folder: Path) -> Iterator[Stage]:
    """Lend ``app.py``, served from *folder*."""
    with course(folder) as port:
        yield Shell(folder, port)


@contextmanager
def django_project(folder: Path) -> Iterator[Stage]:
    """Lend a Django project that has no tables yet; Flask is served as soon as it is asked."""
    with project(folder) as terminal:
        yield terminal


@contextmanager
def migrated_project(folder: Path) -> Iterator[Stage]:
    """Lend a Django project that has had a visitor, and ``app.py`` beside it."""
    visit = (
        "from django.contrib.sessions.backends.db import SessionStore;"
        "visitor = SessionStore(); visitor['num_visits'] = 1; visitor.save()"
    )
    prepare = ("python manage.py migrate sessions", f'python manage.py shell -c "{visit}"')
    with project(folder, prepare=prepare) as terminal:
        yield terminal


@contextmanager
def flask_first(folder: Path) -> Iterator[Stage]:
    """Lend a Django project that lacks its sessions' migration, where Flask has made the table."""
    migrated = ("python manage.py migrate auth", "python manage.py migrate admin")
    prepare = (*migrated, *_EXPORTS, "flask sessions create-table")
    with project(folder, prepare=prepare) as terminal:
        yield terminal


@contextmanager
def _app(
    folder: Path, *, table: bool = True, **config: Any
) -> Iterator[tuple[Flask, DjangoSessions]]:
    app = Flask("docs")
    app.config.update(
        SECRET_KEY="secret",
        SECRET_KEY_FALLBACKS=["the key of last year"],
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder / 'db.sqlite3'}",
    )
    app.config.update(config)
    db = SQLAlchemy(app)
    sessions = DjangoSessions(app, db)
    _set_wal_mode(folder / "db.sqlite3")
    with app.app_context(), time_machine.travel(_NOW, tick=False):
        if table:
            sessions.create_table()
        yield app, sessions
        db.engine.dispose()


def _set_wal_mode(file: Path) -> None:
    """Let an SQLite file be as docs/how-to/sqlite.md says."""
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


@contextmanager
def empty(folder: Path) -> Iterator[Stage]:
    """Lend an app whose database has no table yet."""
    with _app(folder, table=False) as (app, _):
        yield Commands(app)


@contextmanager
def rows(folder: Path) -> Iterator[Stage]:
    """Lend an app with some sessions: live and expired, a user's, and one of another key."""
    with _app(folder) as (app, sessions):
        for beginning, data, lifetime, key in _ROWS:
            text = SessionCodec(key).encode(data, _NOW)
            sessions.store.insert(beginning.ljust(32, "0"), text, _NOW + lifetime)
        yield Commands(app)


@contextmanager
def healthy(folder: Path) -> Iterator[Stage]:
    """Lend an app with a table in which nothing is wrong."""
    with _app(folder) as (app, sessions):
        for number in range(120):
            _insert(sessions, f"{number:032}", signed=_NOW - timedelta(minutes=number))
        yield Commands(app)


@contextmanager
def neglected(folder: Path) -> Iterator[Stage]:
    """Lend an app with a table without its index, of a site that has forgotten its old key."""
    with _app(folder) as (app, sessions):
        with sessions.store.engine.connect() as connection:
            connection.exec_driver_sql("DROP INDEX django_session_expire_date_a5c62663")
        rotated = datetime(2026, 11, 17, 3, 40, tzinfo=timezone.utc)
        for number in range(12):
            signed = _NOW - timedelta(hours=2 + number)
            _insert(sessions, f"expired{number:025}", signed=signed, lifetime=3600)
        for number in range(68):
            _insert(sessions, f"live{number:028}", signed=_NOW - timedelta(minutes=30 * number))
        for number in range(41):
            signed = rotated - timedelta(hours=number)
            _insert(sessions, f"rotated{number:025}", signed=signed, key="forgotten")
        for beginning in ("j0dlyu", "p3wu4m"):
            sessions.store.insert(beginning.ljust(32, "0"), "eyJu", _NOW + timedelta(days=1))
        yield Commands(app)


@contextmanager
def local_time(folder: Path) -> Iterator[Stage]:
    """Lend an app whose table has dates of a Django on Chicago's clock."""
    with _app(folder) as (app, sessions):
        for number in range(40):
            signed = _NOW - timedelta(minutes=number)
            _insert(sessions, f"{number:032}", signed=signed, off=timedelta(hours=-6))
        yield Commands(app)


@contextmanager
def two_keys(folder: Path) -> Iterator[Stage]:
    """Lend two apps on one table, of which ``api`` has another key than ``shop`` and Django."""
    with (
        _app(folder, SECRET_KEY_FALLBACKS=[]) as (shop, sessions),
        _app(folder, SECRET_KEY_FALLBACKS=[], SECRET_KEY="secret\r") as (api, _),
        shop.app_context(),
    ):
        for number in range(300):
            _insert(sessions, f"{number:032}", signed=_NOW - timedelta(minutes=number))
        for number in range(20):
            signed = _NOW - timedelta(minutes=number * 7)
            _insert(sessions, f"a{number:031}", signed=signed, key="secret\r")
        yield Commands(shop, shop=shop, api=api)


def _insert(
    sessions: DjangoSessions,
    session_key: str,
    *,
    signed: datetime,
    key: str = "secret",
    lifetime: int | None = None,
    off: timedelta = timedelta(),
    data: dict[str, Any] | None = None,
) -> None:
    """Add a row as a Django would that saved the session when it was *signed*.

    :param lifetime: seconds of a session with an expiry of its own.
    """
    if data is None:
        data = {"num_visits": 1} if lifetime is None else {"_session_expiry": lifetime}
    ends = signed + (timedelta(days=14) if lifetime is None else timedelta(seconds=lifetime))
    sessions.store.insert(session_key, SessionCodec(key).encode(data, signed), ends + off)


@contextmanager
def users(folder: Path) -> Iterator[Stage]:
    """Lend an app with a login, whose database has no table yet."""
    with _app(folder, table=False) as (app, sessions):
        DjangoAuth(sessions, app)
        yield Commands(app)


@contextmanager
def logins(folder: Path) -> Iterator[Stage]:
    """Lend an app whose users have logged in, one of them on three devices; another is inactive."""
    with _app(folder, SESSION_ABSOLUTE_AGE=43_200) as (app, sessions):
        auth = DjangoAuth(sessions, app)
        auth.create_tables()
        ann, bob = auth.create_user("ann"), auth.create_user("bob", is_active=False)
        for number, hours in enumerate([1, 2, 20, 30]):
            data = {
                "_auth_user_id": str((ann if number < 3 else bob).pk),
                "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
                "_auth_user_hash": ann.get_session_auth_hash(),
                "_auth_login_time": int((_NOW - timedelta(hours=hours)).timestamp()),
            }
            _insert(sessions, f"{number:032}", signed=_NOW - timedelta(hours=1), data=data)
        yield Commands(app)


STAGES: dict[str, Any] = {
    "app": shell,
    "project": django_project,
    "project with a table": migrated_project,
    "project after Flask": flask_first,
    "empty": empty,
    "rows": rows,
    "users": users,
    "logins": logins,
    "healthy": healthy,
    "neglected": neglected,
    "local time": local_time,
    "two keys": two_keys,
}
