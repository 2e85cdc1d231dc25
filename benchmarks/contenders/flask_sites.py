"""What sites of Flask with Flask-SQLAlchemy have in common."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Flask, session
from flask_sqlalchemy import SQLAlchemy

from ..data import filling
from ..databases import set_pragmas
from ..views import Views


def on_database(app: Flask, url: str) -> SQLAlchemy:
    """Give *app* the database at *url*."""
    # As many connections as gunicorn_load has threads; without threads there is but one.
    app.config.update(SQLALCHEMY_DATABASE_URI=url, SQLALCHEMY_ENGINE_OPTIONS={"pool_size": 8})
    db = SQLAlchemy(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            sa.event.listen(db.engine, "connect", lambda raw, _: set_pragmas(raw))
    return db


def add_views(app: Flask, size: str) -> None:
    """Add the views, over Flask's ``session``."""
    views = Views(filling(size))
    any_session: Any = session

    @app.get("/begin")
    def begin() -> str:
        return views.begin(any_session)

    @app.get("/count")
    def count() -> str:
        return views.count(any_session)

    @app.get("/read")
    def read() -> str:
        return views.read(any_session)

    @app.get("/logout")
    def logout() -> str:
        return views.logout(any_session)

    app.get("/untouched")(views.untouched)
