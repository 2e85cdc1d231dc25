"""The Django of ``django_process``: its settings come on standard input, its port goes out."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from typing import Any
from wsgiref.simple_server import make_server

import django
from django.conf import settings
from django.contrib import auth
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path

_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
_MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]


def _body(request: HttpRequest) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(request.body or b"{}")
    return body


def update(request: HttpRequest) -> None:
    """Change the session."""
    request.session.update(_body(request))


def cycle(request: HttpRequest) -> None:
    """Give the session another key."""
    request.session.cycle_key()


def login(request: HttpRequest) -> None:
    """Log somebody in."""
    user = auth.authenticate(request, **_body(request))
    if user is not None:
        auth.login(request, user)


def logout(request: HttpRequest) -> None:
    """Log out."""
    auth.logout(request)


def _then_tell(act: Callable[[HttpRequest], None] | None) -> Callable[[HttpRequest], JsonResponse]:
    def view(request: HttpRequest) -> JsonResponse:
        if act is not None:
            act(request)
            if not request.session.is_empty() and request.session.modified:
                request.session.save()  # so that a new session has its key already
        return JsonResponse(_told(request))

    return view


def _told(request: HttpRequest) -> dict[str, Any]:
    session = request.session
    data = dict(session.items())
    user = request.user.get_username() if "_auth_user_id" in data else ""
    # Looking for the user may have ended the session.
    return {"session_key": session.session_key, "data": dict(session.items()), "user": user or None}


urlpatterns = [
    path("session", _then_tell(None)),
    path("session/update", _then_tell(update)),
    path("session/cycle", _then_tell(cycle)),
    path("login", _then_tell(login)),
    path("logout", _then_tell(logout)),
]


def main() -> None:
    """Serve until the process is ended."""
    given = json.loads(sys.stdin.readline())
    if given["DATABASES"]["default"]["ENGINE"].endswith("mysql") and not importlib.util.find_spec(
        "MySQLdb"
    ):
        importlib.import_module("pymysql").install_as_MySQLdb()
    settings.configure(
        **given,
        ROOT_URLCONF=__name__,
        ALLOWED_HOSTS=["127.0.0.1"],
        INSTALLED_APPS=_APPS,
        MIDDLEWARE=_MIDDLEWARE,
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    )
    django.setup()
    with make_server("127.0.0.1", 0, get_wsgi_application()) as server:
        print(server.server_port, flush=True)  # noqa: T201 - the test waits for it
        server.serve_forever()


if __name__ == "__main__":
    main()
