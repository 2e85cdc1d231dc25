"""Logging in and out: what it costs, what it stores and tells, and whom it refuses."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.contrib import auth as django_auth
from django.contrib.auth.models import AnonymousUser as DjangosAnonymousUser
from django.contrib.auth.models import User
from flask import Flask, Request, request

from flask_dj_session import DjangoSessions
from flask_dj_session.auth import (
    AnonymousUser,
    DjangoAuth,
    ModelBackend,
    PermissionDenied,
    user_logged_in,
    user_logged_out,
    user_login_failed,
)
from flask_dj_session.errors import SettingError

from ..conftest import NOW, MakeSite
from ..databases import EVERY_DATABASE
from ..live_django import LiveDjango
from .conftest import PASSWORD, AuthSite, MakeAuth, Visitor, make_user

pytestmark = pytest.mark.slow

ALL = "django.contrib.auth.backends.AllowAllUsersModelBackend"
MODEL = "django.contrib.auth.backends.ModelBackend"
ALL_REMOTE = "django.contrib.auth.backends.AllowAllUsersRemoteUserBackend"
REMOTE = "django.contrib.auth.backends.RemoteUserBackend"


def _verbs(statements: list[str]) -> list[str]:
    return [f"{text.split()[0]} {_table(text)}" for text in statements]


def _table(text: str) -> str:
    return next(name for name in ("django_session", "auth_user", "auth_permission") if name in text)


# What it costs


def test_a_request_that_asks_for_no_user_costs_nothing(flask: AuthSite, visitor: Visitor) -> None:
    visitor.on_flask("in", name="ann", password=PASSWORD)
    with flask.statements() as statements:
        response = visitor.response("nothing")
    assert statements == []
    assert "Vary" not in response.headers


def test_who_it_is_costs_one_statement_more_than_the_session(
    flask: AuthSite, visitor: Visitor
) -> None:
    visitor.on_flask("in", name="ann", password=PASSWORD)
    with flask.statements() as statements:
        response = visitor.response("who")
    assert _verbs(statements) == ["SELECT django_session", "SELECT auth_user"]
    assert response.headers["Vary"] == "Cookie"


def test_nobody_costs_no_statement_for_users(flask: AuthSite, visitor: Visitor) -> None:
    with flask.statements() as statements:
        visitor.on_flask("who")
    assert statements == []


def test_a_login_and_a_logout_cost_what_they_cost_in_django(
    flask: AuthSite, visitor: Visitor
) -> None:
    with flask.statements() as statements:
        visitor.on_flask("in", name="ann", password=PASSWORD)
    assert _verbs(statements) == [
        "SELECT auth_user",
        "INSERT django_session",
        "UPDATE auth_user",
        "UPDATE django_session",
    ]
    with flask.statements() as statements:
        visitor.on_flask("out")
    assert _verbs(statements) == [
        "SELECT django_session",
        "SELECT auth_user",
        "DELETE django_session",
    ]


def test_nothing_of_the_apps_own_transaction_is_committed(flask: AuthSite) -> None:
    with flask.app.test_request_context("/"):
        user = flask.auth.create_user("ann", password=PASSWORD)
        session = flask.site.db.session()
        session.connection()
        flask.auth.login(user)
        assert session.in_transaction()
        assert not session.new
        assert not session.dirty


# What it stores


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
@pytest.mark.parametrize("use_tz", [True, False])
def test_the_time_of_the_login_is_stored_as_django_stores_it(
    make_auth: MakeAuth, live: LiveDjango, clock: time_machine.Traveller, use_tz: bool
) -> None:
    zone = {"USE_TZ": use_tz, "TIME_ZONE": "Europe/Prague"}
    flask = make_auth(config=zone)
    raw, seen = set(), set()
    live.disconnect()  # so that it connects anew, in its zone
    with live.settings(**zone):
        make_user()
        visitor = Visitor(flask.app, live)
        for side in ("Flask", "Django"):
            visitor.visit(side, "in", name="ann", password=PASSWORD)
            raw.add(_raw_last_login(flask))
            seen.add(User.objects.get().last_login)
        live.disconnect()
    assert len(raw) == len(seen) == 1
    with flask.app.app_context():
        assert flask.auth.get_by_natural_key("ann").last_login == NOW


def _raw_last_login(flask: AuthSite) -> Any:
    with flask.app.app_context(), flask.site.db.engine.connect() as connection:
        return connection.exec_driver_sql("SELECT last_login FROM auth_user").scalar()


def test_the_view_sees_the_new_time_at_once(flask: AuthSite, clock: time_machine.Traveller) -> None:
    with flask.app.test_request_context("/"):
        user = flask.auth.create_user("ann", password=PASSWORD)
        assert (user.last_login, user.date_joined) == (None, NOW)
        flask.auth.login(user)
        assert flask.auth.current_user.last_login == NOW


def test_a_database_in_memory_has_users_too(make_auth: MakeAuth) -> None:
    flask = make_auth(tables=False, config={"SQLALCHEMY_DATABASE_URI": "sqlite://"})
    with flask.app.app_context():
        flask.auth.create_tables()
        flask.auth.create_user("ann", password=PASSWORD)
    client = flask.app.test_client()
    client.get("/in", query_string={"name": "ann", "password": PASSWORD})
    assert client.get("/who").text == "ann"


def test_new_users_are_as_django_makes_them(flask: AuthSite, live: LiveDjango) -> None:
    with flask.app.app_context():
        flask.auth.create_user("ångström", "Ann@EXAMPLE.Org", PASSWORD, first_name="Ann")
        flask.auth.create_superuser("boss")
        with pytest.raises(ValueError, match="'username' is empty"):
            flask.auth.create_user("")
    User.objects.create_user("theirs", "Ann@EXAMPLE.Org", PASSWORD, first_name="Ann")
    User.objects.create_superuser("their boss")
    skipped = ("id", "username", "password", "date_joined")
    ours, boss, theirs, their_boss = [
        {name: value for name, value in row.items() if name not in skipped}
        for row in User.objects.order_by("id").values()
    ]
    assert ours == theirs
    assert boss == their_boss
    assert User.objects.get(username="ångström").check_password(PASSWORD)
    assert not User.objects.get(username="boss").has_usable_password()


@pytest.mark.parametrize(
    "name", ["\ufb01rst", "A\u030angstr\u00f6m", "\uff21\uff4e\uff4e", "ann\u2460"]
)
def test_a_new_users_name_is_written_as_django_writes_it(
    flask: AuthSite, live: LiveDjango, name: str
) -> None:
    with flask.app.app_context():
        ours = flask.auth.create_user(name).username
    assert User.objects.get().username == ours
    User.objects.all().delete()
    assert ours == User.objects.create_user(name).username != name


# What it tells


@pytest.fixture
def told(flask: AuthSite) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """Collect the signals of the app."""
    heard: list[tuple[str, dict[str, Any]]] = []
    receivers = []
    for signal in (user_logged_in, user_logged_out, user_login_failed):

        def receive(sender: Flask, _name: str = signal.name, **facts: Any) -> None:
            heard.append((_name, facts))

        receivers.append((signal, receive))
        signal.connect(receive, flask.app)
    yield heard
    for signal, receive in receivers:
        signal.disconnect(receive)


def test_signals_tell_who_logged_in_and_out(
    visitor: Visitor, told: list[tuple[str, dict[str, Any]]]
) -> None:
    visitor.on_flask("in", name="ann", password=PASSWORD)
    visitor.on_flask("out")
    visitor.on_flask("out")
    assert [(name, str(facts["user"])) for name, facts in told] == [
        ("user-logged-in", "ann"),
        ("user-logged-out", "ann"),
        ("user-logged-out", "None"),
    ]
    assert all(facts["request"].path in ("/in", "/out") for _, facts in told)


def test_at_a_logout_the_session_is_still_there_to_be_looked_at(
    flask: AuthSite, visitor: Visitor
) -> None:
    seen: list[Any] = []

    def look(_: Flask, request: Any, **__: Any) -> None:
        seen.append((dict(request.session), str(flask.auth.current_user)))

    visitor.on_flask("in", name="ann", password=PASSWORD)
    before = visitor.response("data").json
    with user_logged_out.connected_to(look, flask.app):
        visitor.on_flask("out")
    assert seen == [(before, "ann")]


def test_a_failed_login_is_told_without_the_password(
    flask: AuthSite, visitor: Visitor, told: list[tuple[str, dict[str, Any]]]
) -> None:
    visitor.on_flask("in", name="ann", password="wrong")
    ((name, facts),) = told
    assert name == "user-login-failed"
    assert facts["credentials"] == {"username": "ann", "password": "*" * 20}
    assert facts["request"].path == "/in"
    with flask.app.app_context():
        flask.auth.authenticate(username="ann", api_token="t", Signature="s")
    assert told[1][1]["credentials"] == {
        "username": "ann",
        "api_token": "*" * 20,
        "Signature": "*" * 20,
    }
    assert told[1][1]["request"] is None


# Whom it refuses


@pytest.mark.usefixtures("visitor")
@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ann", "wrong"),
        ("ann", ""),
        ("ANN", PASSWORD),
        ("bob", PASSWORD),
        ("", PASSWORD),
        ("ann\0", PASSWORD),
        ("\ud800", PASSWORD),
        (None, PASSWORD),
        ("ann", None),
        (7, PASSWORD),
        ("ann", b"correct horse"),
    ],
)
def test_wrong_credentials_are_nobodys(flask: AuthSite, name: Any, password: Any) -> None:
    with flask.app.app_context():
        assert flask.auth.authenticate(name, password) is None


def test_no_name_is_nobodys_not_even_of_a_user_called_none(flask: AuthSite) -> None:
    with flask.app.app_context():
        flask.auth.create_user("None", password=PASSWORD)
        assert flask.auth.get_by_natural_key("None") is not None
        no_name: Any = None
        assert flask.auth.get_by_natural_key(no_name) is None
        assert flask.auth.authenticate(username=no_name, password=PASSWORD) is None


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_a_name_that_nobody_can_have_is_no_error(flask: AuthSite) -> None:
    with flask.app.app_context():
        for name in ("ann\0", "\ud800", "x" * 10_000, "a'; --"):
            assert flask.auth.authenticate(name, PASSWORD) is None, name


def test_somebody_who_is_no_user_cannot_log_in(flask: AuthSite) -> None:
    with flask.app.test_request_context("/"), pytest.raises(TypeError, match="A str cannot log in"):
        flask.auth.login("ann")
    with flask.app.test_request_context("/"), pytest.raises(TypeError, match="AnonymousUser"):
        flask.auth.login(AnonymousUser())


@pytest.mark.parametrize("backend", ["x", "", None, [1], {}, 7])
def test_a_backend_that_is_none_is_nobodys(flask: AuthSite, visitor: Visitor, backend: Any) -> None:
    visitor.on_flask("in", name="ann", password=PASSWORD)
    with flask.app.app_context():
        session = flask.site.sessions.session(visitor.key)
        session["_auth_user_backend"] = backend
        session.save()
    assert visitor.on_flask("who") == "AnonymousUser"


@pytest.mark.parametrize("missing", ["_auth_user_id", "_auth_user_backend"])
def test_half_a_login_is_nobodys(flask: AuthSite, visitor: Visitor, missing: str) -> None:
    visitor.on_flask("in", name="ann", password=PASSWORD)
    with flask.app.app_context():
        session = flask.site.sessions.session(visitor.key)
        del session[missing]
        session.save()
    assert visitor.on_flask("who") == visitor.on_django("who") == "AnonymousUser"
    assert visitor.on_flask("in", name="ann", password=PASSWORD) == "ann"


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_ids_that_no_column_holds_are_nobodys(flask: AuthSite, visitor: Visitor) -> None:
    visitor.on_flask("in", name="ann", password=PASSWORD)
    for user_id in (2**31, 2**63, -(2**64), 10**50, "1\0", "٣", " 1", "1_0"):
        with flask.app.app_context():
            session = flask.site.sessions.session(visitor.key)
            session["_auth_user_id"] = user_id
            session.save()
        assert visitor.on_flask("who") in ("AnonymousUser", "ann"), user_id


@pytest.mark.parametrize("user_id", ["x", "", None, [1], "1.0", "0x1"])
def test_an_id_that_is_none_is_nobodys(flask: AuthSite, visitor: Visitor, user_id: Any) -> None:
    visitor.on_flask("in", name="ann", password=PASSWORD)
    with flask.app.app_context():
        session = flask.site.sessions.session(visitor.key)
        session["_auth_user_id"] = user_id
        session.save()
    assert visitor.on_flask("who") == "AnonymousUser"


@pytest.mark.parametrize(
    "path", [10**5000, ["x"], None, b"x"], ids=lambda path: type(path).__name__
)
def test_a_backend_that_is_no_text_knows_nobody(flask: AuthSite, path: Any) -> None:
    with flask.app.test_request_context():
        session = flask.site.sessions.session()
        session.update({"_auth_user_id": "1", "_auth_user_backend": path})
        request.session = session  # type: ignore[attr-defined]
        assert str(flask.auth.current_user) == "AnonymousUser"


# The backends


@pytest.mark.parametrize("side", ["Flask", "Django"])
def test_inactive_users_may_where_all_users_are_allowed(
    make_auth: MakeAuth, live: LiveDjango, side: str
) -> None:
    flask = make_auth(authentication_backends=[ALL])
    make_user(is_active=False)
    visitor = Visitor(flask.app, live)
    with live.settings(AUTHENTICATION_BACKENDS=[ALL]):
        assert visitor.visit(side, "in", name="ann", password=PASSWORD) == "ann"
        assert visitor.on_flask("who") == visitor.on_django("who") == "ann"
    assert live.store(visitor.key)["_auth_user_backend"] == ALL


def test_a_backend_that_the_project_has_not_is_nobodys(
    make_auth: MakeAuth, live: LiveDjango
) -> None:
    flask, all_users = make_auth(), make_auth(authentication_backends=[ALL])
    make_user()
    visitor = Visitor(all_users.app, live)
    visitor.on_flask("in", name="ann", password=PASSWORD)
    other = Visitor(flask.app, live)
    other.key = visitor.key
    with flask.statements() as statements:
        assert other.on_flask("who") == other.on_django("who") == "AnonymousUser"
    assert _verbs(statements) == ["SELECT django_session"]
    assert visitor.on_flask("who") == "ann"  # the session is still there


def test_of_several_backends_login_must_be_told_which(make_auth: MakeAuth) -> None:
    flask = make_auth(authentication_backends=[MODEL, ALL])
    with flask.app.test_request_context("/"):
        user = flask.auth.create_user("ann", password=PASSWORD)
        with pytest.raises(ValueError, match="Pass 'backend'"):
            flask.auth.login(user)
        flask.auth.login(user, backend=ALL)
        assert flask.auth.current_user.backend == ALL
        found = flask.auth.authenticate("ann", PASSWORD)
        assert found.backend == MODEL


@pytest.mark.filterwarnings("ignore:None of the backends")
def test_one_backend_is_the_one_even_if_it_lets_nobody_in_here(make_auth: MakeAuth) -> None:
    flask = make_auth(
        authentication_backends=["allauth.account.auth_backends.AuthenticationBackend"]
    )
    with flask.app.test_request_context("/"):
        user = flask.auth.create_user("ann", password=PASSWORD)
        assert flask.auth.authenticate("ann", PASSWORD) is None
        flask.auth.login(user)
        assert flask.auth.current_user.get_username() == "ann"


def test_who_was_found_by_a_backend_logs_in_again_by_it(make_auth: MakeAuth) -> None:
    flask = make_auth(authentication_backends=[MODEL, ALL])

    @flask.app.get("/again")
    def again() -> dict[str, Any]:
        flask.auth.login(flask.auth.current_user, request.args.get("backend"))
        return dict(request.session)  # type: ignore[attr-defined]

    @flask.app.get("/first")
    def first() -> str:
        flask.auth.login(flask.auth.create_user("ann"), backend=ALL)
        return "in"

    client = flask.app.test_client()
    assert client.get("/first").text == "in"
    for query, expected in (("", ALL), (f"backend={MODEL}", MODEL), ("", MODEL)):
        data = client.get(f"/again?{query}").json or {}
        assert data["_auth_user_backend"] == expected


class _ByCode(ModelBackend):
    """A project's own backend."""

    def authenticate(self, code: str) -> Any:  # type: ignore[override]
        if code == "stop":
            raise PermissionDenied
        return self.accounts.users.by_username(code.removeprefix("code of "))


