# -*- coding: utf-8 -*-
# Python 2.7 runs this too, for the Djangos that need it: no annotations, no f-strings.
# ruff: noqa: ANN001, ANN003, ANN201, ANN202, UP003, UP009, UP010, UP020, UP032
# mypy: ignore-errors
"""Write a database of sessions as the installed Django writes them, and JSON of what is in it.

    python make_golden.py OUT_PREFIX [--pickle] [--no-tz]

OUT_PREFIX.sqlite3 and OUT_PREFIX.json are made. Any Django from 1.4 to 6.0, on any Python that it
runs on. ``--pickle``: SESSION_SERIALIZER is PickleSerializer. ``--no-tz``: USE_TZ is False and
TIME_ZONE is America/Chicago.
"""

from __future__ import print_function, unicode_literals

import argparse
import datetime
import importlib
import io
import json
import os
import sqlite3
import sys
import time

import django
from django.conf import settings

VERSION = django.VERSION[:2]
PASSWORD = "correct horse"
SERIALIZERS = "django.contrib.sessions.serializers"


def main():
    """Make both files."""
    arguments = read_arguments()
    database = os.path.abspath(arguments.out_prefix + ".sqlite3")
    if os.path.exists(database):
        sys.exit("{} is there already.".format(database))
    serializer = configure(database, arguments)
    make_tables()
    user = make_user()
    keys = [(what, visit(what, times)) for what, times in requests(serializer)]
    golden = {
        "django": django.get_version(),
        "python": "{}.{}".format(*sys.version_info[:2]),
        "secret_key": settings.SECRET_KEY,
        "use_tz": settings.USE_TZ,
        "time_zone": settings.TIME_ZONE,
        "serializer": serializer,
        "password": PASSWORD,
        "user": user,
        "ddl": read_ddl(database),
        "rows": [read_row(what, key, database) for what, key in keys],
    }
    text = json.dumps(golden, indent=1, sort_keys=True, separators=(",", ": "))
    with io.open(arguments.out_prefix + ".json", "w", encoding="ascii") as file:
        file.write(type("")(text) + "\n")


def read_arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out_prefix", metavar="OUT_PREFIX")
    parser.add_argument("--pickle", action="store_true", help="use PickleSerializer")
    parser.add_argument("--no-tz", action="store_true", help="USE_TZ = False, in Chicago")
    return parser.parse_args()


def configure(database, arguments):
    """Set Django up; return ``json`` or ``pickle``."""
    secret_key = "golden-secret-{}".format(django.get_version())
    if VERSION >= (1, 5):
        secret_key += "-ŝ€"  # Django 1.4 cannot sign with such a key
    middleware = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ]
    values = {
        "SECRET_KEY": secret_key,
        "DEBUG": False,
        "ALLOWED_HOSTS": ["*"],
        "ROOT_URLCONF": "__main__",
        "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database}},
        "INSTALLED_APPS": [
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
        ],
        "MESSAGE_STORAGE": "django.contrib.messages.storage.session.SessionStorage",
        "SESSION_COOKIE_AGE": 60 * 365 * 24 * 60 * 60,
        "USE_TZ": not arguments.no_tz,
        "TIME_ZONE": str("America/Chicago" if arguments.no_tz else "UTC"),
        "MIDDLEWARE" if VERSION >= (1, 10) else "MIDDLEWARE_CLASSES": middleware,
    }
    if VERSION >= (3, 2):
        values["DEFAULT_AUTO_FIELD"] = "django.db.models.AutoField"
    serializer = "json"
    try:
        serializers = importlib.import_module(SERIALIZERS)
    except ImportError:
        serializer = "pickle"  # Django before 1.5.3 knows nothing else
    else:
        if arguments.pickle:
            serializer = "pickle"
            if not hasattr(serializers, "PickleSerializer"):
                sys.exit("Django {} has no PickleSerializer.".format(django.get_version()))
        name = "PickleSerializer" if serializer == "pickle" else "JSONSerializer"
        values["SESSION_SERIALIZER"] = SERIALIZERS + "." + name
    settings.configure(**values)
    # What Django does for a settings module, but not for settings that are given.
    os.environ["TZ"] = settings.TIME_ZONE
    time.tzset()
    if hasattr(django, "setup"):
        django.setup()
    make_urls()
    return serializer


def make_tables():
    """Do what ``manage.py migrate`` does, or ``syncdb``."""
    from django.core.management import call_command

    call_command("migrate" if VERSION >= (1, 7) else "syncdb", verbosity=0, interactive=False)


def make_user():
    """Make the user who logs in."""
    from django.contrib.auth.models import User

    user = User.objects.create_user("golden", "golden@example.org", PASSWORD)
    session_hash = getattr(user, "get_session_auth_hash", None)
    return {
        "id": user.pk,
        "password": user.password,
        "hash": session_hash() if session_hash else None,
    }


# The site


def make_urls():
    """Answer every path with the view of its name."""
    global urlpatterns
    try:
        from django.urls import re_path as url
    except ImportError:
        from django.conf.urls import url
    urlpatterns = [url(r"^(\w+)/$", answer)]


