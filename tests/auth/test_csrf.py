"""A login makes the CSRF tokens of before worthless: Django's and Flask-WTF's."""

from __future__ import annotations

import inspect
import re
import string
from collections.abc import Callable
from http.cookies import Morsel, SimpleCookie
from typing import Any

import pytest
import time_machine
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import _unmask_cipher_token, get_token
from flask import Flask, request
from flask_wtf import CSRFProtect, FlaskForm
from flask_wtf.csrf import generate_csrf
from wtforms import StringField

from flask_dj_session.auth.csrf import masked, new_secret, rotate_token

from ..live_django import LiveDjango
from ..randomness import can_be_repeated, oddities
from .conftest import PASSWORD, AuthSite, MakeAuth, Visitor, make_user

CHANGED = {
    "CSRF_COOKIE_NAME": "xsrf",
    "CSRF_COOKIE_AGE": None,
    "CSRF_COOKIE_DOMAIN": "example.org",
    "CSRF_COOKIE_PATH": "/shop",
    "CSRF_COOKIE_SECURE": True,
    "CSRF_COOKIE_HTTPONLY": True,
    "CSRF_COOKIE_SAMESITE": "Strict",
}


def _cookie(headers: list[str], name: str) -> Morsel[str]:
    (text,) = [header for header in headers if header.startswith(f"{name}=")]
    return SimpleCookie(text)[name]


def _attributes(cookie: Morsel[str]) -> str:
    return cookie.OutputString().replace(cookie.value, "")


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("settings", [{}, CHANGED], ids=["default", "changed"])
def test_the_new_cookie_is_djangos(
    make_auth: MakeAuth, live: LiveDjango, settings: dict[str, Any]
) -> None:
    flask = make_auth(config=settings)
    make_user()
    name = settings.get("CSRF_COOKIE_NAME", "csrftoken")
    with live.settings(**settings):
        with live.view(lambda request: HttpResponse(login(request, User.objects.get()))):
            theirs = live.client().get("/").cookies[name]
        response = Visitor(flask.app, live).response("in", name="ann", password=PASSWORD)
    ours = _cookie(response.headers.getlist("Set-Cookie"), name)
    assert _attributes(ours) == _attributes(theirs)
    assert re.fullmatch("[a-zA-Z0-9]{32}", ours.value)
    assert response.headers["Vary"] == "Cookie"


def test_each_login_gets_a_token_of_its_own(visitor: Visitor) -> None:
    tokens = set()
    for _ in range(3):
        response = visitor.response("in", name="ann", password=PASSWORD)
        tokens.add(_cookie(response.headers.getlist("Set-Cookie"), "csrftoken").value)
    assert len(tokens) == 3


@pytest.mark.parametrize("in_session", [False, True], ids=["cookie", "session"])
def test_the_token_is_in_one_place_alone(make_auth: MakeAuth, in_session: bool) -> None:
    flask = make_auth(config={"CSRF_USE_SESSIONS": in_session})
    with flask.app.app_context():
        flask.auth.create_user("ann", password=PASSWORD)
    client = flask.app.test_client()
    client.get("/in", query_string={"name": "ann", "password": PASSWORD})
    assert ("_csrftoken" in (client.get("/data").json or {})) is in_session
    assert (client.get_cookie("csrftoken") is None) is in_session


def test_a_failed_login_sets_none(visitor: Visitor) -> None:
    response = visitor.response("in", name="ann", password="wrong")
    assert "csrftoken" not in str(response.headers)


def _token_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse(get_token(request))


@pytest.mark.parametrize("in_session", [False, True], ids=["cookie", "session"])
def test_a_form_of_djangos_works_after_a_login_in_flask_and_older_ones_do_not(
    make_auth: MakeAuth, live: LiveDjango, in_session: bool
) -> None:
    flask = make_auth(config={"CSRF_USE_SESSIONS": in_session})
    make_user()
    from django.test import Client

    browser = Client(enforce_csrf_checks=True)
    with live.settings(CSRF_USE_SESSIONS=in_session), live.view(_token_view):
        old = browser.get("/").content.decode()
        assert browser.post("/", {"csrfmiddlewaretoken": old}).status_code == 200
        _log_in_on_flask(flask, browser)
        assert browser.post("/", {"csrfmiddlewaretoken": old}).status_code == 403
        new = browser.get("/").content.decode()
        assert browser.post("/", {"csrfmiddlewaretoken": new}).status_code == 200


def _log_in_on_flask(flask: AuthSite, browser: Any) -> None:
    client = flask.app.test_client()
    for name, morsel in browser.cookies.items():
        client.set_cookie(name, morsel.value)
    client.get("/in", query_string={"name": "ann", "password": PASSWORD})
    for name in ("sessionid", "csrftoken"):
        if cookie := client.get_cookie(name):
            browser.cookies[name] = cookie.value


def test_what_is_masked_django_unmasks() -> None:
    for secret in ("a" * 32, "Zz09" * 8):
        token = masked(secret)
        assert len(token) == 64
        assert _unmask_cipher_token(token) == secret


LETTERS = string.ascii_letters + string.digits


def _mask() -> str:
    return masked("a" * 32)[:32]


