"""The Django of ``django_process``: its settings come on standard input, its port goes out."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Callable
from threading import Thread
from typing import Any
from wsgiref.simple_server import make_server

import django
from django.conf import settings
from django.contrib import auth
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.csrf import csrf_exempt

_DEFAULTS: dict[str, Any] = {
    "ALLOWED_HOSTS": ["127.0.0.1"],
    "DEFAULT_AUTO_FIELD": "django.db.models.AutoField",
    "INSTALLED_APPS": [
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
    ],
    "MIDDLEWARE": [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
}


def _body(request: HttpRequest) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(request.body or b"{}")
    return body


def update(request: HttpRequest) -> None:
    """Change the session."""
    request.session.update(_body(request))


def cycle(request: HttpRequest) -> None:
    """Give the session another key."""
    request.session.cycle_key()


def flush(request: HttpRequest) -> None:
    """End the session."""
    request.session.flush()


def login(request: HttpRequest) -> None:
    """Log somebody in."""
    user = auth.authenticate(request, **_body(request))
    if user is not None:
        auth.login(request, user)


def logout(request: HttpRequest) -> None:
    """Log out."""
    auth.logout(request)


View = Callable[[HttpRequest], JsonResponse]


def _then_tell(act: Callable[[HttpRequest], None] | None) -> View:
    def view(request: HttpRequest) -> JsonResponse:
        if act is not None:
            act(request)
        user = auth.get_user(request)
        # Looking for the user may have ended the session.
        data = dict(request.session.items())
        return JsonResponse({"data": data, "user": user.get_username() or None})

    exempt: View = csrf_exempt(view)
    return exempt


_PAGES = {
    "session": None,
    "update": update,
    "cycle": cycle,
    "flush": flush,
    "login": login,
    "logout": logout,
}


def _urls(of_project: str | None) -> list[URLPattern | URLResolver]:
    pages = [path(f"django_process/{name}", _then_tell(act)) for name, act in _PAGES.items()]
    return [*pages, *([path("", include(of_project))] if of_project else [])]


urlpatterns: list[URLPattern | URLResolver] = []


def main() -> None:
    """Serve until the process is ended, or the one that began it is."""
    # What the project's modules print goes to the log: the test reads the port, and nothing else.
    answer, sys.stdout = sys.stdout, sys.stderr
    given = json.loads(sys.stdin.readline())
    if given["DATABASES"]["default"]["ENGINE"].endswith("mysql") and not importlib.util.find_spec(
        "MySQLdb"
    ):
        importlib.import_module("pymysql").install_as_MySQLdb()
    of_project = given.pop("ROOT_URLCONF", None)
    settings.configure(**{**_DEFAULTS, **given}, ROOT_URLCONF=__name__)
    django.setup()
    urlpatterns.extend(_urls(of_project))
    with make_server("127.0.0.1", 0, get_wsgi_application()) as server:
        Thread(target=_end_with_the_test, daemon=True).start()
        print(server.server_port, file=answer, flush=True)
        server.serve_forever()


def _end_with_the_test() -> None:
    sys.stdin.read()  # ends when the other process does, in whatever way
    os._exit(0)


if __name__ == "__main__":
    main()
