"""Two cookies of one name: which one counts, and what is said of it."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.http.cookie import parse_cookie
from flask.testing import FlaskClient

from ..conftest import Site
from .conftest import Put, address, statements, stored


@pytest.fixture
def client(site: Site) -> FlaskClient:
    """Return a browser that sends the header it is told to."""
    return site.app.test_client(use_cookies=False)


def _page(client: FlaskClient, *values: str, name: str = "sessionid", path: str = "") -> str:
    """Return what is read on a visitor's page who sends cookies with these values."""
    header = "; ".join(f"{name}={value}" for value in values)
    html = client.get(f"/sessions/{path}", headers={"Cookie": header}).text
    body = html.partition("<body>")[2]
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", body).split()))


def test_one_cookie_is_not_counted(client: FlaskClient, put: Put) -> None:
    assert "cookies with this name" not in _page(client, put("aaaaaa"))


def test_two_cookies_are_counted_and_the_last_one_is_shown(client: FlaskClient, put: Put) -> None:
    one, other = put("aaaaaa", num_visits=1), put("bbbbbb", num_visits=2)
    for sent in ([one, other], [other, one]):
        page = _page(client, *sent)
        assert parse_cookie("; ".join(f"sessionid={key}" for key in sent))["sessionid"] == sent[-1]
        assert "Your browser sent 2 cookies with this name." in page
        assert f"sessionid= {sent[-1][:6]}…" in page
        assert f"{sent[0][:6]}… names a live row" in page
        assert f"{sent[1][:6]}… names a live row; this is the one that counts" in page
        assert f'"num_visits": {2 if sent[-1] is other else 1}' in page


def test_it_says_what_each_of_them_names(client: FlaskClient, put: Put) -> None:
    page = _page(client, put("aaaaaa"), put("bbbbbb", ends=-1), "short", "c" * 32)
    assert "4 cookies" in page
    assert re.findall(r"(\w+)… names ([^;]+?)(?= \w+…|; this)", page) == [
        ("aaaaaa", "a live row"),
        ("bbbbbb", "an expired row"),
        ("short", "nothing: it cannot be a key"),
        ("cccccc", "no row"),
    ]


def test_where_the_last_one_names_no_row_it_does_not_blame_the_server_alone(
    client: FlaskClient, put: Put
) -> None:
    page = _page(client, put("aaaaaa"), "c" * 32)
    assert "No row has the key of the cookie that counts, the last one." in page
    assert "aaaaaa… names a live row" in page


def test_it_says_how_they_come_about_and_how_to_find_out(
    site: Site, client: FlaskClient, put: Put
) -> None:
    site.app.config.update(SESSION_COOKIE_DOMAIN="shop.example", SESSION_COOKIE_PATH="/shop")
    page = _page(client, put("aaaaaa"), "c" * 32)
    assert "Domain shop.example" in page
    assert "Path /shop" in page
    assert "if their Domain or their Path differ" in page
    assert "developer tools" in page
    assert "SESSION_COOKIE_DOMAIN" in page
    assert "SESSION_COOKIE_PATH" in page


def test_the_last_one_is_the_visitors_on_all_pages(
    site: Site, client: FlaskClient, put: Put
) -> None:
    one, other = put("aaaaaa", num_visits=1), put("bbbbbb", num_visits=2)
    cookies = f"sessionid={one}; sessionid={other}"
    page = client.get("/sessions/", headers={"Cookie": cookies})
    half = page.headers["Set-Cookie"].partition(";")[0]
    token = re.findall(r'name="token" value="([^"]+)"', page.text)[0]
    answer = client.post(
        "/sessions/count", data={"token": token}, headers={"Cookie": f"{cookies}; {half}"}
    )
    assert answer.status_code == 303
    assert [row["num_visits"] for row in stored(site)] == [1, 3]
    for beginning, is_own in (("aaaaaa", False), ("bbbbbb", True)):
        page = client.get(address(client, beginning), headers={"Cookie": cookies})
        assert ("your own session" in page.text) is is_own


def test_without_a_domain_it_is_this_host_alone(client: FlaskClient, put: Put) -> None:
    assert "Domain not set: only this host" in _page(client, put("aaaaaa"))


def test_other_names_are_other_cookies(site: Site, client: FlaskClient, put: Put) -> None:
    site.app.config["SESSION_COOKIE_NAME"] = "sid"
    key = put("aaaaaa")
    assert "2 cookies" in _page(client, key, key, name="sid")
    assert "There is no cookie sid yet." in _page(client, key, key)


def test_many_cookies_cost_a_few_queries(site: Site, client: FlaskClient, put: Put) -> None:
    values = ["c" * 32] * 995 + [put(f"a{number:05}") for number in range(5)]
    with statements(site) as noted:
        page = _page(client, *values)
    assert len(noted) <= 5
    assert "1000 cookies" in page
    assert re.findall(r"(\w+)… names a live row", page) == [f"a{number:05}" for number in range(5)]


def test_none_of_the_keys_is_shown_in_full(client: FlaskClient, put: Put) -> None:
    keys = [put("aaaaaa"), put("bbbbbb")]
    page = _page(client, *keys)
    assert not any(key in page for key in keys)


@pytest.mark.parametrize("value", ["short", "x" * 41, "\u00c3\u00a9" * 20, '""'])
def test_a_value_that_can_be_no_key_is_told_of(client: FlaskClient, value: str) -> None:
    page = _page(client, value)
    assert "s value cannot be a key" in page
    assert "There is no cookie" not in page


def test_an_empty_cookie_is_a_cookie(client: FlaskClient) -> None:
    assert "s value cannot be a key" in _page(client, "")