@pytest.mark.slow
@pytest.mark.parametrize("draw", [new_secret, _mask])
def test_neither_a_secret_nor_its_mask_can_be_guessed(draw: Callable[[], str]) -> None:
    assert not can_be_repeated(draw)
    assert oddities([draw() for _ in range(5_000)], LETTERS) == []


@pytest.mark.parametrize("in_session", [False, True], ids=["cookie", "session"])
def test_the_token_of_a_login_cannot_be_guessed(make_auth: MakeAuth, in_session: bool) -> None:
    flask = make_auth(config={"CSRF_USE_SESSIONS": in_session})

    def drawn(number: int) -> list[str]:
        secrets = []
        with flask.app.test_request_context() as context:
            session: Any = context.session
            for _ in range(number):
                rotate_token(flask.auth.accounts, session)
                secrets.append(_unmask_cipher_token(session.get("_csrftoken", "a" * 64)))
            process: Any = flask.app.process_response
            # Flask 3.2 takes the context, too.
            is_given_context = len(inspect.signature(process).parameters) > 1
            given = (context,) if is_given_context else ()
            response = process(*given, flask.app.make_response(""))
        headers = [text for text in response.headers.getlist("Set-Cookie") if "csrf" in text]
        return secrets if in_session else [_cookie([text], "csrftoken").value for text in headers]

    assert not can_be_repeated(lambda: drawn(1)[0])
    assert oddities(drawn(1_000), LETTERS) == []


# Flask-WTF


class _Form(FlaskForm):  # type: ignore[misc]
    name = StringField()


Post = Callable[..., int]


@pytest.fixture
def shop(flask: AuthSite) -> Flask:
    """Return an app whose forms Flask-WTF protects."""
    CSRFProtect(flask.app)

    @flask.app.get("/form")
    def form() -> str:
        return str(generate_csrf())

    @flask.app.post("/form")
    def submit() -> str:
        return "valid" if _Form().validate() else "invalid"

    @flask.app.post("/post")
    def post() -> str:
        return request.form["name"]

    return flask.app


@pytest.mark.parametrize("page", ["/form", "/post"])
def test_flask_wtf_protects_forms_on_these_sessions(shop: Flask, page: str) -> None:
    client = shop.test_client()
    assert client.post(page, data={"name": "x"}).status_code == 400
    token = client.get("/form").text
    assert client.post(page, data={"name": "x", "csrf_token": token}).status_code == 200
    assert client.post(page, data={"name": "x"}, headers={"X-CSRFToken": token}).status_code == 200
    stranger = shop.test_client()
    stranger.get("/form")
    assert stranger.post(page, data={"csrf_token": token}).status_code == 400


def test_a_token_of_before_the_login_is_worthless_after_it(shop: Flask, flask: AuthSite) -> None:
    with shop.app_context():
        flask.auth.create_user("ann", password=PASSWORD)
    client = shop.test_client()
    before = client.get("/form").text
    client.get("/in", query_string={"name": "ann", "password": PASSWORD})
    assert client.post("/form", data={"csrf_token": before}).status_code == 400
    after = client.get("/form").text
    assert client.post("/form", data={"csrf_token": after}).status_code == 200


@pytest.mark.parametrize("in_session", [False, True], ids=["cookie", "session"])
@pytest.mark.parametrize("name", ["csrf_token", "xsrf"])
def test_a_form_that_the_login_itself_shows_works(
    flask: AuthSite, shop: Flask, name: str, in_session: bool
) -> None:
    shop.config.update(WTF_CSRF_FIELD_NAME=name, CSRF_USE_SESSIONS=in_session)

    @shop.post("/log-in")
    def log_in_and_go_on() -> list[str]:
        before = str(generate_csrf())
        flask.auth.login(flask.auth.authenticate("ann", PASSWORD))
        return [before, str(generate_csrf())]

    with shop.app_context():
        flask.auth.create_user("ann", password=PASSWORD)
    client = shop.test_client()
    before, after = client.post("/log-in", data={name: client.get("/form").text}).json or []
    assert client.post("/form", data={name: before}).status_code == 400
    assert client.post("/form", data={name: after}).status_code == 200


def test_its_token_is_plain_data_to_django(
    shop: Flask, live: LiveDjango, clock: time_machine.Traveller
) -> None:
    client = shop.test_client()
    client.get("/form")
    cookie = client.get_cookie("sessionid")
    assert cookie is not None
    assert set(live.store(cookie.value).load()) == {"csrf_token"}


def test_the_page_for_an_interrupted_login_depends_on_cookies(
    flask: AuthSite, live: LiveDjango
) -> None:
    make_user()
    visitor = Visitor(flask.app, live)

    @flask.app.get("/again")
    def again() -> str:
        user = flask.auth.authenticate("ann", PASSWORD)
        assert flask.auth.current_user == user
        flask.site.sessions.store.delete(request.cookies["sessionid"])  # a logout elsewhere
        flask.auth.login(user)
        return "in"

    visitor.on_flask("in", name="ann", password=PASSWORD)
    page = visitor.response("again")
    assert page.status_code == 400
    assert _cookie(page.headers.getlist("Set-Cookie"), "csrftoken").value
    assert page.headers["Vary"] == "Cookie"
