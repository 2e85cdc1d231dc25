"""The floor: bare Flask with the same cookie and codec, and the statements straight on the driver.

What it leaves out no session on a database can leave out: it checks nothing, it knows no settings,
and it is of use to one thread only.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

import psycopg
import sqlalchemy as sa
from flask import Flask, Response, request

from flask_dj_session.wire import SessionCodec, cookies

from ..data import filling
from ..databases import for_psycopg, set_pragmas
from ..views import Session, Views

_TWO_WEEKS = 14 * 24 * 60 * 60
_COOKIE = cookies.CookieAttributes("sessionid")


class _Driver(NamedTuple):
    execute: Callable[..., Any]
    mark: str
    #: turns a date into what the driver takes
    date: Callable[[datetime], Any]


class _Floor:
    """Runs views over the session of the request's cookie."""

    def __init__(self, app: Flask, driver: _Driver) -> None:
        self._app = app
        self._execute, mark, self._date = driver
        self._codec = SessionCodec("benchmark")
        self._select = (
            "SELECT session_data FROM django_session"
            f" WHERE session_key = {mark} AND expire_date > {mark}"
        )
        self._update = (
            f"UPDATE django_session SET session_data = {mark}, expire_date = {mark}"
            f" WHERE session_key = {mark}"
        )
        self._insert = (
            "INSERT INTO django_session (session_key, session_data, expire_date)"
            f" VALUES ({mark}, {mark}, {mark})"
        )

    def reading(self, view: Callable[[Session], str]) -> Response:
        """Answer with *view*, and save nothing."""
        _, data = self._load(datetime.now(timezone.utc))
        response = self._app.make_response(view(data))
        response.headers["Vary"] = "Cookie"
        return response

    def saving(self, view: Callable[[Session], str]) -> Response:
        """Answer with *view*, and save the session."""
        now = datetime.now(timezone.utc)
        key, data = self._load(now)
        response = self._app.make_response(view(data))
        key = self._save(key, self._codec.encode(data, now), now)
        cookie = cookies.set_cookie(_COOKIE, key, now=now, max_age=_TWO_WEEKS)
        response.headers.add("Set-Cookie", cookie)
        response.headers["Vary"] = "Cookie"
        return response

    def _load(self, now: datetime) -> tuple[str | None, dict[str, Any]]:
        header = request.environ.get("HTTP_COOKIE")
        key = cookies.read_cookie(header, _COOKIE.name) if header else None
        if key is None:
            return None, {}
        row = self._execute(self._select, (key, self._date(now))).fetchone()
        return (key, self._codec.decode(row[0])) if row else (None, {})

    def _save(self, key: str | None, text: str, now: datetime) -> str:
        end = self._date(now + timedelta(seconds=_TWO_WEEKS))
        if key is not None:
            self._execute(self._update, (text, end, key))
            return key
        key = secrets.token_hex(16)
        self._execute(self._insert, (key, text, end))
        return key


def make_site(url: str, size: str) -> Flask:
    """Make the site, on a connection of its own."""
    app = Flask(__name__)
    floor = _Floor(app, _connect(sa.make_url(url)))
    views = Views(filling(size))

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


def _connect(url: sa.URL) -> _Driver:
    if url.get_backend_name() == "sqlite":
        connection = sqlite3.connect(str(url.database), isolation_level=None)
        set_pragmas(connection)
        return _Driver(connection.execute, "?", lambda date: str(date.replace(tzinfo=None)))
    execute = psycopg.connect(for_psycopg(url), autocommit=True).execute
    return _Driver(execute, "%s", lambda date: date)
