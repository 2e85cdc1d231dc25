"""The app that the fixtures of the plugin work on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask, Response, jsonify, request, session
from flask_sqlalchemy import SQLAlchemy

from flask_dj_session import DjangoSessions


@pytest.fixture
def app(django_session_db: str) -> Iterator[Flask]:
    """Return an app such as somebody may have."""
    app = Flask("somebodys_app")
    app.config.update(SECRET_KEY="one key for both", SQLALCHEMY_DATABASE_URI=django_session_db)
    db = SQLAlchemy(app)
    DjangoSessions(app, db)

    @app.get("/")
    def look() -> Response:
        return jsonify(dict(session))

    @app.get("/count")
    def count() -> str:
        session["n"] = session.get("n", 0) + 1
        return str(session["n"])

    @app.get("/cycle")
    def cycle() -> str:
        request.session.cycle_key()  # type: ignore[attr-defined]
        return "cycled"

    @app.get("/replace")
    def replace() -> str:
        request.session.flush()  # type: ignore[attr-defined]
        session["n"] = 0
        return "replaced"

    @app.get("/flush")
    def flush() -> str:
        request.session.flush()  # type: ignore[attr-defined]
        return "flushed"

    yield app
    with app.app_context():
        db.engine.dispose()
