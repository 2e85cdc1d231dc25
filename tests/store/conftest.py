"""A store on a database of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flask_dj_session.store import Store

from ..conftest import MakeSite, Site

StoreOf = Callable[[Site], Store]


def store_of(site: Site) -> Store:
    """Return the store of an app."""
    with site.app.app_context():
        return site.sessions.store


@pytest.fixture
def store(make_site: MakeSite) -> Store:
    """Return a store with its table."""
    return store_of(make_site())
