"""An app with the inspector, at a time that stands still, and visitors who look at it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_dj_session.inspector import Inspector
from flask_dj_session.wire import SessionCodec

from ..conftest import NOW, MakeSite, Site
from ..live_django import SECRET_KEY

Put = Callable[..., str]

#: what a terminal or a browser might obey
HOSTILE = "<script>alert(1)</script>\"'&\x1b[2J\u202e\x00"


@pytest.fixture
def site(make_site: MakeSite, clock: time_machine.Traveller) -> Site:
    """Return an app in debug mode with the inspector."""
    site = make_site(DEBUG=True)
    site.app.register_blueprint(Inspector())
    return site


@pytest.fixture
def client(site: Site) -> FlaskClient:
    """Return the browser of a visitor."""
    return site.client


@pytest.fixture
def put(site: Site) -> Put:
    """Return what stores a session, and returns its key."""

    def store(
        beginning: str,
        *,
        text: str | None = None,
        key: str = SECRET_KEY,
        ends: int = 60,
        **data: Any,
    ) -> str:
        session_key = beginning.ljust(32, "0")
        text = SessionCodec(key).encode(data, NOW) if text is None else text
        with site.app.app_context():
            site.sessions.store.insert(session_key, text, NOW + timedelta(seconds=ends))
        return session_key

    return store


def visitor(site: Site, session_key: str) -> FlaskClient:
    """Return a browser that has a session."""
    client = site.client
    client.set_cookie("sessionid", session_key)
    return client


def press(client: FlaskClient, page: str, action: str, **options: Any) -> TestResponse:
    """Look at *page*, and send the form that leads to *action*."""
    html = client.get(page, **{name: options[name] for name in options if name == "base_url"}).text
    form = re.search(
        rf'<form method="post" action="{re.escape(action)}".*?</form>', html, re.DOTALL
    )
    assert form, action
    token = re.search(r'name="token" value="([^"]+)"', form[0])
    assert token
    return client.post(action, data={"token": token[1]}, **options)


def stored(site: Site) -> list[dict[str, Any]]:
    """Return the data of the rows, by key."""
    with site.app.app_context():
        return [row.get_decoded() for row in site.rows()]


def links(response: TestResponse, text: str) -> list[str]:
    """Return where the links lead that have *text* in them."""
    found = re.findall(r'<a [^>]*href="([^"]*)"[^>]*>(.*?)</a>', response.text, re.DOTALL)
    return [unescape(href) for href, inside in found if text in inside]


def address(client: FlaskClient, beginning: str, page: str = "/sessions/all") -> str:
    """Return the address of the session whose key begins so."""
    (found,) = links(client.get(page), beginning)
    return found


def listed(response: TestResponse) -> list[str]:
    """Return the beginnings of the keys on a page of sessions."""
    return re.findall(r'<th scope="row"><a [^>]+><code>(\w+)…', response.text)


@contextmanager
def statements(site: Site) -> Iterator[list[tuple[str, Any]]]:
    """Note the statements that reach the app's database, and their parameters."""
    noted: list[tuple[str, Any]] = []

    def note(*args: Any) -> None:
        noted.append((args[2], args[3]))

    with site.app.app_context():
        engine = site.db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield noted
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
