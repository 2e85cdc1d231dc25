"""Rows of users, as Django writes them, and an index beside them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from flask_dj_session.index import SessionIndex, index_of
from flask_dj_session.site import site_of
from flask_dj_session.wire import SessionCodec

from ..conftest import Site
from ..live_django import SECRET_KEY

Put = Callable[..., str]
Keys = Callable[..., list[str]]

TWO_WEEKS = 14 * 24 * 3600


def key_of(name: str) -> str:
    """Return a session key."""
    return name.ljust(32, "0")


@pytest.fixture
def put(site: Site, clock: time_machine.Traveller) -> Put:
    """Return what stores a row that was saved some seconds ago: ``put("a", ago=60, user="7")``."""

    def store(
        name: str,
        *,
        ago: float = 3600,
        user: str | None = None,
        age: float = TWO_WEEKS,
        key: str = SECRET_KEY,
        **data: Any,
    ) -> str:
        saved = site_of(site.app).now() - timedelta(seconds=ago)
        if user is not None:
            data["_auth_user_id"] = user
        text = SessionCodec(key).encode(data, saved)
        with site.app.app_context():
            site.sessions.store.insert(key_of(name), text, saved + timedelta(seconds=age))
        return key_of(name)

    return store


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all rows be compared each time, however busy the machine is."""
    monkeypatch.setattr("flask_dj_session.index.looking._QUICK", 60.0)


@pytest.fixture
def index(site: Site) -> SessionIndex:
    """Return what knows whose the sessions are, by an index that is there."""
    made = index_of(site_of(site.app))
    with site.app.app_context():
        made.entries.create()
    return made


@pytest.fixture
def keys(site: Site, index: SessionIndex) -> Keys:
    """Return what tells whose sessions there are, by the beginnings of their keys."""

    def found(user: str, *, exactly: bool = False) -> list[str]:
        with site.app.app_context():
            pages = index.of_user(user, exactly=exactly)
            return sorted(one.row.stored.session_key.rstrip("0") for page in pages for one in page)

    return found
