"""Flask-Login's users keep Flask-Login: its names, on Django's login."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import flask_login
import pytest
from flask import Flask, render_template_string, request

from flask_dj_session.auth import AnonymousUser
from flask_dj_session.auth.flask_login import DjangoLoginManager

from ..live_django import LiveDjango
from .conftest import PASSWORD, AuthSite, Visitor, make_user


@pytest.fixture
def shop(flask: AuthSite, live: LiveDjango) -> Flask:
    """Return an app with Flask-Login and its own pages."""
    app, auth = flask.app, flask.auth
    make_user()
    manager = DjangoLoginManager()
    manager.init_app(app)

    @app.get("/fl-in")
    def fl_in() -> str:
        user = auth.get_by_natural_key("ann")
        options: dict[str, Any] = {"fresh": "stale" not in request.args}
        if "seconds" in request.args:
            options["duration"] = timedelta(seconds=int(request.args["seconds"]))
        done = flask_login.login_user(user, remember="remember" in request.args, **options)
        return f"{done} {flask_login.current_user} {auth.current_user}"

    @app.get("/fl-out")
    def fl_out() -> str:
        flask_login.logout_user()
        return f"{flask_login.current_user} {auth.current_user}"

    @app.get("/fl-who")
    def fl_who() -> str:
        return render_template_string("{{ current_user }} {{ current_user.is_authenticated }}")

    @app.get("/both")
    def both() -> str:
        before = str(flask_login.current_user)
        auth.login(auth.get_by_natural_key("ann"))
        during = str(flask_login.current_user)
        auth.logout()
        return f"{before} {during} {flask_login.current_user}"

    @app.get("/fl-confirm")
    def fl_confirm() -> str:
        flask_login.confirm_login()
        return "confirmed"

    app.add_url_rule("/fl-secret", "secret", flask_login.login_required(lambda: "secret"))
    app.add_url_rule("/fl-fresh", "fresh", flask_login.fresh_login_required(lambda: "fresh"))
    return app


@pytest.fixture
def browser(shop: Flask, live: LiveDjango) -> Visitor:
    """Return a browser."""
    return Visitor(shop, live)


def test_a_login_in_django_is_flask_logins(browser: Visitor) -> None:
    assert browser.response("fl-secret").headers["Location"] == (
        "/accounts/login/?next=%2Ffl-secret"
    )
    browser.on_django("in", name="ann", password=PASSWORD)
    assert browser.on_flask("fl-secret") == "secret"
    assert browser.on_flask("fl-who") == "ann True"
    browser.on_django("out")
    assert browser.on_flask("fl-who") == "AnonymousUser False"
    assert browser.response("fl-secret").status_code in (302, 303)  # Flask 3.2: 303


def test_nobody_is_what_the_app_says(shop: Flask, browser: Visitor) -> None:
    class Guest(AnonymousUser):
        def __str__(self) -> str:
            return "a guest"

    shop.login_manager.anonymous_user = Guest  # type: ignore[attr-defined]
    assert browser.on_flask("fl-who") == "a guest False"
    browser.on_flask("fl-in")
    assert browser.on_flask("fl-who") == "ann True"


def test_login_user_is_a_login_in_django(browser: Visitor, live: LiveDjango) -> None:
    assert browser.on_flask("fl-in") == "True ann ann"
    assert browser.on_django("who") == "ann"
    data = live.store(browser.key).load()
    assert sorted(data) == ["_auth_user_backend", "_auth_user_hash", "_auth_user_id", "_fresh"]


def test_logout_user_is_a_logout_in_django(browser: Visitor, live: LiveDjango) -> None:
    browser.on_django("in", name="ann", password=PASSWORD)
    key = browser.key
    assert browser.on_flask("fl-out") == "AnonymousUser AnonymousUser"
    assert browser.key is None
    assert not live.store().exists(key)


def test_both_names_agree_within_a_request(browser: Visitor) -> None:
    assert browser.on_flask("both") == "AnonymousUser ann AnonymousUser"


def test_a_changed_password_ends_it(browser: Visitor) -> None:
    browser.on_flask("fl-in")
    key, browser.key = browser.key, None
    browser.on_django("password", name="ann", password="another")
    browser.key = key
    assert browser.on_flask("fl-who") == "AnonymousUser False"


def test_an_inactive_user_is_not_logged_in(browser: Visitor) -> None:
    from django.contrib.auth.models import User

    User.objects.update(is_active=False)
    assert browser.on_flask("fl-in") == "False AnonymousUser AnonymousUser"


def test_only_flask_logins_own_login_is_fresh(browser: Visitor) -> None:
    browser.on_django("in", name="ann", password=PASSWORD)
    assert browser.response("fl-fresh").status_code == 401
    browser.on_flask("fl-in")
    assert browser.on_flask("fl-fresh") == "fresh"


def test_nothing_of_the_browser_is_stored(shop: Flask, browser: Visitor, live: LiveDjango) -> None:
    shop.config["USE_SESSION_FOR_NEXT"] = True
    browser.response("fl-secret")
    assert sorted(live.store(browser.key).load()) == ["_flashes", "next"]
    browser.on_django("in", name="ann", password=PASSWORD)
    browser.on_flask("fl-confirm")
    assert browser.on_flask("fl-fresh") == "fresh"
    assert "_id" not in live.store(browser.key).load()


def test_an_item_of_the_apps_own_is_kept(
    flask: AuthSite, shop: Flask, browser: Visitor, live: LiveDjango
) -> None:
    with flask.app.app_context():
        session = flask.site.sessions.session()
        session["_id"] = "the app's"
        session.save()
        browser.key = session.session_key
    browser.response("fl-secret")
    assert live.store(browser.key).load()["_id"] == "the app's"


def test_a_login_that_says_so_is_not_fresh(browser: Visitor) -> None:
    browser.on_flask("fl-in", stale="")
    assert browser.on_flask("fl-secret") == "secret"
    assert browser.response("fl-fresh").status_code == 401


def _ends(flask: AuthSite, browser: Visitor) -> Any:
    with flask.app.app_context():
        return flask.site.sessions.session(browser.key).get("_session_expiry")


def test_remember_is_about_djangos_session(flask: AuthSite, browser: Visitor) -> None:
    flask.app.config["SESSION_EXPIRE_AT_BROWSER_CLOSE"] = True
    response = browser.response("fl-in")
    assert "remember_token" not in str(response.headers)
    assert _ends(flask, browser) is None
    browser.response("fl-in", remember="")
    assert _ends(flask, browser) == 1209600
    browser.response("fl-in", remember="", seconds="60")
    assert _ends(flask, browser) == 60


@pytest.fixture
def as_another(shop: Flask) -> Callable[[str], Any]:
    """Return what asks with a cookie of Flask-Login's that remembers."""

    def ask(page: str) -> Any:
        client = shop.test_client()
        with shop.app_context():
            client.set_cookie("remember_token", flask_login.encode_cookie("1"))
        return client.get(page)

    return ask