def test_a_backend_of_the_projects_own_is_given(make_auth: MakeAuth, live: LiveDjango) -> None:
    path = "shop.backends.ByCode"
    flask = make_auth(backends={path: _ByCode}, config={"AUTHENTICATION_BACKENDS": [path, MODEL]})
    make_user()
    with flask.app.test_request_context("/"):
        assert flask.auth.authenticate(code="stop") is None
        assert flask.auth.authenticate("ann", PASSWORD).backend == MODEL
        user = flask.auth.authenticate(code="code of ann")
        assert user.backend == path
        flask.auth.login(user)
        assert flask.auth.current_user.get_username() == "ann"


class _Denying(ModelBackend):
    """A project's own backend, which locks everybody out."""

    def authenticate(self, username: str, password: str) -> Any:  # type: ignore[override]
        raise PermissionDenied


class _Blind(ModelBackend):
    """One that knows nobody."""

    def authenticate(self, username: str, password: str) -> Any:  # type: ignore[override]
        return None


@pytest.mark.parametrize(
    ("backends", "expected"),
    [
        (["shop.Denying", MODEL], None),
        (["shop.Blind", "shop.Denying", MODEL], None),
        ([MODEL, "shop.Denying"], "ann"),
        (["shop.Blind", MODEL, "shop.Denying"], "ann"),
    ],
)
def test_after_one_that_denies_no_backend_is_asked(
    make_auth: MakeAuth, backends: list[str], expected: str | None
) -> None:
    given = {"shop.Denying": _Denying, "shop.Blind": _Blind}
    flask = make_auth(backends=given, authentication_backends=backends)
    failed: list[Any] = []
    with (
        flask.app.app_context(),
        user_login_failed.connected_to(lambda _, **facts: failed.append(facts), flask.app),
    ):
        flask.auth.create_user("ann", password=PASSWORD)
        user = flask.auth.authenticate("ann", PASSWORD)
    assert (user and user.username) == expected
    assert len(failed) == (0 if expected else 1)


