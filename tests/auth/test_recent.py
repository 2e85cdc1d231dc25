"""Pages for those who have logged in a short while ago, and asking for the password again."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from flask import Flask, request, session
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_dj_session.auth import user_login_failed
from flask_dj_session.auth.login_time import LOGIN_TIME_KEY
from flask_dj_session.auth.passwords import PasswordHashers
from flask_dj_session.errors import SettingError

from ..conftest import NOW
from ..databases import EVERY_DATABASE
from ..live_django import LiveDjango
from .conftest import PASSWORD, AuthSite, MakeAuth, Visitor, make_user

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("clock")]


def _with_pages(flask: AuthSite) -> AuthSite:
    app, auth = flask.app, flask.auth

    @app.get("/delete")
    @auth.recent_login_required
    def delete() -> str:
        return "deleted"

    @app.get("/minute")
    @auth.recent_login_required(60)
    def minute() -> str:
        return "within a minute"

    @app.get("/own-page")
    @auth.recent_login_required(reauthenticate_url="/again?a=1", redirect_field_name="back")
    async def own_page() -> str:
        return "own page"

    @app.get("/confirm")
    def confirm() -> str:
        session["seen"] = True
        return str(auth.confirm_login(request.args["password"]))

    return flask


@pytest.fixture
def flask(make_auth: MakeAuth) -> AuthSite:
    """Return an app where a login is recent for an hour."""
    return _with_pages(make_auth(config={"SESSION_SUDO_AGE": 3600}))


@pytest.fixture
def client(flask: AuthSite, live: LiveDjango) -> FlaskClient:
    """Return a browser in which ``ann`` has just logged in."""
    make_user()
    client = flask.app.test_client()
    assert _log_in(client).text == "ann"
    return client


def _log_in(client: FlaskClient) -> TestResponse:
    return client.get("/in", query_string={"name": "ann", "password": PASSWORD})


def _confirm(client: FlaskClient, password: str = PASSWORD) -> str:
    return client.get("/confirm", query_string={"password": password}).text


def _place(response: TestResponse) -> tuple[int, str | None]:
    return response.status_code, response.headers.get("Location")


def _data(flask: AuthSite) -> dict[str, Any]:
    (row,) = flask.site.rows()
    with flask.app.app_context():
        return flask.site.sessions.session().decode(row.session_data)


def test_a_login_is_recent_for_as_long_as_is_set(
    client: FlaskClient, clock: time_machine.Traveller
) -> None:
    clock.shift(3599)
    assert client.get("/delete").text == "deleted"
    clock.shift(1)
    assert _place(client.get("/delete")) == (302, "/accounts/login/?next=/delete")


def test_a_view_may_ask_for_less(client: FlaskClient, clock: time_machine.Traveller) -> None:
    clock.shift(59)
    assert client.get("/minute").text == "within a minute"
    clock.shift(1)
    assert client.get("/minute").status_code == 302
    assert client.get("/delete").text == "deleted"


def test_whose_login_is_older_goes_to_the_page_that_asks_again(
    client: FlaskClient, clock: time_machine.Traveller
) -> None:
    assert client.get("/own-page").text == "own page"
    clock.shift(3600)
    assert _place(client.get("/own-page?x=1")) == (302, "/again?a=1&back=/own-page%3Fx%3D1")


def test_whoever_is_not_logged_in_goes_to_the_login_page(flask: AuthSite) -> None:
    client = flask.app.test_client()
    for page in ("/delete", "/own-page"):
        status, location = _place(client.get(page))
        assert (status, str(location)[:17]) == (302, "/accounts/login/?")


def test_without_a_login_page_the_status_is_401(
    flask: AuthSite, client: FlaskClient, clock: time_machine.Traveller
) -> None:
    flask.app.config["LOGIN_URL"] = None
    clock.shift(3600)
    assert client.get("/delete").status_code == 401
    assert flask.app.test_client().get("/delete").status_code == 401


def test_logging_in_again_makes_it_recent(
    client: FlaskClient, clock: time_machine.Traveller
) -> None:
    clock.shift(3600)
    _log_in(client)
    assert client.get("/delete").text == "deleted"


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_the_right_password_makes_it_recent_under_a_new_key(
    flask: AuthSite, client: FlaskClient, clock: time_machine.Traveller
) -> None:
    before = flask.site.rows()[0].session_key
    clock.shift(3600)
    assert _confirm(client) == "True"
    assert client.get("/delete").text == "deleted"
    (row,) = flask.site.rows()
    assert row.session_key != before
    assert _data(flask)["seen"] is True


def test_a_wrong_password_changes_nothing_and_is_told(
    flask: AuthSite, client: FlaskClient, clock: time_machine.Traveller
) -> None:
    told: list[Any] = []

    def note(sender: Flask, credentials: dict[str, str], **_: Any) -> None:
        told.append(credentials)

    clock.shift(3600)
    with user_login_failed.connected_to(note, flask.app):
        assert _confirm(client, "wrong") == "False"
    assert told == [{"username": "ann", "password": "********************"}]
    assert client.get("/delete").status_code == 302
    assert client.get("/who").text == "ann"


def test_nobody_has_no_password_to_confirm(flask: AuthSite, live: LiveDjango) -> None:
    make_user()
    assert _confirm(flask.app.test_client()) == "False"


def test_a_backend_that_finds_somebody_else_confirms_nothing(
    flask: AuthSite, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_user("bob")
    told: list[Any] = []
    login = flask.auth._states[flask.app]
    with flask.app.app_context():
        bob = flask.auth.get_by_natural_key("bob")
    monkeypatch.setattr(login, "authenticate", lambda *_: bob)
    with user_login_failed.connected_to(lambda *_, **__: told.append(1), flask.app):
        assert _confirm(client) == "False"
    assert told == [1]


def test_the_user_stays_logged_in_when_an_old_hash_of_the_password_is_renewed(
    flask: AuthSite, client: FlaskClient
) -> None:
    with flask.app.app_context():
        before = flask.auth.get_by_natural_key("ann").password
        flask.auth.accounts.hashers = PasswordHashers(iterations=2)
        assert _confirm(client) == "True"
        assert flask.auth.get_by_natural_key("ann").password != before
    assert client.get("/who").text == "ann"
    assert client.get("/delete").text == "deleted"


def test_of_two_clicks_the_second_harms_nobody(
    flask: AuthSite, client: FlaskClient, clock: time_machine.Traveller
) -> None:
    clock.shift(3600)
    other = flask.app.test_client()
    key = client.get_cookie("sessionid")
    assert key is not None
    other.set_cookie("sessionid", key.value)

    delete = flask.app.view_functions["delete"]

    def second() -> str:
        assert flask.auth.current_user.is_authenticated
        assert _confirm(other) == "True"
        return str(flask.auth.confirm_login(PASSWORD))

    flask.app.view_functions["delete"] = second
    response = client.get("/delete")
    flask.app.view_functions["delete"] = delete
    assert (response.status_code, response.text) == (200, "False")
    assert "Set-Cookie" not in response.headers
    assert other.get("/delete").text == "deleted"


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_a_login_in_django_is_not_recent(flask: AuthSite, live: LiveDjango) -> None:
    make_user()
    visitor = Visitor(flask.app, live)
    visitor.on_django("in", name="ann", password=PASSWORD)
    assert visitor.on_flask("who") == "ann"
    assert visitor.response("delete").status_code == 302
    visitor.on_flask("confirm", password=PASSWORD)
    assert visitor.on_flask("delete") == "deleted"
    assert visitor.on_django("who") == "ann"


def test_the_time_is_in_the_data_and_django_leaves_it_there(
    flask: AuthSite, live: LiveDjango
) -> None:
    make_user()
    visitor = Visitor(flask.app, live)
    visitor.on_flask("in", name="ann", password=PASSWORD)
    assert _data(flask)[LOGIN_TIME_KEY] == int(NOW.timestamp())
    store = live.store(visitor.key)
    store["cart"] = 1
    store.save()
    assert _data(flask)[LOGIN_TIME_KEY] == int(NOW.timestamp())


def test_without_the_setting_the_session_has_what_django_puts_there(
    make_auth: MakeAuth, live: LiveDjango
) -> None:
    flask = make_auth()
    make_user()
    visitor = Visitor(flask.app, live)
    visitor.on_flask("in", name="ann", password=PASSWORD)
    ours = _data(flask)
    visitor.on_flask("out")
    visitor.on_django("in", name="ann", password=PASSWORD)
    assert ours == _data(flask)


@pytest.mark.parametrize("page", ["/delete", "/minute"])
def test_without_the_setting_no_login_can_be_recent_and_it_is_said(
    make_auth: MakeAuth, page: str
) -> None:
    flask = _with_pages(make_auth())
    with pytest.raises(SettingError, match=r"^'SESSION_SUDO_AGE' is not set.+ 900"):
        flask.app.test_client().get(page)
