"""Users found by any column, in views, in backends and by the commands for sessions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from django.contrib.auth.models import User

from flask_dj_session.auth import ModelBackend
from flask_dj_session.errors import MissingUserColumnError
from flask_dj_session.wire import SessionCodec

from ..conftest import NOW
from ..databases import EVERY_DATABASE
from ..live_django import SECRET_KEY, on_database
from .conftest import PASSWORD, AuthSite, MakeAuth

ADDRESSES = [
    "ann@example.org",
    "Ann@Example.org",
    "bob_@example.org",
    "bobx@example.org",
    "",
    "Å@å.se",
]


@pytest.fixture
def people(make_auth: MakeAuth) -> AuthSite:
    """Return an app with users who have addresses, some of them the same."""
    flask = make_auth(
        backends={"shop.EmailBackend": EmailBackend}, authentication_backends=["shop.EmailBackend"]
    )
    with flask.app.app_context():
        for number, address in enumerate(ADDRESSES):
            flask.auth.create_user(f"user{number}", address, PASSWORD + str(number))
            with flask.site.db.engine.begin() as connection:
                users = sa.table("auth_user", sa.column("username"), sa.column("email"))
                mine = users.c.username == f"user{number}"
                connection.execute(users.update().where(mine).values(email=address))
    return flask


class EmailBackend(ModelBackend):
    """The one of docs/auth.md."""

    def authenticate(
        self, username: str | None = None, password: str | None = None, **credentials: Any
    ) -> Any:
        """Return the user with this address and password."""
        for user in self.accounts.find(email__iexact=username):
            if self.accounts.check_password(user, password or "") and self.user_can_authenticate(
                user
            ):
                return user
        return None


def _found(flask: AuthSite, **field: Any) -> list[str]:
    with flask.app.app_context():
        return [user.username for user in flask.auth.find_users(**field)]


@pytest.mark.slow
@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_those_are_found_whom_django_finds(people: AuthSite, database_url: sa.URL) -> None:
    asked = [
        *ADDRESSES,
        "ANN@EXAMPLE.ORG",
        "BOB_@example.org",
        "å@Å.se",
        "bob%",
        "nobody",
        "ann@example.org ",
    ]
    ours = {
        (name, value): _found(people, **{name: value})
        for name in ("email", "email__iexact")
        for value in asked
    }
    with on_database(database_url):
        theirs = {
            (name, value): [
                user.username for user in User.objects.filter(**{name: value}).order_by("pk")
            ]
            for name, value in ours
        }
    assert ours == theirs
    assert len(ours["email__iexact", "ANN@EXAMPLE.ORG"]) == 2


def test_a_number_is_found_whatever_the_case(people: AuthSite) -> None:
    assert _found(people, id__iexact="2") == _found(people, id=2) == ["user1"]


def test_what_a_column_cannot_hold_is_nobodys(people: AuthSite) -> None:
    values = ["a\0b", "\ud800", None, "x" * 10_000]
    assert [_found(people, email=value) for value in values] == [[]] * 4
    assert _found(people, id="seven") == []


def test_a_column_that_is_not_there_is_named(people: AuthSite) -> None:
    with pytest.raises(MissingUserColumnError, match="phone"):
        _found(people, phone="1")


@pytest.mark.parametrize("fields", [{}, {"email": "a", "username": "b"}])
def test_one_column_is_asked_for_at_a_time(people: AuthSite, fields: dict[str, str]) -> None:
    with pytest.raises(TypeError, match="columns are given"):
        _found(people, **fields)


def test_a_backend_logs_in_by_an_address_that_two_users_have(people: AuthSite) -> None:
    with people.app.app_context():
        for number in (0, 1):
            user = people.auth.authenticate("ANN@example.org", PASSWORD + str(number))
            assert user.username == f"user{number}"
        assert people.auth.authenticate("ANN@example.org", PASSWORD + "2") is None


@pytest.fixture
def sessions(people: AuthSite) -> list[str]:
    """Store sessions of the second user and of one who is gone."""
    keys = {"a" * 32: "2", "b" * 32: "2", "c" * 32: "99"}
    with people.app.app_context():
        for key, user_id in keys.items():
            text = SessionCodec(SECRET_KEY).encode({"_auth_user_id": user_id}, NOW)
            people.site.sessions.store.insert(key, text, NOW + timedelta(days=9999))
    return [*keys]


def _run(flask: AuthSite, *args: str) -> str:
    return flask.app.test_cli_runner().invoke(args=["sessions", *args]).output


def test_sessions_are_listed_by_a_users_name(people: AuthSite, sessions: list[str]) -> None:
    assert _run(people, "list", "--user", "user1") == _run(people, "list", "--user", "2")
    assert _run(people, "list", "--user", "user1").count("signed") == 2


def test_sessions_are_revoked_by_a_users_name(people: AuthSite, sessions: list[str]) -> None:
    assert _run(people, "revoke", "--user", "user1") == "2 sessions revoked.\n"
    assert [row.session_key for row in people.site.rows()] == sessions[2:]


def test_an_id_goes_before_a_name(people: AuthSite, sessions: list[str]) -> None:
    with people.app.app_context():
        people.auth.create_user("2")
    assert _run(people, "revoke", "--user", "2") == "2 sessions revoked.\n"


def test_a_user_who_is_gone_is_named_as_such(people: AuthSite, sessions: list[str]) -> None:
    said = "No user has the id or the name '99'.\n"
    assert _run(people, "revoke", "--user", "99") == f"{said}1 session revoked.\n"


def test_users_who_cannot_be_asked_are_not_said_to_be_none(
    people: AuthSite, sessions: list[str]
) -> None:
    with people.app.app_context(), people.site.db.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE auth_user RENAME TO users_of_old"))
    said = _run(people, "revoke", "--user", "user1")
    assert said.startswith("The users cannot be asked, so 'user1' is taken for an id. ")
    assert "Table 'auth_user' is not in the database." in said
    assert said.endswith("0 sessions revoked.\n")
    assert _run(people, "revoke", "--user", "2").endswith("2 sessions revoked.\n")


@pytest.mark.parametrize("written", ["02", "+2", " 2"])
def test_an_id_may_be_written_in_another_way_unless_somebody_is_called_so(
    people: AuthSite, sessions: list[str], written: str
) -> None:
    assert _run(people, "list", "--user", written) == _run(people, "list", "--user", "2")
    with people.app.app_context():
        people.auth.create_user(written)
    assert _run(people, "revoke", "--user", written) == "0 sessions revoked.\n"
