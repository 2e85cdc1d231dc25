"""The page on which users see where they are logged in, and end their other sessions."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from flask_wtf import CSRFProtect
from werkzeug.test import TestResponse

from flask_dj_session.auth.devices import Devices

from ..conftest import NOW, MakeSite
from ..databases import EVERY_DATABASE
from ..live_django import LiveDjango
from .conftest import PASSWORD, AuthSite, MakeAuth, Visitor, make_user

pytestmark = pytest.mark.slow

PAGE = "/account/sessions/"
END = "/account/sessions/end"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"


@pytest.fixture
def devices(make_auth: MakeAuth, live: LiveDjango, clock: time_machine.Traveller) -> AuthSite:
    """Return an app with the page, the index, and the users ann and bob."""
    flask = make_auth(config={"SESSION_RECORD_CLIENT": True})
    flask.app.register_blueprint(Devices(links={"Nothing at all": "nothing"}))
    with flask.app.app_context():
        flask.auth.state.index.entries.create()
    make_user()
    make_user("bob")
    return flask


def browser(devices: AuthSite, name: str = "ann", agent: str = FIREFOX) -> FlaskClient:
    """Return a browser that is logged in."""
    client = devices.app.test_client()
    client.get(
        "/in", query_string={"name": name, "password": PASSWORD}, headers={"User-Agent": agent}
    )
    return client


def key_of(client: FlaskClient) -> str:
    """Return the session's key."""
    cookie = client.get_cookie("sessionid")
    assert cookie is not None
    return str(cookie.value)


def who(client: FlaskClient) -> str:
    """Return who is logged in."""
    return client.get("/who").text


def fields_of(html: str, button: str) -> list[dict[str, str]]:
    """Return what the forms with a button send."""
    forms = re.findall(r"<form method=\"post\".*?</form>", html, re.DOTALL)
    return [
        {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)}
        for form in forms
        if button in form
    ]


def press(client: FlaskClient, button: str, **options: Any) -> TestResponse:
    """Press the first button of that name on the page, and follow where that leads."""
    fields = fields_of(client.get(PAGE).text, button)[0]
    return client.post(END, data=fields, follow_redirects=True, **options)


# What is shown


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_users_see_their_own_sessions_and_which_is_this_one(
    devices: AuthSite, live: LiveDjango
) -> None:
    Visitor(devices.app, live).on_django("in", name="ann", password=PASSWORD)
    browser(devices, "bob", agent="curl/8")
    html = browser(devices).get(PAGE).text
    assert "You are logged in from 2 browsers." in html
    assert html.count("this one") == 1
    assert "Firefox on Linux" in html
    assert "curl" not in html
    assert html.index("this one") < html.index("A browser")
    assert html.count("Logged in</dt>") == html.count("Logged in before</dt>") == 1
    assert NOW.date().isoformat() in html
    assert "127.0.0.0/24" in html


def test_no_key_is_on_the_page(devices: AuthSite) -> None:
    one, other = browser(devices), browser(devices)
    html = one.get(PAGE).text
    assert key_of(one)[:6] not in html
    assert key_of(other)[:6] not in html


def test_what_a_browser_says_of_itself_is_shown_and_not_obeyed(devices: AuthSite) -> None:
    devices.app.config["SESSION_CLIENT_AGENT"] = "full"
    html = browser(devices, agent="<script>alert(1)</script>").get(PAGE).text
    assert "&lt;script&gt;alert(1)" in html
    assert "<script" not in html


def test_the_page_leads_to_the_apps_own(devices: AuthSite) -> None:
    assert '<a href="/nothing">Nothing at all</a>' in browser(devices).get(PAGE).text


def test_the_page_works_without_an_index(devices: AuthSite) -> None:
    client = browser(devices)
    with devices.app.app_context():
        devices.auth.state.index.entries.drop()
    assert client.get(PAGE).text.count("this one") == 1


