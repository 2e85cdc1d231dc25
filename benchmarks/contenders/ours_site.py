"""Flask with this package."""

from __future__ import annotations

from typing import Any

from flask import Flask

from flask_dj_session import DjangoSessions
from flask_dj_session.merging import Merger

from .flask_sites import add_views, on_database


def make_site(url: str, size: str) -> Flask:
    """Make the site, with the package's default settings."""
    return make_sessions(url, size)[0]


def make_sessions(
    url: str, size: str, mergers: dict[str, Merger] | None = None, **settings: Any
) -> tuple[Flask, DjangoSessions]:
    """Make the site, and return the extension too."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="benchmark", **settings)
    sessions = DjangoSessions(app, on_database(app, url), mergers=mergers)
    add_views(app, size)
    return app, sessions


def make_table(url: str) -> None:
    """Make the table ``django_session``, which is Django's to the byte, and disconnect."""
    app, sessions = make_sessions(url, "small")
    with app.app_context():
        sessions.create_table()
        app.extensions["sqlalchemy"].engine.dispose()
