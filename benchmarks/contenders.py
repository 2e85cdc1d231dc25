"""The WSGI applications that are compared; each has the paths /count, /read and /untouched.

All keep their sessions in the same database with the same durability: on SQLite WAL and
``synchronous=NORMAL``. ``blob`` is other data in the session beside the counter.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import flask
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_dj_session import DjangoSessions, SessionCodec
from flask_dj_session.wire.cookies import CookieAttributes, set_cookie

SECRET_KEY = "the benchmark's"
AGE = 1209600  # seconds

WSGIApplication = Callable[[dict[str, Any], Any], Any]
MakeApplication = Callable[[sa.URL, str], WSGIApplication]


def bare(url: sa.URL, blob: str) -> WSGIApplication:
    """Flask without a session."""
    app = Flask("bare")
    for path in ("count", "read", "untouched"):
        app.add_url_rule(f"/{path}", path, lambda: "1")
    return app


def ours(url: sa.URL, blob: str) -> WSGIApplication:
    """Flask with the sessions of this package."""
    app = Flask("ours")
    app.config.update(SECRET_KEY=SECRET_KEY, SQLALCHEMY_DATABASE_URI=_text(url))
    db = SQLAlchemy(app)
    sessions = DjangoSessions(app, db)
    with app.app_context():
        _set_pragmas(db.engine)
        sessions.create_table()
    _add_flask_views(app, blob)
    return app


def flask_session(url: sa.URL, blob: str) -> WSGIApplication:
    """Flask-Session with its SQLAlchemy backend."""
    from flask_session import Session

    app = Flask("flask_session")
    app.config.update(SECRET_KEY=SECRET_KEY, SQLALCHEMY_DATABASE_URI=_text(url))
    db = SQLAlchemy(app)
    app.config.update(SESSION_TYPE="sqlalchemy", SESSION_SQLALCHEMY=db)
    with app.app_context():
        _set_pragmas(db.engine)
        Session(app)
        db.create_all()
    _add_flask_views(app, blob)
    return app


def floor(url: sa.URL, blob: str) -> WSGIApplication:
    """Flask, the same cookie and codec, and two statements straight on the driver."""
    ours(url, blob)  # makes the table
    run, mark, date = _driver(url)
    load = (
        f"SELECT session_data FROM django_session WHERE session_key={mark} AND expire_date>{mark}"
    )
    update = f"UPDATE django_session SET session_data={mark}, expire_date={mark}"
    update += f" WHERE session_key={mark}"
    insert = f"INSERT INTO django_session VALUES ({mark}, {mark}, {mark})"
    app, codec, cookie = Flask("floor"), SessionCodec(SECRET_KEY), CookieAttributes("sessionid")

    def loaded(now: datetime) -> tuple[str | None, dict[str, Any]]:
        key = flask.request.cookies.get("sessionid")
        row = run(load, (key, date(now))).fetchone() if key else None
        return (key, codec.decode(row[0])) if row else (None, {})

    @app.get("/count")
    def count() -> flask.Response:
        now = datetime.now(timezone.utc)
        key, data = loaded(now)
        data["n"] = data.get("n", 0) + 1
        data.setdefault("blob", blob)
        text, end = codec.encode(data, now), date(now + timedelta(seconds=AGE))
        if key:
            run(update, (text, end, key))
        else:
            key = secrets.token_hex(16)
            run(insert, (key, text, end))
        response = app.make_response("1")
        header = set_cookie(cookie, key, now=now, max_age=AGE)
        response.headers["Set-Cookie"], response.headers["Vary"] = header, "Cookie"
        return response

    @app.get("/read")
    def read() -> flask.Response:
        response = app.make_response(str(bool(loaded(datetime.now(timezone.utc))[1].get("n"))))
        response.headers["Vary"] = "Cookie"
        return response

    app.add_url_rule("/untouched", "untouched", lambda: "1")
    return app


def django(url: sa.URL, blob: str) -> WSGIApplication:
    """Django 5.2 with its database backend and a connection that persists."""
    import django as framework
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler
    from django.core.management import call_command
    from django.http import HttpResponse
    from django.urls import path

    def count(request: Any) -> Any:
        request.session["n"] = request.session.get("n", 0) + 1
        request.session.setdefault("blob", blob)
        return HttpResponse("1")

    paths = {
        "count": count,
        "read": lambda request: HttpResponse(str(bool(request.session.get("n")))),
        "untouched": lambda request: HttpResponse("1"),
    }
    settings.configure(
        SECRET_KEY=SECRET_KEY,
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=type("urls", (), {"urlpatterns": [path(*one) for one in paths.items()]}),
        INSTALLED_APPS=["django.contrib.sessions"],
        MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
        DATABASES={"default": _django_database(url)},
        USE_TZ=True,
    )
    framework.setup()
    call_command("migrate", "sessions", verbosity=0)
    application: WSGIApplication = WSGIHandler()
    return application


CONTENDERS: dict[str, MakeApplication] = {
    "bare": bare,
    "floor": floor,
    "ours": ours,
    "django": django,
    "flask_session": flask_session,
}


def _add_flask_views(app: Flask, blob: str) -> None:
    @app.get("/count")
    def count() -> str:
        flask.session["n"] = flask.session.get("n", 0) + 1
        flask.session.setdefault("blob", blob)
        return "1"

    app.add_url_rule("/read", "read", lambda: str(bool(flask.session.get("n"))))
    app.add_url_rule("/untouched", "untouched", lambda: "1")


def _text(url: sa.URL) -> str:
    return url.render_as_string(hide_password=False)


def _pragmas(connection: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


def _set_pragmas(engine: sa.Engine) -> None:
    if engine.name == "sqlite":
        sa.event.listen(engine, "connect", lambda connection, _: _pragmas(connection))


def _driver(url: sa.URL) -> tuple[Callable[..., Any], str, Callable[[datetime], Any]]:
    """Return what runs a statement on the driver, its parameter mark, and how it takes dates."""
    if url.get_backend_name() == "sqlite":
        connection = sqlite3.connect(url.database or "", isolation_level=None)
        _pragmas(connection)
        return connection.execute, "?", lambda moment: str(moment.replace(tzinfo=None))
    import psycopg

    postgresql = psycopg.connect(_text(url.set(drivername="postgresql")), autocommit=True)
    return postgresql.execute, "%s", lambda moment: moment


def _django_database(url: sa.URL) -> dict[str, Any]:
    if url.get_backend_name() == "sqlite":
        options = {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL"}
        engine = "django.db.backends.sqlite3"
        return {"ENGINE": engine, "NAME": url.database, "CONN_MAX_AGE": None, "OPTIONS": options}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": url.database,
        "USER": url.username or "",
        "PASSWORD": url.password or "",
        "HOST": url.host or "",
        "PORT": url.port or "",
        "CONN_MAX_AGE": None,
    }
