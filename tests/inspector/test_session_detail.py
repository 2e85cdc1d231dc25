"""*One session*."""

from __future__ import annotations

import pytest
import time_machine
from flask.testing import FlaskClient

from ..conftest import Site
from ..databases import EVERY_DATABASE
from .conftest import Put, address, links, press, statements, visitor

BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.mark.slow
@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_it_tells_who_is_logged_in(client: FlaskClient, put: Put) -> None:
    put("aaaaaa", _auth_user_id="7", _auth_user_backend=BACKEND)
    page = client.get(address(client, "aaaaaa"))
    assert f"User <bdi>7</bdi> is logged in, by <code>{BACKEND}</code>." in page.text
    assert links(page, "Other sessions of this user") == ["/sessions/all?user=7"]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (
            {"_auth_user_id": "7", "_auth_user_backend": BACKEND},
            f"<bdi>7</bdi> was logged in, by <code>{BACKEND}</code>, until the session expired.",
        ),
        ({}, "Nobody was logged in."),
    ],
)
def test_of_an_expired_session_it_tells_who_was_logged_in(
    client: FlaskClient, put: Put, data: dict[str, str], told: str
) -> None:
    put("aaaaaa", ends=-1, **data)
    assert told in client.get(address(client, "aaaaaa")).text


def test_it_tells_when_nobody_is_logged_in(client: FlaskClient, put: Put) -> None:
    put("aaaaaa", num_visits=3)
    page = client.get(address(client, "aaaaaa")).text
    assert "Nobody is logged in." in page
    assert "&#34;num_visits&#34;: 3" in page


def test_it_tells_when_that_cannot_be_read(client: FlaskClient, put: Put) -> None:
    put("aaaaaa", key="nobody's", _auth_user_id="7")
    one = address(client, "aaaaaa")
    assert "Who is logged in cannot be read." in client.get(one).text
    assert "&#34;_auth_user_id&#34;: &#34;7&#34;" in client.get(f"{one}?unverified=1").text


def test_it_says_whether_it_is_your_own(site: Site, put: Put) -> None:
    client = visitor(site, put("aaaaaa"))
    put("bbbbbb")
    pages = [client.get(address(client, key)).text for key in ("aaaaaa", "bbbbbb")]
    assert ["your own session" in page for page in pages] == [True, False]


def test_the_key_is_shown_on_demand_alone(client: FlaskClient, put: Put) -> None:
    key = put("aaaaaa")
    one = address(client, "aaaaaa")
    assert key not in client.get(one).text
    assert key in press(client, one, one).text


def test_a_session_is_revoked_after_a_question(site: Site, put: Put) -> None:
    put("aaaaaa", _auth_user_id="7")
    put("bbbbbb")
    client = site.client
    one = address(client, "aaaaaa")
    (question,) = links(client.get(one), "Revoke…")
    assert "User <bdi>7</bdi> is logged out" in client.get(question).text
    assert len(site.rows()) == 2
    answer = press(client, question, question)
    assert answer.status_code == 303
    assert "The session is revoked." in client.get(answer.location).text
    assert [row.session_key[:6] for row in site.rows()] == ["bbbbbb"]


@pytest.mark.parametrize("page", ["", "/revoke"])
def test_a_session_that_is_gone_is_not_found(site: Site, put: Put, page: str) -> None:
    put("aaaaaa")
    one = address(site.client, "aaaaaa")
    with site.app.app_context():
        site.sessions.store.delete_all()
    answer = site.client.get(f"{one}{page}")
    assert answer.status_code == 404
    assert "It may have been ended or cleared" in answer.text


@pytest.mark.parametrize("reference", ["nothing", "x" * 66, "%00", "%C3%A9", "a" * 9000])
def test_what_is_no_reference_costs_no_query(site: Site, reference: str) -> None:
    with statements(site) as noted:
        assert site.client.get(f"/sessions/one/{reference}").status_code == 404
    assert noted == []


@pytest.mark.parametrize("user_id", ["\ud800", "7\udfff"])
def test_a_user_whose_id_can_stand_in_no_address_has_a_page_without_a_link(
    client: FlaskClient, put: Put, user_id: str
) -> None:
    put("aaaaaa", _auth_user_id=user_id, **{user_id: user_id})
    one = address(client, "aaaaaa")
    pages = [client.get(page) for page in ("/sessions/all", one, f"{one}/revoke")]
    assert [page.status_code for page in pages] == [200] * 3
    assert links(pages[1], "Other sessions") == []
    assert f"User <bdi>{ascii(user_id)[1:-1]}</bdi>" in pages[1].text


def test_nobody_logged_in_has_no_other_sessions(client: FlaskClient, put: Put) -> None:
    put("aaaaaa")
    one = address(client, "aaaaaa")
    assert links(client.get(one), "Other sessions") == []
    assert "Its visitor gets a new session" in client.get(f"{one}/revoke").text


def test_the_question_is_asked_in_words_of_its_own(site: Site, put: Put) -> None:
    key = put("aaaaaa", _auth_user_id="7")
    put("bbbbbb")
    client = visitor(site, key)
    own, other = (client.get(f"{address(client, k)}/revoke").text for k in ("aaaaaa", "bbbbbb"))
    assert "<h1>Revoke session <code>aaaaaa…</code>?</h1>" in own
    assert "It is your own session." in own
    assert "It is your own session." not in other
    assert key not in own


def test_it_says_when_it_ends(client: FlaskClient, put: Put, clock: time_machine.Traveller) -> None:
    put("aaaaaa", ends=90061)
    one = address(client, "aaaaaa")
    page = client.get(one).text
    assert "2026-11-24T13:31:16+00:00" in page
    assert '<span role="timer" data-seconds="90061">1 day 01:01:01</span>' in page
    clock.shift(90062)
    page = client.get(one).text
    assert '<span class="state expired">expired</span>' in page
    assert "timer" not in page


def test_a_key_in_the_address_leads_nowhere(client: FlaskClient, put: Put) -> None:
    assert client.get(f"/sessions/one/{put('aaaaaa')}").status_code == 404
