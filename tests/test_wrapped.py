"""An app that puts something around the session interface, to skip some paths, say."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask, Request, Response, request, session
from flask.sessions import NullSession, SecureCookieSession, SessionInterface, SessionMixin
from flask.testing import FlaskClient

from flask_dj_session.auth import DjangoAuth
from flask_dj_session.inspector import Inspector
from flask_dj_session.interface import DjangoSessionInterface
from flask_dj_session.pytest_plugin import MakeClient, MakeSession, MakeUser, SessionChange
from flask_dj_session.site import site_of

from .conftest import MakeSite, Site

pytestmark = pytest.mark.slow

Given = Callable[[], SessionMixin | None]


class Skipping(SessionInterface):
    """Leaves requests with ``skip`` in their query without Django's session."""

    def __init__(self, inner: SessionInterface, given: Given) -> None:
        self.inner = inner
        self.given = given

    def open_session(self, app: Flask, request: Request) -> SessionMixin | None:
        if "skip" in request.args:
            return self.given()
        return self.inner.open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        self.inner.save_session(app, session, response)


class Inheriting(DjangoSessionInterface):
    """The same, as one would who takes the class for a base and keeps the object."""

    __init__ = Skipping.__init__
    open_session = Skipping.open_session  # type: ignore[assignment]
    save_session = Skipping.save_session


class Opening(Skipping):
    """Opens Django's session, and then gives another."""

    def open_session(self, app: Flask, request: Request) -> SessionMixin | None:
        opened = self.inner.open_session(app, request)
        return self.given() if "skip" in request.args else opened


WRAPPERS: dict[str, Callable[[SessionInterface], SessionInterface]] = {
    "none": lambda inner: Skipping(inner, lambda: None),
    "a null session": lambda inner: Skipping(inner, NullSession),
    "a cookie's session": lambda inner: Skipping(inner, SecureCookieSession),
    "in a subclass": lambda inner: Inheriting(inner, NullSession),
    "opened all the same": lambda inner: Opening(inner, NullSession),
}


@pytest.fixture(params=WRAPPERS)
def site(request: pytest.FixtureRequest, make_site: MakeSite) -> Site:
    """Return a site whose session interface is wrapped."""
    site = make_site()
    site.app.session_interface = WRAPPERS[request.param](site.app.session_interface)
    return site


@pytest.fixture
def auth(site: Site) -> DjangoAuth:
    """Return Django's login on it."""
    auth = DjangoAuth(site.sessions)
    with site.app.app_context():
        auth.create_tables()
    return auth


def test_the_site_of_an_app_is_found_whatever_is_around_it(site: Site) -> None:
    assert site_of(site.app).store is site.sessions.store
    assert site.sessions.store is not None


def test_an_app_without_the_extension_has_no_site() -> None:
    with pytest.raises(RuntimeError, match="'session_interface' is not that of 'DjangoSessions'"):
        site_of(Flask("tests.other"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["sessions", "list"], "…"),
        (["sessions", "check"], "Nothing is wrong"),
        (["sessions", "revoke", "--all", "--yes"], "1 session"),
        (["clearsessions"], ""),
    ],
)
def test_commands_work(
    site: Site, django_session: MakeSession, command: list[str], said: str
) -> None:
    django_session(num_visits=1)
    result = site.app.test_cli_runner().invoke(args=command)
    assert (result.exit_code, said in result.output) == (0, True)


def test_visits_are_seen_by_the_fixtures(
    site: Site,
    django_session_client: MakeClient,
    django_session_change: type[SessionChange],
) -> None:
    site.app.add_url_rule("/", "view", lambda: session.update(num_visits=2) or "")
    client = django_session_client(num_visits=1)
    with django_session_change(client) as change:
        assert client.get("/").status_code == 200
    assert (change.kind, change.data) == ("changed", {"num_visits": 2})


# Who is logged in


@pytest.fixture
def ann(auth: DjangoAuth, django_user: MakeUser, django_session_client: MakeClient) -> FlaskClient:
    """Return a browser that is logged in."""
    return django_session_client(user=django_user("ann"), cart=["tea"])


@pytest.mark.slow
def test_without_djangos_session_the_user_is_nobody(
    site: Site, auth: DjangoAuth, ann: FlaskClient
) -> None:
    site.app.add_url_rule("/", view_func=lambda: f"{auth.current_user} {request.user}")  # type: ignore[attr-defined]
    assert ann.get("/").text == "ann ann"
    skipped = ann.get("/?skip").text
    opens = isinstance(site.app.session_interface, Opening)
    assert skipped == ("ann ann" if opens else "AnonymousUser AnonymousUser")


def test_without_djangos_session_a_view_for_users_leads_to_the_login(
    site: Site, auth: DjangoAuth, ann: FlaskClient
) -> None:
    site.app.add_url_rule("/", view_func=auth.login_required(lambda: "for users"))
    opens = isinstance(site.app.session_interface, Opening)
    assert ann.get("/?skip").location == (None if opens else "/accounts/login/?next=/%3Fskip")


@pytest.mark.slow
@pytest.mark.parametrize("act", ["login", "logout", "update_session_auth_hash"])
def test_what_would_be_lost_without_djangos_session_says_why(
    site: Site, auth: DjangoAuth, ann: FlaskClient, act: str
) -> None:
    def view() -> str:
        user = auth.get_by_natural_key("ann")
        getattr(auth, act)(*([] if act == "logout" else [user]))
        return ""

    site.app.add_url_rule("/", view_func=view)
    (before,) = [row.session_data for row in site.rows()]
    name = type(site.app.session_interface).__name__
    with pytest.raises(RuntimeError, match=f"its session is not Django's: .+ a {name}, "):
        ann.get("/?skip")
    assert [row.session_data for row in site.rows()] == [before]
    assert ann.get("/").status_code == 200


# The inspector


@pytest.fixture
def inspected(site: Site) -> Site:
    """Return the site with the inspector on it."""
    site.app.register_blueprint(Inspector(access=lambda: True))
    return site


def test_the_inspector_shows_the_visitors_session(
    inspected: Site, django_session_client: MakeClient
) -> None:
    client = django_session_client(num_visits=41)
    assert "41" in client.get("/sessions/").text


def test_so_it_does_where_the_request_was_given_another_session_or_none(
    inspected: Site, django_session_client: MakeClient
) -> None:
    client = django_session_client(num_visits=41)
    page = client.get("/sessions/?skip")
    assert "41" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert client.get("/sessions/all?skip").status_code == 200


# Saving what was not opened here


def test_a_changed_session_of_another_kind_is_not_lost_in_silence(make_site: MakeSite) -> None:
    site = make_site()
    site.app.session_interface = Skipping(site.app.session_interface, SecureCookieSession)
    site.app.add_url_rule("/look", "look", lambda: str(session.get("cat")))
    site.app.add_url_rule("/touch", "touch", lambda: session.update(cat="tabby") or "")
    assert site.client.get("/look?skip").text == "None"
    with pytest.raises(TypeError, match="was asked to save a SecureCookieSession"):
        site.client.get("/touch?skip")


def test_a_session_that_does_not_tell_whether_it_has_changed_counts_as_changed(
    site: Site,
) -> None:
    class Silent(dict[str, str]):
        """A session of somebody's own."""

    with site.app.test_request_context(), pytest.raises(TypeError, match="to save a Silent"):
        site.app.session_interface.save_session(site.app, Silent(), Response())  # type: ignore[arg-type]
