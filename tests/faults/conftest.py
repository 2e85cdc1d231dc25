"""What tests of faults have in common: a site that answers errors as in production, and its log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from flask import request
from flask.testing import FlaskClient

from ..conftest import MakeSite, Site
from ..databases import text_of
from ..live_django import SECRET_KEY
from ..wiretap import Wiretap, tapped

#: is in every session, and may be in no log
SECRET = "secret of the visitor"


class Answer(NamedTuple):
    """What a visitor is told: the status, the text, and whether a cookie came with it."""

    status: int
    text: str
    sets_cookie: bool


def ask(client: FlaskClient, path: str = "/") -> Answer:
    """Ask as a browser does."""
    response = client.get(path)
    return Answer(response.status_code, response.text, "Set-Cookie" in response.headers)


def key_of(client: FlaskClient) -> str:
    """Return the session key that a browser holds."""
    cookie = client.get_cookie("sessionid")
    assert cookie is not None
    return cookie.value


def add_views(site: Site) -> Site:
    """Add the views, and let errors be answered rather than raised."""
    site.app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)

    @site.app.get("/")
    def count() -> str:
        session = _session()
        session["secret"] = SECRET + site.app.config.get("FILLING", "")
        session["n"] = session.get("n", 0) + 1
        return str(session["n"])

    site.app.add_url_rule("/read", "read", lambda: str(_session().get("n")))
    site.app.add_url_rule("/untouched", "untouched", lambda: "untouched")
    site.app.add_url_rule("/logout", "logout", lambda: _session().flush() or "bye")
    return site


def _session() -> Any:
    return request.session  # type: ignore[attr-defined]


@pytest.fixture
def one_connection(make_site: MakeSite) -> Site:
    """Return a site whose sessions share one connection, so that a test can reach it."""
    return add_views(make_site(options={"pool_size": 1, "max_overflow": 0}))


@pytest.fixture
def tap(database_url: sa.URL) -> Iterator[Wiretap]:
    """Listen on the wire to the database."""
    with tapped(database_url) as tap:
        yield tap


@pytest.fixture
def tapped_site(make_site: MakeSite, tap: Wiretap) -> Iterator[Site]:
    """Return a site whose connections run through the tap."""
    site = add_views(make_site(SQLALCHEMY_DATABASE_URI=text_of(tap.url)))
    yield site
    with site.app.app_context():
        site.db.engine.dispose()


def assert_tells_no_secret(log: str, *keys: str) -> None:
    """Fail where a log gives away what a session holds, or how to get at it."""
    assert log
    for secret in (SECRET, SECRET_KEY, *keys):
        assert secret not in log