def test_this_one_is_shown_though_the_index_does_not_know_it(
    devices: AuthSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser(devices)
    monkeypatch.setattr("flask_dj_session.index.by_index.ByIndex.look", lambda *_, **__: 0)
    with devices.app.app_context():
        devices.auth.state.index.entries.remove([key_of(client)])
    assert client.get(PAGE).text.count("this one") == 1


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_goes_to_the_login_page_and_comes_back_to_the_sessions(
    devices: AuthSite, method: str
) -> None:
    client = devices.app.test_client()
    response = getattr(client, method)(PAGE if method == "get" else END)
    assert response.status_code == 302
    assert response.headers["Location"] == "/accounts/login/?next=/account/sessions/"
    devices.app.config["LOGIN_URL"] = None
    assert getattr(client, method)(PAGE if method == "get" else END).status_code == 401


def test_no_answer_is_kept_or_framed(devices: AuthSite) -> None:
    client, _ = browser(devices), browser(devices)
    for response in (client.get(PAGE), press(client, "End"), devices.app.test_client().get(PAGE)):
        assert response.headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]


def test_another_site_cannot_read_the_page(devices: AuthSite) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
    assert browser(devices).get(PAGE, headers=headers).status_code == 403


def test_an_app_without_a_login_is_told_so(make_site: MakeSite) -> None:
    with pytest.raises(RuntimeError, match="the app has no 'DjangoAuth'"):
        make_site().app.register_blueprint(Devices())


def test_an_app_with_the_page_enters_its_logins(make_auth: MakeAuth) -> None:
    flask = make_auth()
    with flask.app.app_context():
        assert not flask.auth.state.index.enters_logins
        flask.app.register_blueprint(Devices())
        assert flask.auth.state.index.enters_logins


# What is ended


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_one_session_is_ended(devices: AuthSite) -> None:
    here, there, bob = browser(devices), browser(devices, agent="curl/8"), browser(devices, "bob")
    html = press(here, "End this session").text
    assert "The session has ended." in html
    assert "You are logged in from 1 browser." in html
    assert [who(client) for client in (here, there, bob)] == ["ann", "AnonymousUser", "bob"]


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_all_others_are_ended_in_django_too(devices: AuthSite, live: LiveDjango) -> None:
    here, there = browser(devices), browser(devices)
    visitor = Visitor(devices.app, live)
    visitor.on_django("in", name="ann", password=PASSWORD)
    assert "All other sessions have ended." in press(here, "End all other sessions").text
    assert (who(here), who(there)) == ("ann", "AnonymousUser")
    assert visitor.on_django("who") == "AnonymousUser"


def test_a_button_for_all_others_is_there_where_there_are_several(devices: AuthSite) -> None:
    here = browser(devices)
    assert "<form" not in here.get(PAGE).text
    browser(devices)
    assert "End all other" not in here.get(PAGE).text
    browser(devices)
    assert "End all other" in here.get(PAGE).text


def test_a_session_that_has_ended_already_is_no_error(devices: AuthSite) -> None:
    here, there = browser(devices), browser(devices)
    (fields,) = fields_of(here.get(PAGE).text, "End this session")
    there.get("/out")
    html = here.post(END, data=fields, follow_redirects=True).text
    assert "That session had ended already." in html


def test_the_session_of_another_user_or_the_present_one_cannot_be_ended(devices: AuthSite) -> None:
    here, bob = browser(devices), browser(devices, "bob")
    browser(devices)
    (fields,) = fields_of(here.get(PAGE).text, "End this session")
    with devices.app.app_context():
        named = [
            one.reference
            for name in ("ann", "bob")
            for one in devices.auth.sessions_of(devices.auth.get_by_natural_key(name))
            if one.session_key in (key_of(here), key_of(bob))
        ]
    for reference in [*named, key_of(bob), "", "é"]:
        html = here.post(END, data={**fields, "session": reference}, follow_redirects=True).text
        assert "That session had ended already." in html
    assert (who(here), who(bob)) == ("ann", "bob")