@pytest.mark.parametrize("is_active", [True, False])
@pytest.mark.parametrize("path", [REMOTE, ALL_REMOTE, MODEL, ALL])
def test_who_may_be_inactive_is_as_in_django(
    make_auth: MakeAuth, live: LiveDjango, path: str, is_active: bool
) -> None:
    flask = make_auth(authentication_backends=[path])
    user = make_user(is_active=is_active)
    credentials = {"username": "ann", "password": PASSWORD}
    if path in (REMOTE, ALL_REMOTE):
        credentials = {"remote_user": "ann"}
    with live.settings(AUTHENTICATION_BACKENDS=[path]), flask.app.test_request_context():
        theirs = django_auth.authenticate(None, **credentials)
        ours = flask.auth.authenticate(**credentials)
        assert (ours and ours.pk) == (theirs and theirs.pk)
        backend, its = flask.auth.state.backends[path], django_auth.load_backend(path)
        ours, theirs = backend.get_user(user.pk), its.get_user(user.pk)
        assert (ours and ours.pk) == (theirs and theirs.pk)


@pytest.mark.parametrize("name", ["", None, "bob", "ANN", 0])
def test_only_a_name_that_is_there_is_the_web_servers_user(
    make_auth: MakeAuth, live: LiveDjango, name: Any
) -> None:
    flask = make_auth(authentication_backends=[REMOTE])
    for one in ("", "None", "0", "ann"):
        User.objects.create(username=one)
    with flask.app.app_context():
        assert flask.auth.authenticate(remote_user=name) is None


