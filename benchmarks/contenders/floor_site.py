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


class Driver(NamedTuple):
    """A connection's way to run a statement, and what it takes in it."""

    execute: Callable[..., Any]
    mark: str
    #: turns a date into what the driver takes
    date: Callable[[datetime], Any]


class Floor:
    """Loads and saves the session of the request's cookie."""

    def __init__(self, driver: Driver) -> None:
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

    def load(self, now: datetime) -> tuple[str | None, dict[str, Any]]:
        """Return the key and the data; None and no data where there is no session."""
        header = request.environ.get("HTTP_COOKIE")
        key = cookies.read_cookie(header, _COOKIE.name) if header else None
        if key is None:
            return None, {}
        row = self._execute(self._select, (key, self._date(now))).fetchone()
        return (key, self._codec.decode(row[0])) if row else (None, {})

    def save(
        self, key: str | None, data: dict[str, Any], response: Response, now: datetime
    ) -> None:
        """Store *data*, and hand out the key."""
        key = self._stored(key, self._codec.encode(data, now), now)
        cookie = cookies.set_cookie(_COOKIE, key, now=now, max_age=_TWO_WEEKS)
        response.headers.add("Set-Cookie", cookie)

    def _stored(self, key: str | None, text: str, now: datetime) -> str:
        end = self._date(now + timedelta(seconds=_TWO_WEEKS))
        if key is not None:
            self._execute(self._update, (text, end, key))
            return key
        key = secrets.token_hex(16)
        self._execute(self._insert, (key, text, end))
        return key


class _Runner:
    """Runs views over the session, without a session of Flask's."""

    def __init__(self, app: Flask, floor: Floor) -> None:
        self._app = app
        self._floor = floor

    def reading(self, view: Callable[[Session], str]) -> Response:
        """Answer with *view*, and save nothing."""
        _, data = self._floor.load(datetime.now(timezone.utc))
        response = self._app.make_response(view(data))
        response.headers["Vary"] = "Cookie"
        return response

    def saving(self, view: Callable[[Session], str]) -> Response:
        """Answer with *view*, and save the session."""
        now = datetime.now(timezone.utc)
        key, data = self._floor.load(now)
        response = self._app.make_response(view(data))
        self._floor.save(key, data, response, now)
        response.headers["Vary"] = "Cookie"
        return response


def make_site(url: str, size: str) -> Flask:
    """Make the site, on a connection of its own."""
    app = Flask(__name__)
    runner = _Runner(app, Floor(connect(url)))
    views = Views(filling(size))

    @app.get("/begin")
    def begin() -> Response:
        return runner.saving(views.begin)

    @app.get("/count")
    def count() -> Response:
        return runner.saving(views.count)

    @app.get("/read")
    def read() -> Response:
        return runner.reading(views.read)

    app.get("/untouched")(views.untouched)
    return app


def connect(address: str) -> Driver:
    """Connect to the database at *address*, for one thread."""
    url = sa.make_url(address)
    if url.get_backend_name() == "sqlite":
        connection = sqlite3.connect(str(url.database), isolation_level=None)
        set_pragmas(connection)
        return Driver(connection.execute, "?", lambda date: str(date.replace(tzinfo=None)))
    execute = psycopg.connect(for_psycopg(url), autocommit=True).execute
    return Driver(execute, "%s", lambda date: date)
