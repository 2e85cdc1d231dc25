"""An app that knows Django's users, the Django beside it, and a visitor of both."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from django.contrib import auth as django_auth
from django.http import HttpRequest, HttpResponse
from flask import Flask, request
from sqlalchemy import event
from werkzeug.test import TestResponse

from flask_dj_session.auth import DjangoAuth
from flask_dj_session.auth.passwords import PasswordHashers

from ..conftest import MakeSite, Site
from ..live_django import LiveDjango, on_database
from .quick import QUICK

MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
PASSWORD = "correct horse"
AGAIN = "battery staple"


@pytest.fixture
def iterations(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return what each use of PBKDF2 from now on is noted in, by its iterations; one is done."""
    noted: list[int] = []
    encode = hashlib.pbkdf2_hmac

    def note(name: str, password: bytes, salt: bytes, number: int, *length: int | None) -> bytes:
        noted.append(number)
        return encode(name, password, salt, 1, *length)

    monkeypatch.setattr(hashlib, "pbkdf2_hmac", note)
    return noted


class AuthSite(NamedTuple):
    """An app with the login, and what it was made of."""

    site: Site
    auth: DjangoAuth

    @property
    def app(self) -> Flask:
        """The app."""
        return self.site.app

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """Collect the statements that go to the database."""
        seen: list[str] = []

        def note(_: Any, __: Any, statement: str, *___: Any) -> None:
            seen.append(" ".join(statement.split()))

        with self.app.app_context():
            engine = self.site.db.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(engine, "before_cursor_execute", note)


MakeAuth = Callable[..., AuthSite]


def quick_hashers() -> PasswordHashers:
    """Return what makes passwords as QuickHasher does."""
    return PasswordHashers(iterations=1)


@pytest.fixture
def make_auth(make_site: MakeSite) -> MakeAuth:
    """Return what makes apps that know Django's users; keywords go to ``DjangoAuth``."""

    def make(
        *, tables: bool = True, config: dict[str, Any] | None = None, **options: Any
    ) -> AuthSite:
        site = make_site(**(config or {}))
        auth = DjangoAuth(site.sessions, **{"hashers": quick_hashers(), **options})
        add_views(site.app, auth)
        if tables:
            with site.app.app_context():
                auth.create_tables()
        return AuthSite(site, auth)

    return make


@pytest.fixture
def flask(make_auth: MakeAuth) -> AuthSite:
    """Return an app with the tables of a login."""
    return make_auth()


def add_views(app: Flask, auth: DjangoAuth) -> None:
    """Add what the visitor may do on Flask's side."""

    @app.get("/who")
    def who() -> str:
        return str(auth.current_user)

    @app.get("/in")
    def log_in() -> str:
        user = auth.authenticate(request.args["name"], request.args["password"])
        if user is None:
            return "refused"
        auth.login(user)
        return str(auth.current_user)

    @app.get("/out")
    def log_out() -> str:
        auth.logout()
        return str(auth.current_user)

    @app.get("/password")
    def change_password() -> str:
        auth.current_user.is_authenticated  # noqa: B018 - as a page for users does
        user = auth.get_by_natural_key(request.args["name"])
        auth.set_password(user, request.args["password"])
        if "keep" in request.args:
            auth.update_session_auth_hash(user)
        return "changed"

    @app.get("/nothing")
    def nothing() -> str:
        return "nothing"

    @app.get("/data")
    def data() -> dict[str, Any]:
        return dict(request.session)  # type: ignore[attr-defined]


def _who(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.user))


def _log_in(request: HttpRequest) -> HttpResponse:
    user = django_auth.authenticate(
        request, username=request.GET["name"], password=request.GET["password"]
    )
    if user is None:
        return HttpResponse("refused")
    django_auth.login(request, user)
    return HttpResponse(str(request.user))


def _log_out(request: HttpRequest) -> HttpResponse:
    django_auth.logout(request)
    return HttpResponse(str(request.user))


def _change_password(request: HttpRequest) -> HttpResponse:
    request.user.is_authenticated  # noqa: B018 - as a page for users does
    user = django_auth.get_user_model().objects.get_by_natural_key(request.GET["name"])
    user.set_password(request.GET["password"])
    user.save()
    if "keep" in request.GET:
        django_auth.update_session_auth_hash(request, user)
    return HttpResponse("changed")


DJANGO_VIEWS = {"who": _who, "in": _log_in, "out": _log_out, "password": _change_password}


class Visitor:
    """One browser, whose session cookie goes to both sides."""

    def __init__(self, app: Flask, django: LiveDjango) -> None:
        self._app = app
        self._django = django
        self.key: str | None = None

    def visit(self, side: str, page: str, **query: str) -> str:
        """Return what a page of a side says."""
        return self.on_flask(page, **query) if side == "Flask" else self.on_django(page, **query)

    def on_flask(self, page: str, **query: str) -> str:
        """Ask Flask."""
        return self.response(page, **query).text

    def response(self, page: str, **query: str) -> TestResponse:
        """Ask Flask, and return the whole answer."""
        client = self._app.test_client()
        if self.key is not None:
            client.set_cookie("sessionid", self.key)
        response = client.get(f"/{page}", query_string=query)
        cookie = client.get_cookie("sessionid")
        self.key = cookie.value if cookie else None
        return response

    def on_django(self, page: str, **query: str) -> str:
        """Ask Django."""
        client = self._django.client()
        if self.key is not None:
            client.cookies["sessionid"] = self.key
        with self._django.view(DJANGO_VIEWS[page]):
            response = client.get("/", query)
        cookie = client.cookies.get("sessionid")
        self.key = cookie.value if cookie and cookie.value else None
        text: str = response.content.decode()
        return text


@pytest.fixture
def live(database_url: sa.URL) -> Iterator[LiveDjango]:
    """Return a Django with its login, on tables of Flask's, and passwords that cost no time."""
    with (
        on_database(database_url) as django,
        django.settings(MIDDLEWARE=MIDDLEWARE, PASSWORD_HASHERS=[QUICK]),
    ):
        yield django


@pytest.fixture
def visitor(flask: AuthSite, live: LiveDjango) -> Visitor:
    """Return a browser, and let the user ``ann`` be there."""
    make_user()
    return Visitor(flask.app, live)


def make_user(name: str = "ann", **columns: Any) -> Any:
    """Make a user in Django."""
    return django_auth.get_user_model().objects.create_user(name, password=PASSWORD, **columns)


def tables_of(database_url: sa.URL) -> sa.MetaData:
    """Return the tables that are in the database."""
    engine = sa.create_engine(database_url, poolclass=sa.NullPool)
    metadata = sa.MetaData()
    with engine.connect() as connection:
        metadata.reflect(connection)
    return metadata
