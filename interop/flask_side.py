"""An app with this package, and the deeds that ``django_side`` does as well."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import flask
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_dj_session import DjangoSession, DjangoSessions, UpdateError
from flask_dj_session.auth import DjangoAuth
from flask_dj_session.auth.passwords import PasswordHashers

from . import views

#: whether ``create_table`` can tell Django's migrations of the table
RECORDS_MIGRATION = "record_migration" in inspect.signature(DjangoSessions.create_table).parameters


class FlaskSide:
    """The app.

    :param url: the database, as SQLAlchemy names it.
    :param settings: Django's, by name.
    """

    name = "Flask"

    def __init__(self, url: str, settings: dict[str, Any]) -> None:
        self.app = Flask("interop")
        self.app.config.update(settings, SQLALCHEMY_DATABASE_URI=url, TESTING=True)
        self.db = SQLAlchemy(self.app)
        self.sessions = DjangoSessions(self.app, self.db)
        is_old = settings["DEFAULT_HASHING_ALGORITHM"] == "sha1"
        # As many as in 'quick'.
        hashers = PasswordHashers(iterations=1000, renew_short_salts=not is_old)
        self.auth = DjangoAuth(self.sessions, hashers=hashers, csrf_use_sessions=True)
        self.app.add_url_rule("/<name>/", "view", self._call_view)
        self._held = list[DjangoSession]()

    def visit(self, view: str, key: str | None = None, **given: Any) -> dict[str, Any]:
        """Ask for the page of a view, with a cookie where *key* is given."""
        name = self.app.config["SESSION_COOKIE_NAME"]
        client = self.app.test_client(use_cookies=False)
        response = client.get(
            f"/{view}/",
            query_string={"given": json.dumps(given)},
            headers={} if key is None else {"Cookie": f"{name}={key}"},
        )
        cookies = [text for text in response.headers.getlist("Set-Cookie") if text.startswith(name)]
        return views.answer(
            response.status_code,
            response.text,
            cookies[0] if cookies else "",
            response.headers.get("Vary", ""),
        )

    def _call_view(self, name: str) -> str:
        given = json.loads(flask.request.args["given"])
        if name in _USER_VIEWS:
            return _USER_VIEWS[name](self.auth, given)
        return views.VIEWS[name](flask.session, given)

    def load(self, key: str) -> dict[str, Any]:
        """Read a session outside a request."""
        with self.app.app_context():
            session = self.sessions.session(key)
            data = session.load()
            return {"data": views.plain(data), "key": session.session_key}

    def hold(self, key: str) -> None:
        """Load a session and change it, as a request does that is not at its end yet."""
        with self.app.app_context():
            session = self.sessions.session(key)
            session["held"] = True
        self._held.append(session)

    def save_held(self) -> dict[str, Any]:
        """Save what is held; tell whether it was there to be saved."""
        with self.app.app_context():
            try:
                self._held.pop().save()
            except UpdateError:
                return {"saved": False}
        return {"saved": True}

    def clear(self) -> None:
        """Remove the rows that have expired."""
        with self.app.app_context():
            self.sessions.clear_expired()

    def create_table(self, **options: bool) -> None:
        """Make the table, before Django has."""
        with self.app.app_context():
            self.sessions.create_table(**options)

    def close(self) -> None:
        """Close all connections."""
        with self.app.app_context():
            for engine in self.db.engines.values():
                engine.dispose()


@contextmanager
def flask_side(url: str, settings: dict[str, Any]) -> Iterator[FlaskSide]:
    """Lend an app."""
    side = FlaskSide(url, settings)
    try:
        yield side
    finally:
        side.close()


def _log_in(auth: DjangoAuth, given: dict[str, Any]) -> str:
    user = auth.authenticate(given["name"], given["password"])
    if user is None:
        return "refused"
    auth.login(user)
    return "logged in"


def _log_out(auth: DjangoAuth, given: dict[str, Any]) -> str:
    auth.logout()
    return "logged out"


def _whoami(auth: DjangoAuth, given: dict[str, Any]) -> str:
    return str(auth.current_user.get_username())


def _permissions(auth: DjangoAuth, given: dict[str, Any]) -> str:
    return ",".join(sorted(auth.current_user.get_all_permissions()))


def _change_password(auth: DjangoAuth, given: dict[str, Any]) -> str:
    user = auth.current_user
    auth.set_password(user, given["password"])
    auth.update_session_auth_hash(user)
    return "changed"


_USER_VIEWS = {
    "login": _log_in,
    "logout": _log_out,
    "whoami": _whoami,
    "permissions": _permissions,
    "change_password": _change_password,
}
