"""Looking changes nothing: no row, no cookie, no user, whatever the app does around a page."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import flask_login
import pytest
import sqlalchemy as sa
from flask import (
    Blueprint,
    Response,
    flash,
    get_flashed_messages,
    redirect,
    request,
    session,
    url_for,
)
from flask.signals import request_started
from flask_wtf.csrf import generate_csrf
from werkzeug.test import TestResponse

from flask_dj_session import signals
from flask_dj_session.auth import DjangoAuth
from flask_dj_session.auth.flask_login import DjangoLoginManager
from flask_dj_session.auth.passwords import PasswordHashers
from flask_dj_session.inspector import Inspector
from flask_dj_session.session import DjangoSession

from ..conftest import MakeSite, Site
from ..live_django import SECRET_KEY
from .conftest import Put, address, press, stored, visitor

pytestmark = pytest.mark.slow

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
PASSWORD = "correct horse"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
Snapshot = list[list[Any]]


class Shop:
    """An app with Django's login, Flask-Login and the inspector, in debug mode."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.auth = DjangoAuth(site.sessions, hashers=PasswordHashers(iterations=1))
        DjangoLoginManager().init_app(site.app)
        with site.app.app_context():
            self.auth.create_tables()
            self.auth.create_superuser("ann", password=PASSWORD)
        site.app.register_blueprint(Inspector(access=self.may_look))
        #: what access does, and says
        self.acts: Callable[[Shop], object] = lambda shop: None
        self.allows = True

    def may_look(self) -> bool:
        """Look at who it is, as many an app's access does."""
        self.acts(self)
        return self.allows and str(self.auth.current_user) != "nobody by this name"

    def hash_by(self, secret_key: str) -> str:
        """Return the hash in ann's session of an app that has another SECRET_KEY."""
        before = self.site.app.config["SECRET_KEY"]
        self.site.app.config["SECRET_KEY"] = secret_key
        with self.site.app.app_context():
            found: str = self.auth.get_user(1).get_session_auth_hash()
        self.site.app.config["SECRET_KEY"] = before
        return found

    def snapshot(self) -> Snapshot:
        """Return all that is in both tables."""
        tables = ("django_session", "auth_user")
        with self.site.app.app_context(), self.site.db.engine.connect() as connection:
            return [list(connection.execute(sa.text(f"SELECT * FROM {name}"))) for name in tables]


@pytest.fixture
def site(make_site: MakeSite, clock: object) -> Site:
    """Return an app that saves at every request, and whose key was changed a moment ago."""
    return make_site(
        DEBUG=True,
        SECRET_KEY="new",
        SECRET_KEY_FALLBACKS=[SECRET_KEY],
        SESSION_SAVE_EVERY_REQUEST=True,
        WTF_CSRF_SECRET_KEY="wtf",
    )


@pytest.fixture
def shop(site: Site) -> Shop:
    """Return that app, with a user."""
    return Shop(site)


@pytest.fixture
def ann(shop: Shop, put: Put) -> dict[str, Any]:
    """Return what is in the session of a user who logged in before the key was changed."""
    return {
        "_auth_user_id": "1",
        "_auth_user_backend": MODEL_BACKEND,
        "_auth_user_hash": shop.hash_by(SECRET_KEY),
        "_flashes": [("message", "Hello")],
        "csrf_token": "x" * 40,
    }


def _pages(shop: Shop) -> list[str]:
    """Return the addresses of all pages, and some of nothing."""
    acts, allows = shop.acts, shop.allows
    shop.acts, shop.allows = lambda _: None, True
    one = address(shop.site.client, "others")
    shop.acts, shop.allows = acts, allows
    return [
        "/sessions/",
        "/sessions/?full=1&unverified=1",
        "/sessions/count",
        "/sessions/all",
        "/sessions/all?user=1&state=live",
        one,
        f"{one}/revoke",
        "/sessions/one/nothing",
        "/sessions/static/pages.css",
        "/sessions/static/nothing",
    ]


def _is_untouched(answer: TestResponse) -> bool:
    cookies = answer.headers.getlist("Set-Cookie")
    return all(cookie.startswith("inspector_") for cookie in cookies)


