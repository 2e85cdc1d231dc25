"""SESSION_NO_STORE: what sets the cookie is kept by no cache, and all else is as it was."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Response, session
from werkzeug.test import TestResponse

from flask_dj_session.pytest_plugin import MakeSession

from .conftest import MakeSite, Site


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    """Return an app with the setting."""
    return make_site(SESSION_NO_STORE=True)


def _get(site: Site, does: Any, key: str | None = None, **headers: str) -> TestResponse:
    def view() -> Response:
        does()
        return Response("", headers={name.replace("_", "-"): one for name, one in headers.items()})

    site.app.add_url_rule("/", view_func=view)
    client = site.client
    if key is not None:
        client.set_cookie("sessionid", key)
    return client.get("/")


def _change() -> None:
    session["n"] = 2


def test_a_response_that_sets_the_cookie_is_not_stored(site: Site) -> None:
    assert _get(site, _change).headers.getlist("Cache-Control") == ["no-store"]


def test_one_that_deletes_it_is_neither(site: Site, django_session: MakeSession) -> None:
    response = _get(site, lambda: session.clear() or session.flush(), django_session(n=1))  # type: ignore[func-returns-value,attr-defined]
    assert "Max-Age=0" in response.headers["Set-Cookie"]
    assert response.headers["Cache-Control"] == "no-store"


def test_one_that_moves_its_end_is_neither(
    make_site: MakeSite, django_session: MakeSession
) -> None:
    site = make_site(SESSION_NO_STORE=True, SESSION_TOUCH_AFTER=0.000001)
    with site.app.app_context():
        stored = site.sessions.session()
        stored["n"] = 1
        stored.save()
    response = _get(site, lambda: session.get("n"), stored.session_key)
    assert "Set-Cookie" in response.headers
    assert response.headers["Cache-Control"] == "no-store"


def test_one_that_only_looks_stays_as_it_is(site: Site, django_session: MakeSession) -> None:
    response = _get(site, lambda: session.get("n"), django_session(n=1))
    assert "Cache-Control" not in response.headers


@pytest.mark.parametrize(
    "value", ["no-store", "private", "private, max-age=60", "no-store, max-age=0", "Private"]
)
def test_what_keeps_it_out_of_shared_caches_stays_as_it_is(site: Site, value: str) -> None:
    assert _get(site, _change, Cache_Control=value).headers["Cache-Control"] == value


@pytest.mark.parametrize(
    "value",
    [
        "public",
        "max-age=60",
        "no-cache",
        "public, s-maxage=9",
        "must-revalidate",
        'private="set-cookie"',
        "",
    ],
)
def test_what_lets_shared_caches_store_it_is_replaced(site: Site, value: str) -> None:
    response = _get(site, _change, Cache_Control=value)
    assert response.headers.getlist("Cache-Control") == ["no-store"]


def test_by_default_nothing_is_said_of_caches(make_site: MakeSite) -> None:
    assert "Cache-Control" not in _get(make_site(), _change).headers
