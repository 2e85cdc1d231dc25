"""Fixtures of all tests: the time, a database, apps on it, and a real Django beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy

from flask_dj_session import DjangoSessions

from .live_django import SECRET_KEY, LiveDjango, on_file

NOW = datetime(2026, 11, 23, 12, 30, 15, 123456, tzinfo=timezone.utc)


class Site(NamedTuple):
    """A Flask app with sessions, and what it was made of."""

    app: Flask
    db: SQLAlchemy
    sessions: DjangoSessions

    @property
    def client(self) -> FlaskClient:
        """A new browser."""
        return self.app.test_client()

    def rows(self) -> list[Any]:
        """Return the rows of the table, by key."""
        with self.app.app_context():
            model = self.sessions.model
            return list(self.db.session.scalars(self.db.select(model).order_by(model.session_key)))


MakeSite = Callable[..., Site]


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Stop the time at NOW; ``clock.shift(seconds)`` moves it."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return the path of an SQLite file that is not there yet."""
    return tmp_path / "db.sqlite3"


@pytest.fixture
def make_site(database: Path) -> Iterator[MakeSite]:
    """Return what makes apps on the database; keywords go into ``app.config``."""
    made: list[Site] = []

    def make(
        *,
        table: bool = True,
        options: dict[str, Any] | None = None,
        extension: dict[str, Any] | None = None,
        **config: Any,
    ) -> Site:
        app = Flask("tests.site")
        app.config.update(SECRET_KEY=SECRET_KEY, TESTING=True)
        app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{database}"
        app.config.update(config)
        db = SQLAlchemy(app, engine_options=options)
        site = Site(app, db, DjangoSessions(app, db, **(extension or {})))
        made.append(site)
        if table:
            with app.app_context():
                site.sessions.create_table()
        return site

    yield make
    for site in made:
        with site.app.app_context():
            for engine in site.db.engines.values():
                engine.dispose()


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    """Return an app with the table."""
    return make_site()


@pytest.fixture
def django(database: Path) -> Iterator[LiveDjango]:
    """Return a Django on the same database, with its tables."""
    with on_file(database) as live:
        live.migrate()
        yield live