def _look(shop: Shop, key: str | None, methods: list[str]) -> set[int]:
    """Ask for each page with each method, and return the statuses; nothing may be changed."""
    pages = _pages(shop) + (["/sessions", "/sessions//all"] if "GET" in methods else [])
    before = shop.snapshot()
    statuses = set()
    for page in pages:
        for method in methods:
            client = visitor(shop.site, key) if key else shop.site.client
            answer = client.open(page, method=method, buffered=True)
            assert _is_untouched(answer), (method, page)
            assert shop.snapshot() == before, (method, page)
            statuses.add(answer.status_code)
    return statuses


def _flushes(shop: Shop) -> None:
    session.update(seen=True)
    request.session.flush()  # type: ignore[attr-defined]


def _all_that_writes(shop: Shop) -> None:
    own: DjangoSession = request.session  # type: ignore[attr-defined]
    own["seen"] = True
    own.save()
    own.cycle_key()
    own.create()
    own.set_expiry(7)
    own.save(must_create=True)
    own.delete(request.cookies.get("sessionid"))
    own.delete()
    own.clear()
    own.save()


def _logs_in(shop: Shop) -> None:
    shop.auth.login(shop.auth.get_by_natural_key("ann"))


ACTS: dict[str, Callable[[Shop], object]] = {
    "looks": lambda shop: shop.auth.current_user.is_authenticated,
    "asks Flask-Login": lambda shop: flask_login.current_user.is_authenticated,
    "reads flashes": lambda shop: get_flashed_messages(),
    "flashes": lambda shop: flash("Welcome"),
    "makes a token": lambda shop: generate_csrf(),
    "flushes": _flushes,
    "writes": _all_that_writes,
    "logs in": _logs_in,
    "logs in by Flask-Login": lambda shop: flask_login.login_user(
        shop.auth.get_by_natural_key("ann"), remember=True
    ),
    "logs out": lambda shop: shop.auth.logout(),
    "logs out by Flask-Login": lambda shop: flask_login.logout_user(),
    "keeps a changed password's session": lambda shop: shop.auth.update_session_auth_hash(
        shop.auth.get_by_natural_key("ann")
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("act", ACTS)
def test_whatever_the_app_does_looking_changes_nothing(
    shop: Shop, put: Put, ann: dict[str, Any], act: str
) -> None:
    key = put("aaaaaa", **ann)
    put("others", **ann)
    shop.acts = ACTS[act]
    assert _look(shop, key, ["GET"]) == {200, 308, 404, 405}


@pytest.mark.slow
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS"])
@pytest.mark.parametrize(
    "page", ["/sessions", "/sessions//", "/sessions//all", "/sessions///one/x"]
)
def test_an_address_with_other_slashes_changes_nothing_either(
    shop: Shop, put: Put, ann: dict[str, Any], page: str, method: str
) -> None:
    if (page, method) == ("/sessions", "PUT"):
        return  # which is no address at all to Flask
    key = put("aaaaaa", **ann)
    before = shop.snapshot()
    shop.site.app.before_request(lambda: _all_that_writes(shop))
    answer = visitor(shop.site, key).open(page, method=method)
    assert _is_untouched(answer)
    assert shop.snapshot() == before


def _states(shop: Shop, put: Put, ann: dict[str, Any]) -> dict[str, str | None]:
    """Return the keys of sessions of all kinds."""
    return {
        "by a fallback": put("aaaaaa", **ann),
        "by the key": put("bbbbbb", key="new", **{**ann, "_auth_user_hash": shop.hash_by("new")}),
        "by no key": put("cccccc", **{**ann, "_auth_user_hash": shop.hash_by("gone")}),
        "by nobody": put("dddddd", num_visits=1),
        "nobody's signature": put("eeeeee", key="nobody's", **ann),
        "corrupted": put("ffffff", text="nonsense"),
        "expired": put("gggggg", ends=-1, **ann),
        "unknown": "unknown".ljust(32, "0"),
        "no key": "short",
        "none": None,
    }


@pytest.mark.slow
@pytest.mark.parametrize("act", ["looks", "writes"])
@pytest.mark.parametrize("method", METHODS)
def test_whatever_the_method_and_the_row_looking_changes_nothing(
    shop: Shop, put: Put, ann: dict[str, Any], method: str, act: str
) -> None:
    put("others", **ann)
    states = _states(shop, put, ann)
    shop.acts = ACTS[act]
    for key in states.values():
        assert max(_look(shop, key, [method])) < 500


def _refuses(shop: Shop) -> Response:
    """Send visitors to the login page, after another look."""
    _all_that_writes(shop)
    flash("Log in first.")
    return redirect("/login")  # type: ignore[return-value]


def test_an_app_that_answers_before_the_page_changes_nothing(
    shop: Shop, put: Put, ann: dict[str, Any]
) -> None:
    key = put("aaaaaa", **ann)
    put("others", **ann)
    before = shop.snapshot()
    shop.site.app.before_request(lambda: _refuses(shop))
    for page in ["/sessions", "/sessions/", "/sessions/all"]:
        answer = visitor(shop.site, key).get(page)
        assert answer.location == "/login"
        assert _is_untouched(answer)
    assert shop.snapshot() == before


@pytest.mark.slow
@pytest.mark.parametrize("act", ["looks", "writes", "logs in", "reads flashes"])
def test_nothing_around_a_page_changes_anything(
    shop: Shop, put: Put, ann: dict[str, Any], act: str
) -> None:
    app = shop.site.app
    key = put("aaaaaa", **ann)
    put("others", **ann)

    def acts(*_: object, **__: object) -> None:
        ACTS[act](shop)

    def acts_and_passes(response: Response) -> Response:
        acts()
        return response

    request_started.connect(acts, app)
    app.url_value_preprocessor(acts)
    app.before_request(acts)
    app.after_request(acts_and_passes)
    app.teardown_request(acts)
    app.register_error_handler(403, lambda _: (acts_and_passes(app.response_class("No.")), 403))
    for allowed in (False, True):
        shop.allows = allowed
        _look(shop, key, ["GET"])


def test_no_signal_tells_of_what_did_not_happen(shop: Shop, put: Put, ann: dict[str, Any]) -> None:
    key = put("aaaaaa", **ann)
    heard: list[str] = []
    names = ["session_created", "session_cycled", "session_flushed"]
    with ExitStack() as stack:
        for name in names:
            signal = getattr(signals, name)
            stack.enter_context(signal.connected_to(lambda *_, n=name, **__: heard.append(n)))
        for act in ("looks", "writes", "flushes", "logs in"):
            shop.acts = ACTS[act]
            visitor(shop.site, key).get("/sessions/")
    assert heard == []


def test_the_visitor_is_still_logged_in_after_a_look(
    shop: Shop, put: Put, ann: dict[str, Any]
) -> None:
    client = visitor(shop.site, put("aaaaaa", **ann))
    shop.site.app.add_url_rule("/who", view_func=lambda: str(shop.auth.current_user))
    for page in ("/sessions/", "/sessions/all"):
        assert client.get(page).status_code == 200
    assert client.get("/who").text == "ann"


@pytest.mark.parametrize("act", ["looks", "writes", "flushes", "logs in", "logs out"])
def test_the_page_shows_the_row_as_it_is(
    shop: Shop, put: Put, ann: dict[str, Any], act: str
) -> None:
    client = visitor(shop.site, put("aaaaaa", **ann))
    shop.acts = ACTS[act]
    page = client.get("/sessions/").text
    assert "aaaaaa…" in page
    assert "made with <code>SECRET_KEY_FALLBACKS[0]</code>" in page
    assert "your own session" in client.get(address(client, "aaaaaa")).text


def test_an_expired_row_is_shown_after_a_look(shop: Shop, put: Put, ann: dict[str, Any]) -> None:
    client = visitor(shop.site, put("aaaaaa", ends=-1, **ann))
    assert "It has expired" in client.get("/sessions/").text


@pytest.mark.parametrize("act", ["looks", "writes", "flushes", "logs in"])
def test_the_button_changes_the_count_and_nothing_else(
    shop: Shop, put: Put, ann: dict[str, Any], act: str
) -> None:
    client = visitor(shop.site, put("aaaaaa", **ann))
    shop.acts = ACTS[act]
    before = shop.snapshot()
    answer = press(client, "/sessions/", "/sessions/count")
    assert answer.status_code == 303
    cookies = answer.headers.getlist("Set-Cookie")
    assert [cookie for cookie in cookies if cookie.startswith("sessionid=aaaaaa")]
    assert stored(shop.site) == [{**ann, "num_visits": 1}]
    assert shop.snapshot()[1] == before[1]


@pytest.mark.parametrize("act", ["looks", "writes", "logs in"])
def test_a_session_is_revoked_and_no_other(
    shop: Shop, put: Put, ann: dict[str, Any], act: str
) -> None:
    client = visitor(shop.site, put("aaaaaa", **ann))
    put("bbbbbb", **ann)
    shop.acts = ACTS[act]
    page = f"{address(client, 'bbbbbb')}/revoke"
    assert press(client, page, page).status_code == 303
    assert [row.session_key[:6] for row in shop.site.rows()] == ["aaaaaa"]


def test_a_look_stores_no_password_anew(shop: Shop) -> None:
    shop.acts = lambda shop: shop.auth.authenticate("ann", PASSWORD)
    shop.site.app.add_url_rule("/in", view_func=lambda: str(shop.acts(shop)))
    with shop.site.app.app_context():
        shop.auth.accounts.hashers = PasswordHashers(iterations=2)
    before = shop.snapshot()
    assert shop.site.client.get("/sessions/").status_code == 200
    assert shop.snapshot() == before
    assert shop.site.client.get("/in").text == "ann"
    assert shop.snapshot() != before


def test_other_pages_are_saved_as_ever(shop: Shop, put: Put, ann: dict[str, Any]) -> None:
    site = shop.site
    pages = Blueprint("pages", __name__, url_prefix="/sessions/mine")
    pages.add_url_rule("/", view_func=lambda: session.update(seen=True) or "seen", endpoint="mine")
    site.app.register_blueprint(pages)
    client = visitor(site, put("aaaaaa", **ann))
    for page in ("/sessions/mine/", "/sessions/nothing"):
        answer = client.get(page)
        assert any("sessionid" in one for one in answer.headers.getlist("Set-Cookie"))
        assert "Content-Security-Policy" not in answer.headers
    assert stored(site)[0]["seen"] is True


def test_it_may_stand_in_a_blueprint_and_under_two_names(make_site: MakeSite, put: Put) -> None:
    site = make_site(DEBUG=True, SESSION_SAVE_EVERY_REQUEST=True)
    inspector = Inspector()
    parent = Blueprint("admin", __name__, url_prefix="/admin")
    parent.register_blueprint(inspector, url_prefix="/who")
    site.app.register_blueprint(parent)
    site.app.register_blueprint(inspector, name="again", url_prefix="/again")
    client = visitor(site, put("aaaaaa", num_visits=1))
    for page in ("/admin/who/", "/again/", "/admin/who", "/again"):
        answer = client.get(page)
        assert answer.status_code in (200, 308)
        assert _is_untouched(answer)
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_session_kept_beyond_the_request_writes_nothing_either(
    shop: Shop, put: Put, ann: dict[str, Any]
) -> None:
    kept: list[DjangoSession] = []
    shop.acts = lambda _: kept.append(request.session)  # type: ignore[attr-defined]
    visitor(shop.site, put("aaaaaa", **ann)).get("/sessions/")
    before = shop.snapshot()
    with shop.site.app.app_context():
        kept[0]["seen"] = True
        kept[0].save()
        kept[0].flush()
    assert shop.snapshot() == before


def test_a_session_of_the_apps_own_is_written(shop: Shop, put: Put) -> None:
    def keeps_a_record(shop: Shop) -> None:
        record = shop.site.sessions.session()
        record["seen"] = url_for("inspector.your_session")
        record.save()

    shop.acts = keeps_a_record
    shop.site.client.get("/sessions/")
    assert stored(shop.site) == [{"seen": "/sessions/"}]
