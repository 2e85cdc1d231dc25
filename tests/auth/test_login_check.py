"""``flask sessions check`` looks at the newest logins: whose they are here, and why nobody's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from django.contrib import auth as django_auth
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from flask_dj_session.auth import DjangoAuth, ModelBackend, UserMixin
from flask_dj_session.auth.hashes import session_auth_hash
from flask_dj_session.wire import SessionCodec

from ..conftest import NOW, MakeSite
from ..databases import EVERY_DATABASE
from ..live_django import SECRET_KEY, on_database
from .conftest import PASSWORD, AuthSite, MakeAuth

BACKEND = "django.contrib.auth.backends.ModelBackend"

pytestmark = pytest.mark.usefixtures("clock")


class Ldap(ModelBackend):
    """Stands for a backend that finds its users elsewhere."""

    def get_user(self, pk: Any) -> Any:
        """Know nobody."""


class Permissions(ModelBackend):
    """Stands for a backend that has no users."""

    has_users = False


@pytest.fixture
def flask(make_auth: MakeAuth) -> AuthSite:
    """Return an app with backends of several kinds, and a user."""
    backends = {"shop.Ldap": Ldap, "shop.Permissions": Permissions}
    flask = make_auth(backends=backends, authentication_backends=[BACKEND, *backends])
    with flask.app.app_context():
        flask.auth.create_user("ann", password=PASSWORD)
        flask.auth.create_user("bob", password=PASSWORD, is_active=False)
    return flask


def login_of(flask: AuthSite, name: str = "ann", **other: Any) -> dict[str, Any]:
    """Return the data of a session in which a user is logged in."""
    with flask.app.app_context():
        user = flask.auth.get_by_natural_key(name)
        hash_ = session_auth_hash(user.password, SECRET_KEY, "sha256")
        return {
            "_auth_user_id": str(user.pk),
            "_auth_user_backend": BACKEND,
            "_auth_user_hash": hash_,
        } | other


def put(flask: AuthSite, *sessions: Mapping[str, Any], age: int = 14 * 86_400) -> None:
    """Store sessions, each a second after the one before."""
    with flask.app.app_context():
        store = flask.site.sessions.store
        for number, data in enumerate(sessions):
            written = NOW - timedelta(seconds=60 - number)
            text = SessionCodec(SECRET_KEY).encode(dict(data), written)
            store.insert(f"{number:032}", text, written + timedelta(seconds=age))


def said(flask: AuthSite) -> list[str]:
    """Return what the command says of logins, and what to do."""
    result = flask.app.test_cli_runner().invoke(args=["sessions", "check"], catch_exceptions=False)
    lines = result.output.splitlines()
    at = [
        n
        for n, line in enumerate(lines)
        if "login" in line and line[:5].strip() in ("ok", "note", "wrong")
    ]
    return [
        " ".join(line.split())
        for n in at
        for line in lines[n : n + 2]
        if n in at or line.startswith("      ")
    ]


def _said(flask: AuthSite) -> str:
    return "\n".join(said(flask))


def test_where_there_are_neither_users_nor_logins_nothing_is_said(make_auth: MakeAuth) -> None:
    assert said(make_auth(tables=False, auth_user_model="shop.Staff")) == []


def test_where_nobody_is_logged_in_nothing_is_said(flask: AuthSite) -> None:
    put(flask, {"num_visits": 1})
    assert said(flask) == []


@pytest.mark.slow
@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_whom_django_logged_in_is_known(make_auth: MakeAuth, database_url: sa.URL) -> None:
    flask = make_auth()
    with flask.app.app_context():
        flask.auth.create_user("ann", password=PASSWORD)
    with on_database(database_url):
        request = HttpRequest()
        request.session = SessionStore()
        django_auth.login(request, User.objects.get(username="ann"))
        request.session.save()
    assert said(flask)[0] == "ok The newest login is known here."


def test_what_is_looked_at_stays_as_it_is(flask: AuthSite) -> None:
    put(flask, login_of(flask), login_of(flask, _auth_user_hash="0" * 64), login_of(flask, "bob"))
    before = [(row.session_key, row.session_data) for row in flask.site.rows()]
    said(flask)
    assert [(row.session_key, row.session_data) for row in flask.site.rows()] == before


def test_only_the_newest_twenty_are_looked_at(flask: AuthSite) -> None:
    put(flask, *[login_of(flask, _auth_user_backend="old.Backend")] * 5, *[login_of(flask)] * 20)
    assert said(flask)[0] == "ok The newest 20 logins are known here."


def test_what_has_expired_is_nobodys(flask: AuthSite) -> None:
    put(flask, login_of(flask), age=30)
    assert said(flask) == []


@pytest.mark.parametrize(
    ("other", "level", "text", "hint"),
    [
        (
            {"_auth_user_backend": "shop.Other"},
            "wrong",
            "made by 'shop.Other', which AUTHENTICATION_BACKENDS does not",
            "name it here, too",
        ),
        (
            {"_auth_user_backend": "shop.Ldap"},
            "wrong",
            "made by 'shop.Ldap', whose users are not known here",
            "'DjangoAuth(sessions, backends={...})'",
        ),
        (
            {"_auth_user_backend": "shop.Permissions"},
            "wrong",
            "the backend 'shop.Permissions', which finds no user",
            "let it name another",
        ),
        (
            {"_auth_user_backend": "\x1b[2J" + "x" * 999},
            "wrong",
            f"made by '\\x1b[2J{'x' * 76}', which",
            "",
        ),
        ({"_auth_user_backend": 7}, "wrong", "made by '7', which", ""),
        ({"_auth_user_backend": None}, "note", "has no backend: anonymous, as in Django", ""),
        (
            {"_auth_user_id": "a5c62663-uuid"},
            "wrong",
            "the id of a user that cannot be a key of 'auth_user'",
            "AUTH_USER_MODEL",
        ),
        ({"_auth_user_id": "99"}, "note", "has a user who is not in 'auth_user'", ""),
        (
            {"_auth_user_hash": "0" * 64},
            "note",
            "has the hash of another password: it was changed since",
            "",
        ),
    ],
)
def test_each_way_to_be_nobody_is_named(
    flask: AuthSite, other: dict[str, Any], level: str, text: str, hint: str
) -> None:
    put(flask, login_of(flask), login_of(flask, **other))
    printed = said(flask)
    assert printed[0] == "ok 1 of the newest 2 logins is known here."
    assert printed[1].startswith(f"{level} 1 of the newest 2 logins ")
    assert text in printed[1]
    assert hint in " ".join(printed[2:])


def test_a_user_who_is_not_active_is_no_fault(flask: AuthSite) -> None:
    put(flask, login_of(flask, "bob"))
    assert said(flask)[0] == "note The newest login has a user who is not active: anonymous."


def test_three_users_who_are_gone_are_no_chance(flask: AuthSite) -> None:
    put(flask, *[login_of(flask, _auth_user_id="99")] * 3)
    assert "wrong The newest 3 logins have a user who is not in 'auth_user'" in _said(flask)
    assert "bind_key=" in _said(flask)


def test_three_hashes_that_do_not_fit_are_a_hash_of_its_own(flask: AuthSite) -> None:
    put(flask, *[login_of(flask, _auth_user_hash="0" * 64)] * 3)
    assert "wrong The newest 3 logins have a hash that does not fit" in _said(flask)
    assert "'get_session_auth_hash'" in _said(flask)


def _with_own_hash(make_auth: MakeAuth) -> AuthSite:
    """Return an app whose users have a session hash of their own, and a user."""

    class Base(DeclarativeBase):
        pass

    class Own(UserMixin, Base):
        __tablename__ = "auth_user"
        id: Mapped[int] = mapped_column(primary_key=True)
        username: Mapped[str]
        password: Mapped[str]

        def get_session_auth_hash(self) -> str:
            return "own " + self.password

    flask = make_auth()
    with flask.app.app_context():
        flask.auth.create_user("ann", password=PASSWORD)
    return make_auth(user_model=Own, tables=False)


def _own_login(flask: AuthSite) -> dict[str, Any]:
    with flask.app.app_context():
        hash_ = flask.auth.get_by_natural_key("ann").get_session_auth_hash()
    return login_of(flask, _auth_user_hash=hash_)


def test_where_others_have_a_hash_of_the_sites_own_one_of_before_is_no_fault(
    make_auth: MakeAuth,
) -> None:
    flask = _with_own_hash(make_auth)
    put(flask, _own_login(flask), login_of(flask, _auth_user_hash="own, of before"))
    printed = said(flask)
    assert printed[0] == "ok 1 of the newest 2 logins is known here."
    assert printed[1].startswith("note 1 of the newest 2 logins has a hash that does not fit")
    assert "It differs from what 'Own.get_session_auth_hash' returns now" in printed[1]


def test_where_nobody_has_a_hash_of_the_sites_own_it_is_a_fault(make_auth: MakeAuth) -> None:
    flask = _with_own_hash(make_auth)
    put(flask, login_of(flask, _auth_user_hash="another"))
    assert said(flask)[0].startswith("wrong The newest login has a hash that does not fit")


def test_a_hash_by_another_algorithm_is_named(make_auth: MakeAuth) -> None:
    flask = make_auth(config={"DEFAULT_HASHING_ALGORITHM": "sha1"})
    with flask.app.app_context():
        flask.auth.create_user("ann", password=PASSWORD)
    put(flask, login_of(flask))
    assert (
        "wrong The newest login has a hash that does not fit: anonymous. It is made with"
        in _said(flask)
    )


def test_a_hash_by_an_old_key_is_told(make_auth: MakeAuth) -> None:
    flask = make_auth(config={"SECRET_KEY": "new", "SECRET_KEY_FALLBACKS": [SECRET_KEY]})
    with flask.app.app_context():
        flask.auth.create_user("ann", password=PASSWORD)
    put(flask, login_of(flask))
    printed = said(flask)
    assert printed[0] == "ok The newest login is known here."
    assert printed[1] == "note The newest login has a hash by a key of SECRET_KEY_FALLBACKS."


def test_a_page_of_the_login_that_cannot_be_found_is_named(make_auth: MakeAuth) -> None:
    flask = make_auth(config={"LOGIN_URL": "account_login"})
    printed = said(flask)
    assert printed[0].startswith(
        "wrong 'LOGIN_URL' is 'account_login', neither a path nor an endpoint"
    )
    assert "give its path" in printed[1]


def test_a_column_of_the_name_that_is_not_there_is_named(make_auth: MakeAuth) -> None:
    flask = make_auth()
    del flask.app.extensions["django_auth"]
    DjangoAuth(flask.site.sessions, username_field="email_address")
    output = flask.app.test_cli_runner().invoke(args=["sessions", "check"]).output
    assert "wrong Table 'auth_user' has no column 'email_address'." in output
    assert "USERNAME_FIELD" in output


def test_a_table_of_users_that_is_not_there_is_named(make_auth: MakeAuth) -> None:
    flask = make_auth(tables=False)
    put(flask, {"_auth_user_id": "1", "_auth_user_backend": BACKEND})
    output = flask.app.test_cli_runner().invoke(args=["sessions", "check"]).output
    assert "wrong Table 'auth_user' is not in the database." in output


def test_without_a_login_nothing_is_said_of_logins(make_site: MakeSite) -> None:
    site = make_site()
    flask = AuthSite(site, None)  # type: ignore[arg-type]
    put(flask, {"_auth_user_id": "1", "_auth_user_backend": BACKEND})
    assert said(flask) == []
