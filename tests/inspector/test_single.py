"""*One session*."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from ..conftest import Site
from ..databases import EVERY_DATABASE
from .conftest import Put, address, links, press, visitor

BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_it_tells_who_is_logged_in(client: FlaskClient, put: Put) -> None:
    put("aaaaaa", _auth_user_id="7", _auth_user_backend=BACKEND)
    page = client.get(address(client, "aaaaaa"))
    assert f"User <bdi>7</bdi> is logged in, by <code>{BACKEND}</code>." in page.text
    assert links(page, "Other sessions of this user") == ["/sessions/all?user=7"]


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
    assert "The session may have been ended" in answer.text


def test_a_key_in_the_address_leads_nowhere(client: FlaskClient, put: Put) -> None:
    assert client.get(f"/sessions/one/{put('aaaaaa')}").status_code == 404
