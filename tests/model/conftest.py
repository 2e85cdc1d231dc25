"""Apps on a ``db`` that is made in ways of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from ..databases import text_of
from ..live_django import SECRET_KEY

MakeApp = Callable[..., Flask]


@pytest.fixture
def make_app(database_url: sa.URL) -> Iterator[MakeApp]:
    """Return what makes an app with a ``db`` on the database; keywords go into ``app.config``."""
    made: list[tuple[Flask, SQLAlchemy]] = []

    def make(db: SQLAlchemy, **config: Any) -> Flask:
        app = Flask("tests.model")
        app.config.update(SECRET_KEY=SECRET_KEY, SQLALCHEMY_DATABASE_URI=text_of(database_url))
        app.config.update(config)
        db.init_app(app)
        made.append((app, db))
        return app

    yield make
    for app, db in made:
        with app.app_context():
            db.session.remove()
            for engine in db.engines.values():
                engine.dispose()
