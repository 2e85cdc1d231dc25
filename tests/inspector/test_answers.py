"""What holds for each answer: its headers, and that looking changes nothing."""

from __future__ import annotations

import re

import pytest
from flask import Response, session
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_dj_session.inspector import Inspector
from flask_dj_session.store import Store

from ..conftest import MakeSite, Site
from .conftest import Put, address, press, statements, stored, visitor

PAGES = ["/sessions/", "/sessions/all", "/sessions/all?user=7", "/sessions/static/pages.css"]


HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self';"
    " img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}
#: by which an answer would be kept, or read by another site
DROPPED = {
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "*",
    "Age": "7",
    "CDN-Cache-Control": "max-age=60",
    "Cloudflare-CDN-Cache-Control": "max-age=60",
    "ETag": '"x"',
    "Expires": "Mon, 07 Dec 2026 12:30:15 GMT",
    "Last-Modified": "Mon, 23 Nov 2026 12:30:15 GMT",
    "Surrogate-Control": "max-age=60",
}


def _has_the_headers(answer: TestResponse) -> bool:
    """Return whether an answer has each of the headers once, and none of the others."""
    found = {name: answer.headers.getlist(name) for name in (*HEADERS, *DROPPED)}
    return found == {name: [HEADERS[name]] if name in HEADERS else [] for name in found}


@pytest.mark.slow
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "OPTIONS"])
@pytest.mark.parametrize("page", [*PAGES, "/sessions/one/nothing", "/sessions/static/nothing"])
def test_no_answer_is_cached_or_trusts_others(client: FlaskClient, page: str, method: str) -> None:
    assert _has_the_headers(client.open(page, method=method, buffered=True))


@pytest.mark.parametrize("page", [*PAGES, "/sessions", "/sessions/static/nothing"])
def test_whatever_the_app_adds_the_headers_are_those(site: Site, page: str) -> None:
    def adds(response: Response) -> Response:
        response.headers.extend({**dict.fromkeys(HEADERS, "other"), **DROPPED})
        response.headers.extend({name.lower(): "twice" for name in DROPPED})
        return response

    site.app.after_request(adds)
    assert _has_the_headers(site.client.get(page, buffered=True))
    assert not _has_the_headers(site.client.get("/elsewhere"))


def test_an_error_has_the_headers_too(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.app.config.update(PROPAGATE_EXCEPTIONS=False)
    monkeypatch.setattr(Store, "page", lambda *_, **__: 1 / 0)
    answer = site.client.get("/sessions/all")
    assert answer.status_code == 500
    assert _has_the_headers(answer)


def test_what_the_app_says_besides_stays(site: Site) -> None:
    site.app.after_request(lambda response: response.headers.add("X-Shop", "1") or response)
    assert site.client.get("/sessions/").headers["X-Shop"] == "1"


def test_a_refusal_has_the_headers_too(site: Site) -> None:
    answer = site.client.get("/sessions/", environ_overrides={"REMOTE_ADDR": "10.0.0.1"})
    assert answer.status_code == 403
    assert _has_the_headers(answer)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_needs_nothing_from_elsewhere(client: FlaskClient, page: str) -> None:
    text = client.get(page, buffered=True).text
    assert not re.search(r"""(?:src|href|action)=["'](?!/sessions/|#)""", text)
    assert not re.search(r"""https?://|\sstyle=|<style|url\(|@import|\son\w+=""", text)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("save_every_request", [False, True])
def test_looking_changes_nothing(
    site: Site, put: Put, page: str, *, save_every_request: bool
) -> None:
    site.app.config["SESSION_SAVE_EVERY_REQUEST"] = save_every_request
    client = visitor(site, put("aaaaaa", num_visits=1))
    with statements(site) as noted:
        answer = client.get(page, buffered=True)
    assert {text.split()[0] for text, _ in noted} <= {"SELECT"}
    assert not any("sessionid" in cookie for cookie in answer.headers.getlist("Set-Cookie"))


@pytest.mark.parametrize("cookie", [None, "short", "unknown".ljust(32, "0")])
def test_looking_begins_and_ends_no_session(site: Site, cookie: str | None) -> None:
    client = visitor(site, cookie) if cookie else site.client
    answer = client.get("/sessions/")
    assert not any("sessionid" in cookie for cookie in answer.headers.getlist("Set-Cookie"))
    assert site.rows() == []


def test_what_the_app_does_to_a_session_meanwhile_is_not_saved(site: Site, put: Put) -> None:
    site.app.before_request(lambda: session.update(seen=True))
    client = visitor(site, put("aaaaaa", num_visits=1))
    client.get("/sessions/")
    assert stored(site) == [{"num_visits": 1}]


@pytest.mark.parametrize("page", ["/sessions/", "/sessions/all"])
def test_no_address_and_no_page_has_a_key_in_full(site: Site, put: Put, page: str) -> None:
    key = put("aaaaaa", num_visits=1)
    client = visitor(site, key)
    one = address(client, "aaaaaa")
    pages = [client.get(path) for path in (page, one, f"{one}/revoke")]
    assert not any(key in answer.text for answer in pages)
    assert key[:12] not in one


def test_an_app_that_escapes_nothing_gets_pages_that_do(site: Site, put: Put) -> None:
    site.app.jinja_env.autoescape = False
    client = visitor(site, put("aaaaaa", name="<b>bold</b>"))
    assert "<b>" not in client.get("/sessions/").text


def test_a_missing_table_is_a_page_that_says_how_to_make_it(make_site: MakeSite) -> None:
    site = make_site(table=False, DEBUG=True)
    site.app.register_blueprint(Inspector())
    answer = site.client.get("/sessions/all")
    assert answer.status_code == 503
    assert "<h1>No table</h1>" in answer.text
    assert "flask sessions create-table" in answer.text


def test_the_pages_stand_where_the_app_puts_them(make_site: MakeSite) -> None:
    site = make_site(DEBUG=True)
    site.app.register_blueprint(Inspector(), url_prefix="/admin/who", name="who")
    client = site.client
    answer = press(client, "/admin/who/", "/admin/who/count")
    assert answer.location == "/admin/who/#changes"
    assert client.get("/admin/who/all").status_code == 200


def test_each_page_leads_to_pages_of_the_app_that_it_was_told_of(make_site: MakeSite) -> None:
    site = make_site(DEBUG=True)
    site.app.register_blueprint(Inspector(links={"The <lesson>": "start"}), name="who")
    site.app.add_url_rule("/start", "start", lambda: "the lesson")
    for page in ("/sessions/", "/sessions/all", "/sessions/one/nothing"):
        assert '<li><a href="/start">The &lt;lesson&gt;</a></li>' in site.client.get(page).text
