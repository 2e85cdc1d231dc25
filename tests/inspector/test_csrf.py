"""POSTs that another site made the browser send."""

from __future__ import annotations

import random

import pytest
import time_machine
from flask.testing import FlaskClient
from flask_wtf import CSRFProtect

from ..conftest import Site
from .conftest import Put, address, press, visitor

COUNT = ("/sessions/", "/sessions/count")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost"},
        {"Origin": "https://localhost"},  # a proxy ends TLS
        {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_a_form_of_its_own_is_taken(client: FlaskClient, headers: dict[str, str]) -> None:
    assert press(client, *COUNT, headers=headers).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:8000"},
        {"Origin": "http://[broken"},
        {"Origin": ""},
        {"Origin": "localhost"},
        {"Origin": "http://evillocalhost"},
        {"Origin": "http://evil.localhost"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost@evil.example"},
        {"Origin": "http://evil.example@localhost"},
        {"Origin": "http://evil.example/localhost"},
        {"Origin": "http://evil.example#localhost"},
        {"Origin": "http://localhost, http://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": ""},
        {"Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
def test_a_post_from_elsewhere_is_refused(site: Site, headers: dict[str, str]) -> None:
    assert press(site.client, *COUNT, headers=headers).status_code == 400
    assert site.rows() == []


@pytest.mark.parametrize("token", ["", "x", "WyJhIl0.aaaaaa.x", "é"])
def test_a_post_without_its_token_is_refused(client: FlaskClient, token: str) -> None:
    client.get("/sessions/")
    assert client.post("/sessions/count", data={"token": token}).status_code == 400


def test_flask_wtf_leaves_its_forms_alone_and_no_others(site: Site) -> None:
    site.app.add_url_rule("/own", "own", lambda: "done", methods=["POST"])
    CSRFProtect(site.app)  # after the inspector; an app may as well do it before
    assert press(site.client, *COUNT).status_code == 303
    assert site.client.post("/sessions/count").status_code == 400
    assert site.client.post("/own").status_code == 400


@pytest.mark.parametrize("has_session", [False, True])
def test_a_token_without_its_cookie_is_refused(site: Site, put: Put, has_session: bool) -> None:
    client = visitor(site, put("aaaaaa")) if has_session else site.client
    client.get("/sessions/")
    page = client.get("/sessions/").text
    client.delete_cookie("inspector_form", path="/sessions/")
    token = page.partition('name="token" value="')[2].partition('"')[0]
    assert client.post("/sessions/count", data={"token": token}).status_code == 400


def test_the_token_of_another_visitor_is_refused(site: Site, put: Put) -> None:
    one, other = (visitor(site, put(beginning)) for beginning in ("aaaaaa", "bbbbbb"))
    page = one.get("/sessions/").text
    cookie = one.get_cookie("inspector_form", path="/sessions/")
    assert cookie is not None
    other.set_cookie("inspector_form", cookie.value, path="/sessions/")
    token = page.partition('name="token" value="')[2].partition('"')[0]
    assert other.post("/sessions/count", data={"token": token}).status_code == 400
    assert one.post("/sessions/count", data={"token": token}).status_code == 303


def _token(client: FlaskClient) -> str:
    """Return the token of a form on the visitor's page."""
    page = client.get("/sessions/").text
    return page.partition('name="token" value="')[2].partition('"')[0]


def _half(client: FlaskClient) -> str:
    """Return the other half of the visitor's tokens."""
    cookie = client.get_cookie("inspector_form", path="/sessions/")
    assert cookie is not None
    return cookie.value


def _give_half(client: FlaskClient, half: str) -> None:
    client.set_cookie("inspector_form", half, path="/sessions/")


def _post(client: FlaskClient, token: str) -> int:
    return client.post("/sessions/count", data={"token": token}).status_code


def test_a_visitor_without_a_session_has_tokens_of_their_own(site: Site) -> None:
    one, other = site.client, site.client
    tokens = _token(one), _token(other)
    assert tokens[0] != tokens[1]
    assert _post(other, tokens[0]) == 400
    assert site.rows() == []
    assert _post(one, tokens[0]) == 303


def test_a_token_of_before_the_session_is_refused_in_it(site: Site, put: Put) -> None:
    client = site.client
    token = _token(client)
    client.set_cookie("sessionid", put("aaaaaa"))
    assert _post(client, token) == 400
    client.delete_cookie("sessionid")
    assert _post(client, token) == 303


def test_a_token_of_a_session_is_refused_without_it(site: Site, put: Put) -> None:
    client = visitor(site, put("aaaaaa"))
    token = _token(client)
    client.delete_cookie("sessionid")
    assert _post(client, token) == 400


@pytest.mark.parametrize("half", ["", "x", " "])
def test_a_half_that_somebody_chose_is_as_good_as_none(site: Site, put: Put, half: str) -> None:
    one, other = site.client, visitor(site, put("aaaaaa"))
    for client in (one, other):
        _give_half(client, half)
    assert _post(other, _token(one)) == 400


def test_where_session_and_half_meet_is_not_open(site: Site, put: Put) -> None:
    # As one text the two halves of the first visitor would be those of the second.
    key = put("aaaaaa")
    one, other = visitor(site, key), visitor(site, key[1:])
    _give_half(one, "x")
    _give_half(other, f"x{key[0]}")
    assert _post(other, _token(one)) == 400


def test_each_visitor_has_another_half_that_cannot_be_guessed(site: Site) -> None:
    halves = set()
    for _ in range(20):
        client = site.client
        client.get("/sessions/")
        halves.add(_half(client))
    assert len(halves) == 20
    assert all(len(half) >= 24 for half in halves)  # of six bits


@pytest.mark.slow
def test_no_half_is_drawn_from_what_can_be_foreseen(site: Site) -> None:
    halves = []
    for _ in range(2):
        random.seed(7)
        client = site.client
        client.get("/sessions/")
        halves.append(_half(client))
    assert halves[0] != halves[1]


def test_the_forms_of_a_page_have_one_half_which_stays(site: Site, put: Put) -> None:
    client = visitor(site, put("aaaaaa"))
    first = client.get("/sessions/")
    half = _half(client)
    assert first.text.count('name="token"') == 2
    again = client.get("/sessions/")
    assert "inspector_form" not in "".join(again.headers.getlist("Set-Cookie"))
    assert _half(client) == half


def test_a_page_without_a_form_gives_no_half(client: FlaskClient) -> None:
    answer = client.get("/sessions/all")
    assert answer.headers.getlist("Set-Cookie") == []


def test_another_of_the_inspectors_signatures_is_no_token(site: Site, put: Put) -> None:
    client = visitor(site, put("aaaaaa", num_visits=1))
    press(client, "/sessions/", "/sessions/count")
    before = client.get_cookie("inspector_before", path="/sessions/")
    assert before is not None
    assert _post(client, before.value) == 400
    client.set_cookie("inspector_before", _token(client), path="/sessions/")
    assert "It has" not in client.get("/sessions/").text


def test_a_token_by_another_key_is_refused(site: Site) -> None:
    client = site.client
    token = _token(client)
    site.app.config["SECRET_KEY"] = "another"
    assert _post(client, token) == 400


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://evillocalhost"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": ""},
    ],
    ids=str,
)
def test_a_page_of_another_site_that_asks_is_refused(
    client: FlaskClient, method: str, headers: dict[str, str]
) -> None:
    for page in ("/sessions/", "/sessions/all", "/sessions/static/pages.css"):
        assert client.open(page, method=method, headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},  # a link leads here
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Mode": "cors", "Origin": "http://localhost"},
    ],
    ids=str,
)
def test_a_visitor_and_the_page_itself_may_ask(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    assert client.get("/sessions/", headers=headers).status_code == 200


@pytest.mark.parametrize(("hours", "status"), [(12, 303), (12 + 1 / 3600, 400)])
def test_a_form_is_good_for_twelve_hours(
    client: FlaskClient, clock: time_machine.Traveller, hours: float, status: int
) -> None:
    token = _token(client)
    clock.shift(hours * 3600)
    assert _post(client, token) == status


def test_a_form_that_was_open_for_a_day_is_refused(
    client: FlaskClient, clock: time_machine.Traveller
) -> None:
    page = client.get("/sessions/").text
    clock.shift(24 * 60 * 60)
    token = page.partition('name="token" value="')[2].partition('"')[0]
    answer = client.post("/sessions/count", data={"token": token})
    assert answer.status_code == 400
    assert "too old" in answer.text


def test_a_session_is_not_revoked_without_a_token(site: Site, put: Put) -> None:
    put("aaaaaa")
    client = site.client
    assert client.post(f"{address(client, 'aaaaaa')}/revoke").status_code == 400
    assert len(site.rows()) == 1


def test_the_cookie_is_the_inspectors_alone(client: FlaskClient) -> None:
    client.get("/sessions/")
    cookie = client.get_cookie("inspector_form", path="/sessions/")
    assert cookie is not None
    assert (cookie.path, cookie.same_site, cookie.http_only) == ("/sessions/", "Strict", True)


@pytest.mark.parametrize(("scheme", "secure"), [("https", True), ("http", False)])
def test_its_cookies_are_secure_over_https_and_end_in_time(
    client: FlaskClient, scheme: str, secure: bool
) -> None:
    client.get("/sessions/", base_url=f"{scheme}://localhost")
    press(client, *COUNT, base_url=f"{scheme}://localhost")
    found = {
        name: client.get_cookie(name, path="/sessions/")
        for name in ("inspector_form", "inspector_before")
    }
    assert {name: cookie and cookie.secure for name, cookie in found.items()} == {
        "inspector_form": secure,
        "inspector_before": secure,
    }
    ages = {name: cookie and cookie.max_age for name, cookie in found.items()}
    assert ages == {"inspector_form": None, "inspector_before": 60}
