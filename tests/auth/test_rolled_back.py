"""The login in a test that puts a connection in the place of the engine, and rolls back."""

from __future__ import annotations

import pytest

from ..databases import EVERY_DATABASE
from ..store.test_borrowed import rolled_back
from ..store.test_own import stored
from .conftest import MakeAuth


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_users_and_their_sessions_are_rolled_back(make_auth: MakeAuth) -> None:
    site, auth = make_auth()
    with rolled_back(site):
        with site.app.app_context():
            auth.create_user("ann", password="correct horse")
        client = site.client
        assert client.get("/in?name=ann&password=correct horse").text == "ann"
        assert client.get("/who").text == "ann"
    assert [stored(site, table) for table in ("auth_user", "django_session")] == [0, 0]