def test_the_web_servers_user_is_trusted_and_not_made(make_auth: MakeAuth) -> None:
    flask = make_auth(authentication_backends=[REMOTE])
    with flask.app.app_context():
        assert flask.auth.authenticate(remote_user="ann") is None
        flask.auth.create_user("ann")
        assert str(flask.auth.authenticate(remote_user="ann")) == "ann"
        assert flask.auth.authenticate("ann", "") is None


def test_a_backend_that_is_not_known_is_told_at_the_beginning(make_auth: MakeAuth) -> None:
    with pytest.warns(UserWarning, match=r"names 'shop\.LDAP', which this package does not know"):
        make_auth(authentication_backends=["shop.LDAP"])


# The extension


def test_the_user_is_requests_too_as_in_django(flask: AuthSite) -> None:
    with flask.app.test_request_context("/") as context:
        assert str(context.request.user) == "AnonymousUser"  # type: ignore[attr-defined]
        user = flask.auth.create_user("ann")
        flask.auth.login(user)
        assert context.request.user is user  # type: ignore[attr-defined]


def test_a_request_class_with_a_user_of_its_own_keeps_it(make_site: MakeSite) -> None:
    class OwnRequest(Request):
        user = "the app's own"

    site = make_site()
    site.app.request_class = OwnRequest
    DjangoAuth(site.sessions)
    assert site.app.request_class is OwnRequest


