"""Settings with which a real Django works are taken, and mean here what they mean there."""

from __future__ import annotations

import io
import math
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.conf import Settings
from django.core.management import call_command
from django.core.signing import JSONSerializer
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject, lazystr
from flask import Flask, session
from flask_sqlalchemy import SQLAlchemy

from flask_dj_session import DjangoSessions, django_settings
from flask_dj_session.errors import SettingError

from ..live_django import LiveDjango

NAME = "odd_settings"


def make_serializer() -> Any:
    """Make a serializer, as a function may in SESSION_SERIALIZER."""
    return JSONSerializer()


def make_namespace() -> Any:
    """Make one whose class has no methods."""
    return SimpleNamespace(dumps=JSONSerializer().dumps, loads=JSONSerializer().loads)


FLAG: list[Any] = [True, False, 1, 0, None, "", "yes", "no", "False", "0", [], [0], object()]

#: values by setting; those after ... pass in Django, but no browser or server takes what it sends
VALUES: dict[str, list[Any]] = {
    "SECRET_KEY": [
        *("text", b"bytes \xff", "žluť", 12345, 1.5, ("a", "tuple"), Path("a/path")),
        *(lazystr("lazy"), SimpleLazyObject(lambda: "lazy"), SimpleLazyObject(lambda: b"lazy")),
        *(bytearray(b"x"), memoryview(b"x"), "", None, 0, b""),
    ],
    "SECRET_KEY_FALLBACKS": [
        *([], (), ["a"], ("a", b"b"), [""], [None], [5], [lazystr("a")]),
        *("old", {"a"}, None),
    ],
    "SESSION_COOKIE_NAME": [
        *("a", "a:b", "a.b", "!#$%&'*+-.^_`|~", "A1", "session"),
        *("a b", "a=b", "a;b", "a,b", "a/b", "a(b", "a\n", "ž", "", None, 5, "path", "Expires"),
        *("secure", "HttpOnly", "SameSite", "max-age", "domain", "comment", "version"),
    ],
    "SESSION_COOKIE_AGE": [
        *(3600, 1209600.0, 100.25, 0.5, 1e10, 10**11, True),
        *(timedelta(days=1), "3600", None, Decimal(100), math.inf, math.nan, 10**12, 10**400, -1),
    ],
    "SESSION_COOKIE_DOMAIN": [
        *(None, "", "example.org", ".example.org", "example.org ", "é.example", lazystr("a.b")),
        *(..., "a b", "a,b", "a; HttpOnly", "a\n", "a\r\nX: y", "ž.example", False, 5),
    ],
    "SESSION_COOKIE_PATH": [
        *(None, "", "/", "/a b", "/a,b", "/é", "relative", lazystr("/x")),
        *(..., "/a;b", "/a\n", "/a\0", "/ž", False, 5),
    ],
    "SESSION_COOKIE_SECURE": FLAG,
    "SESSION_COOKIE_HTTPONLY": FLAG,
    "SESSION_EXPIRE_AT_BROWSER_CLOSE": FLAG,
    "SESSION_SAVE_EVERY_REQUEST": FLAG,
    "USE_TZ": FLAG,
    "SESSION_COOKIE_SAMESITE": [
        *("Lax", "lax", "STRICT", None, False, "", 0, [], lazystr("Lax")),
        *("x", " Lax", True, 5, object()),
    ],
    "SESSION_SERIALIZER": [
        "django.core.signing.JSONSerializer",
        lazystr("django.core.signing.JSONSerializer"),
        f"{__name__}.make_serializer",
        f"{__name__}.make_namespace",
        *("collections.OrderedDict", "nowhere.Serializer", "toml", 5, None),
    ],
    "SESSION_ENGINE": [
        "django.contrib.sessions.backends.db",
        lazystr("django.contrib.sessions.backends.db"),
        *(None, 5),
    ],
    "TIME_ZONE": [
        *("UTC", "Europe/Prague", "Etc/GMT+5", "posix/Asia/Kathmandu", None, ""),
        *("europe/prague", "Mars/Olympus", 5),
    ],
}


@contextmanager
def _zone_of_the_machine() -> Iterator[None]:
    """Put back what a Django that starts sets for the whole process."""
    before = os.environ.pop("TZ", None)
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ", None)
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()


def _module(name: str, value: Any) -> None:
    """Let there be a settings module with one odd setting."""
    module = ModuleType(NAME)
    vars(module).update({"SECRET_KEY": "x", "USE_TZ": True, "TIME_ZONE": "UTC", name: value})
    sys.modules[NAME] = module


@pytest.fixture
def forgotten() -> Iterator[None]:
    """Forget the module afterwards."""
    yield
    sys.modules.pop(NAME, None)


def _count(request: HttpRequest) -> HttpResponse:
    request.session["n"] = request.session.get("n", 0) + 1
    return HttpResponse(str(request.session["n"]))


def _attributes(header: str) -> str:
    """Return a cookie's name and attributes, without its value."""
    cookie, _, attributes = header.partition(";")
    return f"{cookie.partition('=')[0]};{attributes}"


def _in_django(live: LiveDjango, name: str) -> str | None:
    """Start a Django with the module, ask twice, and return the cookie; None where it fails."""
    try:
        with _zone_of_the_machine():
            given = Settings(NAME)
        values = {one: getattr(given, one) for one in (name, "SECRET_KEY", "USE_TZ", "TIME_ZONE")}
        with _zone_of_the_machine(), live.settings(**values), live.view(_count):
            call_command("check", stdout=io.StringIO(), stderr=io.StringIO())
            client = live.client()
            client.raise_request_exception = True
            (cookie,) = client.get("/", secure=True).cookies.values()
            return (
                None if client.get("/", secure=True).content != b"2" else cookie.output(header="")
            )
    except Exception:
        return None


def _in_flask(live: LiveDjango) -> str | None:
    """Do the same with an app that reads the module."""
    app = Flask("tests")
    try:
        app.config.from_mapping(django_settings(NAME, using=None))
        app.config["SQLALCHEMY_DATABASE_URI"] = str(live.url)
        db = SQLAlchemy(app)
        DjangoSessions(app, db)
    except SettingError:
        return None

    @app.get("/")
    def count() -> str:
        session["n"] = session.get("n", 0) + 1
        return str(session["n"])

    response = app.test_client().get("/", base_url="https://localhost")
    name, value = response.headers["Set-Cookie"].partition(";")[0].split("=", 1)
    again = app.test_client(use_cookies=False).get("/", headers={"Cookie": f"{name}={value}"})
    assert again.text == "2"
    with app.app_context():
        db.engine.dispose()
    return response.headers["Set-Cookie"]


@pytest.mark.slow
@pytest.mark.usefixtures("forgotten")
@pytest.mark.parametrize("name", VALUES)
def test_what_django_works_with_is_taken_and_means_the_same(
    name: str, django: LiveDjango, clock: time_machine.Traveller
) -> None:
    values = VALUES[name]
    unsendable = values[values.index(...) + 1 :] if ... in values else []
    for value in values:
        if value is ...:
            continue
        _module(name, value)
        theirs, ours = _in_django(django, name), _in_flask(django)
        if theirs is None or value in unsendable:
            assert ours is None, value
        else:
            assert ours is not None, value
            assert _attributes(ours) == _attributes(theirs.strip()), value
