"""A real Django 5.2 in the test's own process, on whatever database a test gives it.

The whole of Django answers: its handler, SessionMiddleware, its own connection to the database. The
views are the twins of those that tests give to Flask.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
import pymysql
import sqlalchemy as sa
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from flask_dj_session.pytest_plugin.databases import django_entry

SECRET_KEY = "one key for both"

settings.configure(
    SECRET_KEY=SECRET_KEY,
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    USE_TZ=True,
    TIME_ZONE="UTC",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
    ],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
)
django.setup()


def _without_waiting_for_the_disk(connection: Any, **_: Any) -> None:
    # As tests/conftest.py has it for SQLAlchemy's connections.
    if connection.vendor == "sqlite":
        connection.connection.execute("PRAGMA synchronous = OFF").close()


connection_created.connect(_without_waiting_for_the_disk)


DjangoView = Callable[[HttpRequest], HttpResponse]

_view: list[DjangoView] = []


def _call_view(request: HttpRequest) -> HttpResponse:
    return _view[-1](request)


urlpatterns = [path("", _call_view)]


class LiveDjango:
    """Django on the database at *url*."""

    def __init__(self, url: sa.URL) -> None:
        self.url = url

    @property
    def database(self) -> Path:
        """The path of an SQLite file."""
        return Path(self.url.database or "")

    def migrate(self) -> None:
        """Make Django's table of sessions."""
        call_command("migrate", "sessions", verbosity=0)

    def disconnect(self) -> None:
        """Close Django's connection; it opens another when it needs one."""
        connections["default"].close()

    def store(self, session_key: str | None = None) -> Any:
        """Return Django's SessionStore."""
        from django.contrib.sessions.backends.db import SessionStore

        return SessionStore(session_key)

    @contextmanager
    def view(self, view: DjangoView) -> Iterator[None]:
        """Answer ``/`` with *view*."""
        _view.append(view)
        try:
            yield
        finally:
            _view.pop()

    def client(self) -> Client:
        """Return a browser of Django's."""
        return Client(raise_request_exception=False)

    def settings(self, **values: Any) -> Any:
        """Change settings inside a ``with``."""
        return override_settings(**values)


@contextmanager
def on_database(url: sa.URL) -> Iterator[LiveDjango]:
    """Give Django the database at *url*."""
    _point_to(django_entry(url))
    try:
        yield LiveDjango(url)
    finally:
        _point_to({"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"})


def _point_to(database: dict[str, Any]) -> None:
    if database["ENGINE"].endswith("mysql") and not importlib.util.find_spec("MySQLdb"):
        pymysql.install_as_MySQLdb()
    connections["default"].close()
    del connections["default"]
    connections.settings["default"] = connections.configure_settings({"default": database})[
        "default"
    ]