def answer(request, name):
    """Call the view."""
    from django.http import HttpResponse

    VIEWS[name](request)
    return HttpResponse("done")


def counter(request):
    """Count to four, then begin again."""
    num_visits = request.session.get("num_visits", 0) + 1
    request.session["num_visits"] = num_visits
    if num_visits > 4:
        del request.session["num_visits"]


def store(**values):
    """Make a view that puts values into the session."""

    def view(request):
        for key in sorted(values):
            request.session[key] = values[key]

    return view


def store_unicode(request):
    """Put characters of all lengths into the session, in the key, too."""
    request.session["naïve ключ 鍵"] = 'žluťoučký \U0001f40e \u2028 "quoted" \\ /'


def expire(value):
    """Make a view that sets the end of the session."""

    def view(request):
        request.session["a"] = 1
        request.session.set_expiry(value() if callable(value) else value)

    return view


def expiry_date():
    """Return a date with a fraction, of the kind that the settings ask for."""
    from django.utils import timezone

    date = datetime.datetime(2040, 1, 2, 3, 4, 5, 600)
    if not settings.USE_TZ:
        return date
    return date.replace(tzinfo=timezone.utc if VERSION < (4, 1) else datetime.timezone.utc)


def messages(request):
    """Leave two messages."""
    from django.contrib import messages

    messages.success(request, "Saved ✓")
    messages.warning(request, "Twice")


def login(request):
    """Log the user in."""
    from django.contrib.auth import authenticate, login

    login(request, authenticate(username="golden", password=PASSWORD))
    request.session["after"] = "login"


def testcookie(request):
    """Set the test cookie."""
    request.session.set_test_cookie()


VIEWS = {
    "counter": counter,
    "unicode": store_unicode,
    "nested": store(
        cart={
            "items": [
                {"sku": "A-1", "qty": 2, "price": "9.99"},
                {"sku": "B", "qty": 0, "tags": [None, True, False, 1.5, []]},
            ],
            "coupon": None,
        }
    ),
    "big": store(
        blob=["row {} of a long and repetitive list".format(number) for number in range(200)]
    ),
    "expiry_int": expire(365 * 24 * 60 * 60),
    "expiry_zero": expire(0),
    "expiry_delta": expire(datetime.timedelta(days=400)),
    "expiry_date": expire(expiry_date),
    "messages": messages,
    "login": login,
    "testcookie": testcookie,
    "numbers": store(n={"big": 2**70, "neg": -1, "f": 0.1, "e": 1e300}),
}


# The requests, and what they left


def requests(serializer):
    """Return what each row is called, and how often its visitor comes."""
    wanted = [("counter {}".format(times), times) for times in (1, 2, 3, 4, 5, 7)]
    wanted += [(what, 1) for what in ("unicode", "nested", "big", "expiry_int", "expiry_zero")]
    if serializer == "pickle" or VERSION >= (4, 1):
        # Before that, JSON could not hold a date.
        wanted += [("expiry_delta", 1), ("expiry_date", 1)]
    return wanted + [(what, 1) for what in ("messages", "login", "testcookie", "numbers")]


def visit(what, times):
    """Let a new visitor come, and return the key of the session."""
    from django.test.client import Client

    client = Client()
    for _ in range(times):
        response = client.get("/{}/".format(what.split()[0]))
        assert response.status_code == 200, response
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def read_ddl(database):
    """Return the statements that make the table and its indexes, but for the implicit ones."""
    query = (
        "SELECT sql FROM sqlite_master WHERE tbl_name = 'django_session' AND sql IS NOT NULL"
        " ORDER BY type DESC, name"
    )
    return [sql for (sql,) in ask(database, query)]


def read_row(what, session_key, database):
    """Return a row as Django reads it, and the texts of its columns."""
    from django.contrib.sessions.models import Session

    row = Session.objects.get(session_key=session_key)
    query = "SELECT session_data, expire_date FROM django_session WHERE session_key = ?"
    ((session_data, expire_date),) = ask(database, query, [session_key])
    return {
        "what": what,
        "session_key": session_key,
        "session_data": session_data,
        "decoded": plain(row.get_decoded()),
        "expire_date": row.expire_date.isoformat(),
        "expire_date_raw": expire_date,
    }


def ask(database, query, values=()):
    """Run a query beside Django, so that the columns come as they are."""
    connection = sqlite3.connect(database)
    try:
        return connection.execute(query, values).fetchall()
    finally:
        connection.close()


def plain(value):
    """Make JSON of data: ``{"__datetime__": …}`` and so on stand for objects."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, datetime.datetime):
        return {"__datetime__": value.isoformat()}
    if isinstance(value, datetime.timedelta):
        return {"__seconds__": value.total_seconds()}
    if type(value).__name__ == "Message":
        return {"__message__": [value.level, value.message, value.extra_tags or ""]}
    return value


if __name__ == "__main__":
    main()
