"""The shop corner of app.py: a cart for everybody, a login that is Django's."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask, session
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy

from flask_dj_session import DjangoSessions
from flask_dj_session.auth import DjangoAuth
from flask_dj_session.pytest_plugin import (
    DjangoProcess,
    MakeClient,
    MakeDevice,
    MakeUser,
    SessionChange,
)
from shop_corner import shop


@pytest.fixture
def app(django_session_db: str) -> Iterator[Flask]:
    """Return an app that has the corner, as app.py does."""
    app = Flask("app")
    app.config.update(SECRET_KEY="one key for both", SQLALCHEMY_DATABASE_URI=django_session_db)
    db = SQLAlchemy(app)
    DjangoAuth(DjangoSessions(app, db))
    app.register_blueprint(shop)
    app.add_url_rule("/", "index", lambda: "the lesson")
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def _log_in(client: FlaskClient, password: str = "correct horse") -> int:
    form = {"username": "ann", "password": password}
    return client.post("/shop/login", data=form).status_code


def test_looking_around_begins_no_session(
    client: FlaskClient, django_session_change: type[SessionChange]
) -> None:
    with django_session_change(client) as change:
        assert "It is empty" in client.get("/shop/").text
    assert change.kind == "untouched"


def test_an_empty_cart_has_no_row_unless_the_session_holds_something_else(
    app: Flask, client: FlaskClient
) -> None:
    app.add_url_rule("/count", "count", lambda: f"{session.setdefault('num_visits', 1)}")
    assert "<p>It is empty, and there is no row for it.</p>" in client.get("/shop/").text
    client.get("/count")
    assert "<p>It is empty.</p>" in client.get("/shop/").text


def test_what_is_put_into_the_cart_is_in_the_session(
    client: FlaskClient, django_session_change: type[SessionChange]
) -> None:
    with django_session_change(client) as change:
        client.post("/shop/cart", data={"item": "tea"})
        client.post("/shop/cart", data={"item": "tea"})
    assert (change.kind, change.data) == ("created", {"cart": {"tea": 2}})
    assert "Together <strong>9.00</strong>" in client.get("/shop/").text


def test_what_is_not_sold_is_refused(client: FlaskClient) -> None:
    assert client.post("/shop/cart", data={"item": "a castle"}).status_code == 400


def test_a_form_from_another_site_is_refused(client: FlaskClient) -> None:
    elsewhere = {"Origin": "https://elsewhere.example"}
    assert client.post("/shop/cart", data={"item": "tea"}, headers=elsewhere).status_code == 400
    here = {"Origin": "http://localhost"}
    assert client.post("/shop/cart", data={"item": "tea"}, headers=here).status_code == 303


@pytest.mark.slow
def test_who_logs_in_keeps_the_cart_under_a_new_key(
    client: FlaskClient, django_user: MakeUser, django_session_change: type[SessionChange]
) -> None:
    django_user("ann", password="correct horse")
    client.post("/shop/cart", data={"item": "milk"})
    with django_session_change(client) as change:
        assert _log_in(client) == 303
    assert (change.kind, change.data["cart"]) == ("cycled", {"milk": 1})
    assert "Hello, ann!" in client.get("/shop/").text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "way"),
    [
        ("/shop/?page=2", "/shop/?page=2"),
        ("http://localhost/", "http://localhost/"),
        ("", "/shop/"),
        ("//evil.example", "/shop/"),
        ("/\\evil.example", "/shop/"),
        ("/\t/evil.example", "/shop/"),
        ("//\t/evil.example", "/shop/"),
        ("https://localhost@evil.example", "/shop/"),
        ("javascript:alert(1)", "/shop/"),
    ],
)
def test_who_logs_in_is_sent_back_but_nowhere_else(
    client: FlaskClient, django_user: MakeUser, target: str, way: str
) -> None:
    django_user("ann", password="correct horse")
    form = {"username": "ann", "password": "correct horse"}
    response = client.post("/shop/login", query_string={"next": target}, data=form)
    assert response.headers["Location"] == way


@pytest.mark.slow
def test_a_wrong_password_is_told_and_nothing_else(
    client: FlaskClient, django_user: MakeUser
) -> None:
    django_user("ann", password="correct horse")
    assert _log_in(client, "wrong") == 401
    assert "Hello" not in client.get("/shop/").text


@pytest.mark.slow
def test_who_logs_out_leaves_no_row(
    client: FlaskClient, django_user: MakeUser, django_session_change: type[SessionChange]
) -> None:
    django_user("ann", password="correct horse")
    _log_in(client)
    with django_session_change(client) as change:
        client.post("/shop/logout")
    assert change.kind == "flushed"


@pytest.mark.process
def test_django_sees_who_has_logged_in_here_and_the_cart(
    app: Flask,
    django_user: MakeUser,
    django_session_client: MakeClient,
    django_process: DjangoProcess,
) -> None:
    client = django_session_client(cart={"tea": 1})
    django_user("ann", password="correct horse")
    _log_in(client)
    cookie = client.get_cookie("sessionid")
    assert cookie is not None
    answer = django_process.session(cookie.value)
    assert (answer.user, answer.data["cart"]) == ("ann", {"tea": 1})


def test_users_see_where_they_are_logged_in_and_end_it(
    app: Flask, django_user: MakeUser, django_device: MakeDevice
) -> None:
    nobody = app.test_client()
    assert nobody.get("/shop/sessions/").headers["Location"].startswith("/shop/login?next=")
    ann = django_user("ann")
    client, phone = django_device(ann), django_device(ann, user_agent="Safari")
    assert '<a href="/shop/sessions/">where you are logged in</a>' in client.get("/shop/").text
    html = client.get("/shop/sessions/").text
    assert "Safari" in html
    fields = dict(re.findall(r'name="(token|session)" value="([^"]+)"', html))
    client.post("/shop/sessions/end", data=fields)
    assert "Safari" not in client.get("/shop/sessions/").text
    assert "Hello, ann!" not in phone.get("/shop/").text