def test_a_cookie_of_flask_logins_logs_nobody_in(as_another: Callable[[str], Any]) -> None:
    response = as_another("/fl-who")
    assert response.text == "AnonymousUser False"
    assert "Set-Cookie" not in response.headers


def test_a_request_that_asks_for_no_user_costs_nothing(flask: AuthSite, browser: Visitor) -> None:
    browser.on_flask("fl-in")
    with flask.statements() as statements:
        browser.response("nothing")
    assert statements == []


def test_reading_who_it_is_writes_nothing(flask: AuthSite, browser: Visitor) -> None:
    browser.on_django("in", name="ann", password=PASSWORD)
    with flask.statements() as statements:
        browser.on_flask("fl-who")
    assert [text.split()[0] for text in statements] == ["SELECT", "SELECT"]


def test_the_page_to_log_in_on_is_the_one_that_the_app_names(shop: Flask) -> None:
    shop.config["LOGIN_URL"] = "/elsewhere/"
    assert shop.test_client().get("/fl-secret").location.startswith("/elsewhere/")
    shop.login_manager.login_view = "/fl-in"  # type: ignore[attr-defined]
    assert shop.test_client().get("/fl-secret").location.startswith("/fl-in?next=")


def test_an_id_is_the_primary_key_as_text(flask: AuthSite) -> None:
    with flask.app.app_context():
        assert flask.auth.create_user("bob").get_id() == "1"