def test_outside_a_request_there_is_nobody(flask: AuthSite) -> None:
    assert str(flask.auth.current_user) == "AnonymousUser"


def test_the_sessions_must_be_there_first() -> None:
    with pytest.raises(RuntimeError, match=r"Call 'sessions\.init_app"):
        DjangoAuth().init_app(Flask("tests"), DjangoSessions())
    with pytest.raises(TypeError, match="'sessions' is missing"):
        DjangoAuth().init_app(Flask("tests"))


def test_an_app_in_the_place_of_the_sessions_is_named() -> None:
    app: Any = Flask("tests")
    for attempt in (lambda: DjangoAuth(app), lambda: DjangoAuth().init_app(Flask("tests"), app)):
        with pytest.raises(TypeError, match="'sessions' is a Flask"):
            attempt()


def test_one_app_has_one_login(flask: AuthSite) -> None:
    with pytest.raises(RuntimeError, match="already registered"):
        DjangoAuth(flask.site.sessions)


def test_an_app_without_it_says_so(flask: AuthSite) -> None:
    with Flask("other").app_context(), pytest.raises(RuntimeError, match=r"Call 'auth\.init_app"):
        flask.auth.get_user(1)


def test_a_keyword_that_is_no_setting_is_refused(make_auth: MakeAuth) -> None:
    with pytest.raises(TypeError, match="'session_cookie_age' is not a setting"):
        make_auth(session_cookie_age=1)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("auth_user_model", "User"),
        ("auth_user_model", None),
        ("authentication_backends", []),
        ("authentication_backends", MODEL),
        ("password_hashers", [1]),
        ("csrf_cookie_name", "a b"),
        ("csrf_cookie_age", "1"),
        ("csrf_cookie_domain", "a;b"),
        ("csrf_cookie_age", -1),
        ("csrf_cookie_secure", "no"),
        ("csrf_cookie_samesite", "x"),
        ("csrf_use_sessions", "0"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused(
    make_auth: MakeAuth, setting: str, value: Any
) -> None:
    with pytest.raises(SettingError, match=f"'{setting.upper()}' "):
        make_auth(**{setting: value})


@pytest.mark.parametrize(
    ("setting", "value", "meaning"),
    [
        ("auth_user_model", "účty.User", "účty.User"),
        ("authentication_backends", {MODEL}, (MODEL,)),
        ("authentication_backends", (one for one in [MODEL]), (MODEL,)),
        ("csrf_cookie_age", timedelta(days=1), 86400),
        ("csrf_cookie_age", 0.5, 0.5),
        ("csrf_cookie_secure", 1, True),
        ("csrf_cookie_samesite", None, False),
        ("csrf_use_sessions", None, False),
    ],
)
def test_a_setting_that_django_works_with_is_taken(
    make_auth: MakeAuth, setting: str, value: Any, meaning: Any
) -> None:
    flask = make_auth(tables=False, **{setting: value})
    assert flask.app.config[setting.upper()] == meaning


def test_reprs_tell_nothing_of_the_user(flask: AuthSite) -> None:
    with flask.app.app_context():
        user = flask.auth.create_user("ann", "ann@example.org", PASSWORD)
        assert repr(user) == f"<DjangoUser {user.pk}>"
        assert user == flask.auth.get_user(user.pk)
        assert len({user, flask.auth.get_user(user.pk)}) == 1


def test_a_user_is_equal_to_no_other_and_to_nothing_else(flask: AuthSite) -> None:
    with flask.app.app_context():
        ann, bob = flask.auth.create_user("ann"), flask.auth.create_user("bob")
        for other in (bob, AnonymousUser(), ann.pk, str(ann.pk), SimpleNamespace(pk=ann.pk), None):
            assert ann != other
        assert AnonymousUser() == AnonymousUser()
        assert hash(AnonymousUser()) == hash(DjangosAnonymousUser())
        assert AnonymousUser() != SimpleNamespace(pk=None)
        assert len({ann, bob, AnonymousUser(), AnonymousUser()}) == 3


@pytest.mark.process
def test_nothing_of_it_is_loaded_unless_it_is_used() -> None:
    script = (
        "import sys, flask_dj_session\n"
        "loaded = [name for name in sys.modules if name.startswith('flask_dj_session.auth')]\n"
        "assert not loaded, loaded\n"
        "import flask_dj_session.auth\n"
        "assert 'flask_login' not in sys.modules and 'django' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize(
    ("first", "last"), [("Ann", "Lee"), ("", ""), ("Ann", ""), ("", "Lee"), (" Ann ", " Lee ")]
)
@pytest.mark.usefixtures("live")
def test_a_user_has_the_names_that_django_makes(flask: AuthSite, first: str, last: str) -> None:
    theirs = make_user(first_name=first, last_name=last)
    with flask.app.app_context():
        ours = flask.auth.get_user(theirs.pk)
        for method in ("get_full_name", "get_short_name", "get_username", "__str__"):
            assert getattr(ours, method)() == getattr(theirs, method)()
