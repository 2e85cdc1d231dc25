"""The course's application: a cookie that the browser keeps, a counter that the server keeps.

``flask run`` starts it with a database and a secret key of its own in ``instance/``. Variables
such as FLASK_SECRET_KEY and FLASK_SQLALCHEMY_DATABASE_URI point it at a Django project instead;
so does DJANGO_SETTINGS_MODULE alone, which names the project's settings.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from flask import Flask, make_response, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_sqlalchemy import SQLAlchemy

from flask_dj_session import DjangoSessions, django_settings
from flask_dj_session.auth import DjangoAuth
from flask_dj_session.errors import SettingError
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


app = Flask(__name__, instance_relative_config=True)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///db.sqlite3"  # a path below instance/
if os.environ.get("DJANGO_SETTINGS_MODULE"):
    app.config.from_mapping(django_settings())  # the project's keys, cookie and database
app.config.from_prefixed_env()
Path(app.instance_path).mkdir(exist_ok=True)
if not app.config["SECRET_KEY"]:
    app.config["SECRET_KEY"] = generated_key(Path(app.instance_path, "secret_key"))

db = SQLAlchemy(app)
sessions = DjangoSessions(app, db)
try:
    DjangoAuth(sessions)
    app.register_blueprint(shop)
except SettingError as error:  # the project has a login that is not Django's own
    app.logger.warning("The shop corner is closed. %s", error)

with app.app_context():
    sessions.create_table()  # nothing happens where Django has made it


@app.get("/")
def index() -> ResponseReturnValue:
    """Explain and link."""
    shop_link = ""
    if "shop" in app.blueprints:
        link = f'<a href="{url_for("shop.index")}">A shop corner</a>'
        shop_link = f"<li>{link}: a cart in the session, and a login"
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Cookies and sessions</title>
<h1>Cookies and sessions</h1>
<p>A <em>cookie</em> is a small text that the browser keeps and sends along with every request.
<p>A <em>session</em> stays on the server, in a row of the table <code>django_session</code>; the
browser only keeps its key, in the cookie <code>sessionid</code>.
<ul>
<li><a href="{url_for("cookie")}">A cookie that counts up from 42</a>: the browser keeps the number
<li><a href="{url_for("sessfun")}">A counter in the session</a>: the server keeps it; reload!
{shop_link}
</ul>
"""


@app.get("/session/cookie")
def cookie() -> ResponseReturnValue:
    """Count in the browser: the number is in the cookie, where anybody can change it."""
    old = request.cookies.get("zap", type=int)
    response = make_response(f"In a view - the zap cookie value is {old}")
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
    return f"view count={num_visits}"
