"""Runs under the Python of some Django: reads a request a line, and answers each with a line.

Both are JSON; the first request configures Django. Python 3.6 reads this.
"""

import importlib
import json
import os
import sys
import types
from typing import Any, Dict, Optional

from interop import views

SESSIONS = "django.contrib.sessions"

SITE = {
    "ROOT_URLCONF": __name__,
    "ALLOWED_HOSTS": ["*"],
    "INSTALLED_APPS": ["django.contrib.auth", "django.contrib.contenttypes", SESSIONS],
    "MIDDLEWARE": [
        SESSIONS + ".middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    # For the time it takes: what is tried is the migration of the sessions, and no password.
    "MIGRATION_MODULES": {"auth": None, "contenttypes": None},
    "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
}


def configure(settings: Dict[str, Any], mysql_version: Optional[str]) -> Dict[str, Any]:
    """Set Django up; its settings come from the other side."""
    if mysql_version:
        spoof_mysqlclient(mysql_version)
    import django

    # A module, as a site has it: only then does Django put TIME_ZONE into the process.
    module = types.ModuleType("interop_settings")
    vars(module).update(SITE, **settings)
    sys.modules[module.__name__] = module
    os.environ["DJANGO_SETTINGS_MODULE"] = module.__name__
    django.setup()
    make_urls()
    connect()
    return {"django": django.get_version(), "python": "{}.{}".format(*sys.version_info[:2])}


def spoof_mysqlclient(version: str) -> None:
    """Let PyMySQL stand for mysqlclient; Django asks for a version of that."""
    pymysql = importlib.import_module("pymysql")  # type: Any
    pymysql.version_info = (*map(int, version.split(".")), "final", 0)
    pymysql.__version__ = version
    pymysql.install_as_MySQLdb()


def connect() -> None:
    """Find out here whether this Django takes this server."""
    from django.db import connection

    connection.ensure_connection()


def migrate(arguments: Any) -> Dict[str, Any]:
    """Run ``manage.py migrate`` with these arguments."""
    from django.core.management import call_command

    call_command("migrate", *arguments, verbosity=0, interactive=False)
    return {}


def clear() -> Dict[str, Any]:
    """Run ``manage.py clearsessions``."""
    from django.core.management import call_command

    call_command("clearsessions")
    return {}


def load(key: str) -> Dict[str, Any]:
    """Read a session outside a request."""
    from django.conf import settings

    store = importlib.import_module(settings.SESSION_ENGINE).SessionStore(key)
    data = store.load()
    return {"data": views.plain(data), "key": store.session_key}


def make_user(name: str) -> Dict[str, Any]:
    """Make a user who can log in."""
    from django.contrib.auth.models import User

    User.objects.create_user(name, password="correct horse")
    return {}


def visit(view: str, key: Optional[str], given: Dict[str, Any]) -> Dict[str, Any]:
    """Ask for the page of a view, with a cookie where ``key`` is given."""
    from django.conf import settings
    from django.test import Client

    client = Client()
    if key is not None:
        client.cookies[settings.SESSION_COOKIE_NAME] = key
    response = client.get("/{}/".format(view), {"given": json.dumps(given)})
    cookie = response.cookies.get(settings.SESSION_COOKIE_NAME)
    return views.answer(
        response.status_code,
        response.content.decode(),
        cookie.OutputString() if cookie else "",
        response["Vary"] if response.has_header("Vary") else "",
    )


# The site


def make_urls() -> None:
    """Answer every path with the view of its name."""
    from django.urls import path

    globals()["urlpatterns"] = [path("<name>/", call_view)]


def call_view(request: Any, name: str) -> Any:
    """Call a view of both sides, or one that only Django has."""
    from django.http import HttpResponse

    given = json.loads(request.GET["given"])
    if name == "login":
        return HttpResponse(log_in(request, given["name"]))
    if name == "whoami":
        return HttpResponse(request.user.get_username())
    return HttpResponse(views.VIEWS[name](request.session, given))


def log_in(request: Any, name: str) -> str:
    """Log a user in."""
    from django.contrib.auth import authenticate, login

    login(request, authenticate(username=name, password="correct horse"))
    return "logged in"


# The conversation

DEEDS = {deed.__name__: deed for deed in (configure, migrate, clear, load, make_user, visit)}  # type: Dict[str, Any]


def main() -> None:
    """Answer until there are no more requests."""
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever Django prints is no answer
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = DEEDS[request.pop("do")](**request)
        except Exception as error:
            text = str(error).strip().splitlines()
            answer = {"error": type(error).__name__, "message": text[0] if text else ""}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
