"""The course's application: a cookie that the browser keeps, a counter that the server keeps.

``flask run`` starts it with a database and a secret key of its own in ``instance/``. Variables
such as FLASK_SECRET_KEY and FLASK_SQLALCHEMY_DATABASE_URI point it at a Django project instead;
so does DJANGO_SETTINGS_MODULE alone, which names the project's settings, or with DJANGO_PYTHON, the
site's own Python, which then says what it is; or SITE_DESCRIPTION, a file of what it has said.
In debug mode, as with ``make run``, the inspector at ``/sessions/`` shows what is stored, to this
machine alone.
"""

import os
import secrets
import sqlite3
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from flask import Flask, Response, make_response, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from werkzeug.exceptions import HTTPException

from flask_dj_session import DjangoSessions, django_settings
from flask_dj_session.auth import DjangoAuth
from flask_dj_session.errors import SettingError
from flask_dj_session.inspector import Inspector
from flask_dj_session.merging import MISSING, add
from shop_corner import shop


def generated_key(file: Path) -> str:
    """Return the key in *file*, which is drawn once and readable by its owner alone."""
    if not file.exists():
        draft = file.with_name(f"{file.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50))
        with suppress(FileExistsError):  # the first of several processes wins
            os.link(draft, file)
        draft.unlink()
    return file.read_text()


def serve_many(connection: Any, _: object) -> None:
    """Let visitors read while one writes, and wait less for the disk: docs/how-to/sqlite.md."""
    with suppress(sqlite3.OperationalError):  # another process is about to do the same
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")


def two_counts(loaded: Any, theirs: Any, ours: Any) -> Any:
    """Count the visits of two tabs at once: after the fifth, the counter begins anew."""
    num_visits = add(loaded, theirs, ours)
    return MISSING if num_visits is MISSING or num_visits > 4 else num_visits


OWN_DATABASE = "sqlite:///db.sqlite3"  # a path below instance/

app = Flask(__name__, instance_relative_config=True)
app.config["SQLALCHEMY_DATABASE_URI"] = OWN_DATABASE
app.config["SESSION_CONCURRENCY"] = "merge"  # two tabs at once: docs/how-to/two-tabs.md
if os.environ.get("DJANGO_SETTINGS_MODULE") or os.environ.get("SITE_DESCRIPTION"):
    app.config.from_mapping(django_settings())  # the project's keys, cookie and database
app.config.from_prefixed_env()
# Only a row can be compared with, and there is none where the site's sessions are in a cache alone.
has_rows = app.config.get("SESSION_ENGINE") != "django.contrib.sessions.backends.cache"
if not has_rows:
    app.config["SESSION_CONCURRENCY"] = "overwrite"
Path(app.instance_path).mkdir(exist_ok=True)
if not app.config["SECRET_KEY"]:
    app.config["SECRET_KEY"] = generated_key(Path(app.instance_path, "secret_key"))

db = SQLAlchemy(app)
merges = app.config["SESSION_CONCURRENCY"] == "merge"
sessions = DjangoSessions(app, db, mergers={"num_visits": two_counts} if merges else None)
try:
    DjangoAuth(sessions)
    app.register_blueprint(shop)
except SettingError as error:  # the project has a login that is not Django's own
    app.logger.warning("The shop corner is closed. %s", error)
if app.debug:  # otherwise the sessions are nobody's to look at
    app.register_blueprint(Inspector(links={"The lesson": "index"}))

with app.app_context():
    if app.config["SQLALCHEMY_DATABASE_URI"] == OWN_DATABASE:  # a site's own is the site's affair
        event.listen(db.engine, "connect", serve_many)
    if has_rows and "DJANGO_PROJECT" not in app.config:  # whose migrations make the table
        sessions.create_table()  # nothing happens where Django has made it


@app.context_processor
def lessons() -> dict[str, Any]:
    """Tell each page which lessons there are, and how ``flask`` is called here."""
    flask = os.path.relpath(Path(sys.executable).with_name("flask"))
    return {"blueprints": app.blueprints, "flask": flask}


@app.errorhandler(HTTPException)
def refusal(error: HTTPException) -> ResponseReturnValue:
    """Say what is wrong on a page of the course, which leads back; headers stay as they are."""
    response = error.get_response()
    response.data = render_template("refusal.html", error=error)
    return response


def told(text: str) -> Response:
    """Answer with *text* alone, but to a browser, which asks for HTML, with a page around it."""
    if "text/html" not in request.headers.get("Accept", ""):
        return make_response(text)
    response = make_response(render_template("target.html", text=text))
    response.vary.add("Accept")
    return response


@app.get("/")
def index() -> ResponseReturnValue:
    """Tell the lesson: cookie, counter, row."""
    return render_template(
        "index.html",
        zap=request.cookies.get("zap", type=int),
        num_visits=session.get("num_visits"),
    )


@app.get("/session/cookie")
def cookie() -> ResponseReturnValue:
    """Count in the browser: the number is in the cookie, where anybody can change it."""
    old = request.cookies.get("zap", type=int)
    response = told(f"In a view - the zap cookie value is {old}")
    response.set_cookie("zap", str(42 if old is None else old + 1))  # until the browser closes
    response.set_cookie("sakaicar", "42", max_age=1000)  # for 1000 seconds
    return response


@app.get("/session/sessfun")
def sessfun() -> ResponseReturnValue:
    """Count on the server: 1, 2, 3, 4, 5, and then 1 again."""
    num_visits = session.get("num_visits", 0) + 1
    session["num_visits"] = num_visits
    if num_visits > 4:
        del session["num_visits"]
    return told(f"view count={num_visits}")
