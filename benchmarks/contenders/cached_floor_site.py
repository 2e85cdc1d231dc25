"""The floor of a cache: bare Flask with the cookie, one GET, and one SET where a visit is counted.

It writes no row, and it reads whatever pickle is there: it is what nobody could do without.
"""

from __future__ import annotations

import os
import pickle
import secrets
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import redis
from flask import Flask, Response, request

from flask_dj_session.wire import cookies

from ..data import filling
from ..views import Session, Views
from .caches import redis_url

_TWO_WEEKS = 14 * 24 * 60 * 60
_COOKIE = cookies.CookieAttributes("sessionid")


class _Floor:
    def __init__(self, app: Flask) -> None:
        self._app = app
        self._prefix = f"bench-{os.getpid()}-floor:"
        self._redis: Any = redis.Redis.from_url(redis_url())

    def reading(self, view: Callable[[Session], str]) -> Response:
        response = self._app.make_response(view(self._load()[1]))
        response.headers["Vary"] = "Cookie"
        return response

    def saving(self, view: Callable[[Session], str]) -> Response:
        key, data = self._load()
        response = self._app.make_response(view(data))
        key = key or secrets.token_hex(16)
        self._redis.set(self._prefix + key, pickle.dumps(data, 5), ex=_TWO_WEEKS)
        now = datetime.now(timezone.utc)
        cookie = cookies.set_cookie(_COOKIE, key, now=now, max_age=_TWO_WEEKS)
        response.headers.add("Set-Cookie", cookie)
        response.headers["Vary"] = "Cookie"
        return response

    def _load(self) -> tuple[str | None, dict[str, Any]]:
        header = request.environ.get("HTTP_COOKIE")
        key = cookies.read_cookie(header, _COOKIE.name) if header else None
        raw = self._redis.get(self._prefix + key) if key else None
        return (key, pickle.loads(raw)) if raw else (None, {})


def make_site(url: str, size: str) -> Flask:
    """Make the site; it has no use for a database."""
    app = Flask(__name__)
    floor, views = _Floor(app), Views(filling(size))

    @app.get("/begin")
    def begin() -> Response:
        return floor.saving(views.begin)

    @app.get("/count")
    def count() -> Response:
        return floor.saving(views.count)

    @app.get("/read")
    def read() -> Response:
        return floor.reading(views.read)

    app.get("/untouched")(views.untouched)
    return app
