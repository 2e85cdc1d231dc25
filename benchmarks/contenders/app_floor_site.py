"""The floor in an app as this package's are: behind Flask's ``session``, and with Flask-SQLAlchemy.

What it takes beyond the floor is Flask's and Flask-SQLAlchemy's, and the little that makes a
session of data: a session that works in such an app can hardly leave it out. It loads with each
request, so that it is no measure for those that do not touch the session.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SessionInterface, SessionMixin

from .flask_sites import add_views, on_database
from .floor_site import Floor, connect


class _Session(dict[str, Any], SessionMixin):
    """The data of a session, and whether it has changed."""

    modified = False
    key: str | None = None

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        self.modified = True


class _Sessions(SessionInterface):
    """Has the floor do what it does, where Flask asks for it."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    def open_session(self, app: Flask, request: Request) -> _Session:
        key, data = self._floor.load(datetime.now(timezone.utc))
        session = _Session(data)
        session.key = key
        return session

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        if session.modified:
            self._floor.save(session.key, session, response, datetime.now(timezone.utc))
        response.headers["Vary"] = "Cookie"


def make_site(url: str, size: str) -> Flask:
    """Make the site, on a connection of its own beside Flask-SQLAlchemy's."""
    app = Flask(__name__)
    on_database(app, url)
    app.session_interface = _Sessions(Floor(connect(url)))
    add_views(app, size)
    return app
