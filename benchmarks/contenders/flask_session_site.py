"""Flask with Flask-Session, which keeps sessions with the same Flask-SQLAlchemy."""

from __future__ import annotations

from flask import Flask
from flask_session import Session

from .flask_sites import add_views, on_database


def make_site(url: str, size: str) -> Flask:
    """Make the site, with Flask-Session's default settings."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="benchmark",
        SESSION_TYPE="sqlalchemy",
        SESSION_SQLALCHEMY=on_database(app, url),
    )
    Session(app)
    add_views(app, size)
    return app
