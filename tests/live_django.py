"""A real Django 5.2 in the test's own process, on whatever SQLite file a test gives it.

The whole of Django answers: its handler, SessionMiddleware, its own connection to the file. The
views are the twins of those that tests give to Flask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

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

DjangoView = Callable[[HttpRequest], HttpResponse]

_view: list[DjangoView] = []


def _call_view(request: HttpRequest) -> HttpResponse:
    return _view[-1](request)


urlpatterns = [path("", _call_view)]


class LiveDjango:
    """Django on the SQLite file at *database*."""

    def __init__(self, database: Path) -> None:
        self.database = database

    def migrate(self) -> None:
        """Make Django's tables."""
        call_command("migrate", verbosity=0)

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
def on_file(database: Path) -> Iterator[LiveDjango]:
    """Give Django the SQLite file at *database*."""
    connection = connections["default"]
    connection.close()
    connection.settings_dict["NAME"] = str(database)
    try:
        yield LiveDjango(database)
    finally:
        connections["default"].close()
