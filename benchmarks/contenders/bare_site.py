"""Bare Flask: no session at all, not even Flask's own (it has no SECRET_KEY)."""

from __future__ import annotations

from flask import Flask

from ..data import filling
from ..views import Views


def make_site(url: str, size: str) -> Flask:
    """Make the site; it has no use for a database."""
    app = Flask(__name__)
    views = Views(filling(size))

    @app.get("/begin")
    def begin() -> str:
        return views.begin({})

    @app.get("/count")
    def count() -> str:
        return views.count({})

    @app.get("/read")
    def read() -> str:
        return views.read({})

    app.get("/untouched")(views.untouched)
    return app
