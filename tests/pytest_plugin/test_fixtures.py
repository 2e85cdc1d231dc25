"""The fixtures of the plugin, used as somebody would who tests an app of their own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from flask_dj_session.auth import DjangoAuth
from flask_dj_session.pytest_plugin.making import (
    MakeClient,
    MakeSession,
    MakeUser,
    SessionChange,
)
from flask_dj_session.pytest_plugin.process import DjangoProcess


def _columns(url: str, table: str) -> set[str]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    return {column["name"] for column in sa.inspect(engine).get_columns(table)}


def test_the_database_has_djangos_table(django_session_db: str) -> None:
    assert _columns(django_session_db, "django_session") == {
        "session_key",
        "session_data",
        "expire_date",
    }


def test_a_session_that_was_made_is_what_the_app_sees(
    app: Flask, django_session_client: MakeClient
) -> None:
    client = django_session_client({"n": 41}, colour="blue")
    assert client.get("/").json == {"n": 41, "colour": "blue"}
    assert client.get("/count").text == "42"


@pytest.mark.parametrize("how", [{"expired": True}, {"corrupted": True}], ids=str)
def test_a_session_that_has_expired_or_is_corrupted_is_seen_as_empty(
    django_session_client: MakeClient, how: dict[str, Any]
) -> None:
    assert django_session_client({"n": 41}, **how).get("/").json == {}


def test_a_session_can_be_made_in_the_form_of_old_djangos(
    app: Flask, django_session: MakeSession, django_session_client: MakeClient
) -> None:
    key = django_session({"n": 41}, form="legacy")
    with app.app_context():
        text = app.extensions["django_sessions"].store.load(
            key,
            app.session_interface.now(),  # type: ignore[attr-defined]
        )
    assert ":" not in text
    assert django_session_client(session_key=key).get("/count").text == "42"


def test_a_form_that_is_none_is_refused(django_session: MakeSession) -> None:
    with pytest.raises(ValueError, match=r"'form' is 'new'\. Give 'signed' or 'legacy'"):
        django_session(form="new")  # type: ignore[arg-type]


def test_a_session_ends_when_it_is_told_to(app: Flask, django_session: MakeSession) -> None:
    key = django_session(expires=timedelta(minutes=5))
    with app.app_context():
        session = app.extensions["django_sessions"].session(key)
        assert 290 < session.get_expiry_age() <= 300


CHANGES = [
    (None, "/", "untouched"),
    (None, "/count", "created"),
    ({"n": 1}, "/", "untouched"),
    ({"n": 1}, "/count", "changed"),
    ({"n": 1}, "/cycle", "cycled"),
    ({"n": 1}, "/flush", "flushed"),
]


@pytest.mark.parametrize(("data", "path", "kind"), CHANGES, ids=lambda value: str(value))
def test_what_a_request_did_to_the_session_is_told(
    app: Flask,
    django_session_client: MakeClient,
    django_session_change: type[SessionChange],
    data: dict[str, Any] | None,
    path: str,
    kind: str,
) -> None:
    client = django_session_client(data) if data else app.test_client()
    with django_session_change(client) as change:
        client.get(path)
    assert change.kind == kind
    assert change.data == {"/count": {"n": 2 if data else 1}, "/flush": {}}.get(path, data or {})
    assert (change.session_key == change.old_key) == (kind in ("untouched", "changed"))


def test_a_real_django_sees_the_session_and_goes_on_with_it(
    django_process: DjangoProcess, django_session_client: MakeClient, django_session: MakeSession
) -> None:
    key = django_session({"n": 41})
    assert django_process.session(key).data == {"n": 41}
    assert django_process.update(key, colour="blue").session_key == key
    assert django_session_client(session_key=key).get("/").json == {"n": 41, "colour": "blue"}


def test_a_session_begun_in_django_is_the_apps(
    django_process: DjangoProcess, django_session_client: MakeClient
) -> None:
    key = django_process.update(n=1).session_key
    assert django_session_client(session_key=key).get("/count").text == "2"
    cycled = django_process.cycle_key(key).session_key
    assert cycled not in (key, None)
    assert django_process.session(key).session_key is None


def test_django_says_with_its_status_what_it_does_not_know(django_process: DjangoProcess) -> None:
    assert django_process._ask("/nowhere", None).status == 404


def test_a_user_is_djangos_and_can_log_in_there(
    app: Flask, django_user: MakeUser, django_process: DjangoProcess
) -> None:
    user = django_user("ann", password="correct horse")
    answer = django_process.login("ann", "correct horse")
    assert (answer.user, answer.data["_auth_user_id"]) == ("ann", str(user.pk))
    assert django_process.login("ann", "wrong").user is None
    assert django_process.logout(answer.session_key).data == {}


def test_a_session_of_a_user_is_a_login_to_django(
    django_user: MakeUser, django_session: MakeSession, django_process: DjangoProcess
) -> None:
    ann = django_user("ann")
    assert django_process.session(django_session({"n": 1}, user=ann)).user == "ann"
    gone = django_user("joe", is_active=False)
    assert django_process.session(django_session(user=gone)).user is None


def test_a_user_is_one_of_the_apps_own_login(
    app: Flask, django_user: MakeUser, django_session_client: MakeClient
) -> None:
    auth = DjangoAuth(app.extensions["django_sessions"], app)
    app.add_url_rule("/who", view_func=lambda: str(auth.current_user.get_username()))
    assert django_session_client(user=django_user("ann")).get("/who").text == "ann"
