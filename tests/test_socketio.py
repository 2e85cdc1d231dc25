"""Events of Flask-SocketIO, which saves a session on an answer of its own that nobody gets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import session
from flask.testing import FlaskClient

from flask_dj_session.auth import DjangoAuth
from flask_dj_session.pytest_plugin import MakeClient, MakeSession, MakeUser

from .conftest import Site

flask_socketio = pytest.importorskip("flask_socketio", reason="Flask-SocketIO is not installed")

NOT_SAVED = "A session was not saved, because it was deleted while its request ran"


def event(
    site: Site, browser: FlaskClient, handler: Callable[[], Any], *, manage_session: bool = False
) -> Any:
    """Have *handler* answer an event from *browser*, and return what it answers."""
    socketio = flask_socketio.SocketIO(
        site.app, manage_session=manage_session, async_mode="threading"
    )
    socketio.on("act")(handler)
    client = socketio.test_client(site.app, flask_test_client=browser)
    try:
        return client.emit("act", callback=True)
    finally:
        client.disconnect()


@pytest.fixture
def key(django_session: MakeSession) -> str:
    """Return the key of a stored session."""
    return django_session(num_visits=1)


@pytest.fixture
def browser(django_session_client: MakeClient, key: str) -> FlaskClient:
    """Return a browser whose cookie has that key."""
    return django_session_client(session_key=key)


def test_an_event_reads_and_saves_the_session(
    site: Site, browser: FlaskClient, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    def count() -> int:
        session["num_visits"] += 1
        return int(session["num_visits"])

    assert event(site, browser, count) == 2
    assert site.sessions.session(key)["num_visits"] == 2
    assert caplog.records == []


def test_a_save_that_is_lost_is_in_the_log(
    site: Site, browser: FlaskClient, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    def count() -> None:
        session["num_visits"] += 1
        site.sessions.session(key).flush()  # as a logout in another tab does

    event(site, browser, count)
    (record,) = [one for one in caplog.records if one.name == site.app.logger.name]
    assert record.levelname == "WARNING"
    assert record.getMessage().startswith(NOT_SAVED)
    assert key not in record.getMessage()
    assert site.rows() == []


@pytest.fixture
def auth(site: Site) -> DjangoAuth:
    """Return Django's login on the site, with its tables."""
    auth = DjangoAuth(site.sessions)
    with site.app.app_context():
        auth.create_tables()
    return auth


@pytest.mark.parametrize("manage_session", [True, False])
def test_current_user_is_known_in_an_event(
    site: Site,
    auth: DjangoAuth,
    django_user: MakeUser,
    django_session_client: MakeClient,
    manage_session: bool,
) -> None:
    browser = django_session_client(user=django_user("ann"))
    name = lambda: auth.current_user.username  # noqa: E731
    assert event(site, browser, name, manage_session=manage_session) == "ann"


def test_an_event_that_cannot_tell_the_browser_leaves_a_hash_by_a_fallback_key_as_it_is(
    site: Site, auth: DjangoAuth, django_user: MakeUser, django_session_client: MakeClient
) -> None:
    browser = django_session_client(user=django_user("ann"))
    before = site.rows()[0].session_key
    site.app.config.update(SECRET_KEY="new", SECRET_KEY_FALLBACKS=[site.app.config["SECRET_KEY"]])
    name = lambda: auth.current_user.username  # noqa: E731
    assert event(site, browser, name, manage_session=True) == "ann"
    assert [row.session_key for row in site.rows()] == [before]


def test_a_login_that_an_event_would_lose_says_so(
    site: Site, auth: DjangoAuth, django_user: MakeUser, browser: FlaskClient, key: str
) -> None:
    user = django_user("ann")
    with pytest.raises(RuntimeError, match=r"its session is not Django's: .+ Flask-SocketIO"):
        event(site, browser, lambda: auth.login(user), manage_session=True)
    assert dict(site.sessions.session(key)) == {"num_visits": 1}
