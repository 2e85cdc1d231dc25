"""Commands run on an app's database, at a time that stands still."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from click.testing import Result

from flask_dj_session.wire import SessionCodec

from ..conftest import NOW, Site
from ..live_django import SECRET_KEY

Run = Callable[..., Result]
Put = Callable[..., None]

#: a row of the course notes; its key is not known
COURSE_ROW = "YThiZWRjMjQ1NzZhMzYzMTBhZjYxNWI2ZDgyODI1Y2ExODI2MTJjNzp7Im51bV92aXNpdHMiOjF9"


def key_of(beginning: str) -> str:
    """Return a session key."""
    return beginning.ljust(32, "0")


@pytest.fixture
def run(site: Site, clock: time_machine.Traveller) -> Run:
    """Return what runs a command of the app: ``run("sessions", "list")``."""

    def invoke(*args: str, **options: Any) -> Result:
        return site.app.test_cli_runner().invoke(args=args, **options)

    return invoke


@pytest.fixture
def put(site: Site) -> Put:
    """Return what stores a session under the key that begins as given."""

    def store(beginning: str, text: str | None = None, *, ends: int = 60, **data: Any) -> None:
        text = text or SessionCodec(SECRET_KEY).encode(data, NOW)
        with site.app.app_context():
            site.sessions.store.insert(key_of(beginning), text, NOW + timedelta(seconds=ends))

    return store


def keys(site: Site) -> list[str]:
    """Return the beginnings of the keys that are stored."""
    return [row.session_key.rstrip("0") for row in site.rows()]


def in_wal_mode(url: sa.URL) -> sa.URL:
    """Let a file of SQLite be in WAL mode, so that 'check' has nothing to note of it."""
    if url.get_backend_name() == "sqlite":
        connection = sqlite3.connect(str(url.database))
        connection.execute("PRAGMA journal_mode = WAL")
        connection.close()
    return url
