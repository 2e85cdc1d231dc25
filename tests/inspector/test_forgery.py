"""POSTs that another site made the browser send."""

from __future__ import annotations

import pytest
import time_machine
from flask.testing import FlaskClient

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
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
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


def test_a_token_without_its_cookie_is_refused(client: FlaskClient) -> None:
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