@pytest.mark.parametrize(
    ("headers", "left_out"),
    [
        ({"Origin": "http://evil.example"}, ""),
        ({"Sec-Fetch-Site": "cross-site"}, ""),
        ({}, "token"),
    ],
)
def test_a_forged_post_ends_nothing(
    devices: AuthSite, headers: dict[str, str], left_out: str
) -> None:
    here, there = browser(devices), browser(devices)
    (fields,) = fields_of(here.get(PAGE).text, "End this session")
    fields.pop(left_out, None)
    assert here.post(END, data=fields, headers=headers).status_code == 400
    assert who(there) == "ann"


def test_flask_wtf_leaves_its_forms_alone(devices: AuthSite) -> None:
    CSRFProtect(devices.app)
    here, there = browser(devices), browser(devices)
    assert "The session has ended." in press(here, "End this session").text
    assert who(there) == "AnonymousUser"


def test_the_form_of_another_visitor_ends_nothing(devices: AuthSite) -> None:
    here, there = browser(devices), browser(devices)
    (fields,) = fields_of(here.get(PAGE).text, "End this session")
    assert there.post(END, data=fields).status_code == 400


# Only after a recent login


@pytest.fixture
def sudo(devices: AuthSite, clock: time_machine.Traveller) -> AuthSite:
    """Return the app where a login is recent for five minutes."""
    devices.app.config["SESSION_SUDO_AGE"] = 300
    return devices


def test_a_recent_login_is_enough(sudo: AuthSite) -> None:
    here, there = browser(sudo), browser(sudo)
    assert "The session has ended." in press(here, "End this session").text
    assert who(there) == "AnonymousUser"


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_the_password_is_asked_for_after_an_older_one(
    sudo: AuthSite, clock: time_machine.Traveller
) -> None:
    here, there = browser(sudo), browser(sudo)
    clock.shift(301)
    question = press(here, "End this session")
    assert question.status_code == 200
    assert 'type="password"' in question.text
    assert who(there) == "ann"
    (fields,) = fields_of(question.text, "End it")
    wrong = here.post(END, data={**fields, "password": "a guess"})
    assert wrong.status_code == 403
    assert "The password is not right." in wrong.text
    assert who(there) == "ann"
    (fields,) = fields_of(wrong.text, "End it")
    right = here.post(
        END,
        data={**fields, "password": PASSWORD},
        headers={"User-Agent": FIREFOX},
        follow_redirects=True,
    )
    assert "The session has ended." in right.text
    assert "Firefox on Linux" in right.text
    assert (who(here), who(there)) == ("ann", "AnonymousUser")


def test_the_password_is_asked_for_before_all_others_end(
    sudo: AuthSite, clock: time_machine.Traveller
) -> None:
    here, *others = [browser(sudo) for _ in range(3)]
    clock.shift(301)
    (fields,) = fields_of(press(here, "End all other sessions").text, "End them")
    here.post(END, data={**fields, "password": PASSWORD})
    assert [who(one) for one in others] == ["AnonymousUser"] * 2
    assert who(here) == "ann"


def test_who_has_no_password_can_log_in_again(
    sudo: AuthSite, clock: time_machine.Traveller
) -> None:
    here = browser(sudo)
    browser(sudo)
    clock.shift(301)
    html = press(here, "End this session").text
    assert '<a href="/accounts/login/?next=/account/sessions/">log in again</a>' in html
    sudo.app.config["LOGIN_URL"] = None
    assert "log in again" not in press(here, "End this session").text


def test_the_page_may_have_another_name_and_address(make_auth: MakeAuth) -> None:
    flask = make_auth()
    flask.app.register_blueprint(Devices(url_prefix="/me", name="mine"))
    with flask.app.app_context():
        flask.auth.create_user("ann", password=PASSWORD)
    client = flask.app.test_client()
    client.get("/in", query_string={"name": "ann", "password": PASSWORD})
    assert "this one" in client.get("/me/").text
