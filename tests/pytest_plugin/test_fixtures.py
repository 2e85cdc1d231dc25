"""The fixtures of the plugin, used as somebody would who tests an app of their own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from flask_dj_session.auth import DjangoAuth, UserMixin
from flask_dj_session.pytest_plugin import (
    MakeClient,
    MakeDevice,
    MakeSession,
    MakeUser,
)
from flask_dj_session.site import site_of


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


def test_a_user_has_the_devices_that_were_made(
    app: Flask, django_user: MakeUser, django_device: MakeDevice
) -> None:
    auth = DjangoAuth(app.extensions["django_sessions"], app)
    ann = django_user("ann")
    phone = django_device(ann, address="192.0.2.0/24", user_agent="Safari on iPhone")
    django_device(ann, user_agent="Firefox on Linux", expired=True)
    (device,) = auth_sessions(app, auth, ann)
    assert (device.address, device.user_agent) == ("192.0.2.0/24", "Safari on iPhone")
    assert f'"_auth_user_id":"{ann.pk}"' in phone.get("/").text


def auth_sessions(app: Flask, auth: DjangoAuth, user: Any) -> Any:
    """Return the sessions of a user."""
    with app.app_context():
        return auth.sessions_of(user)


@pytest.mark.parametrize(("age", "recent"), [(None, False), (0, True), (30, True), (90, False)])
def test_the_age_of_a_login_can_be_given(
    app: Flask,
    django_session_client: MakeClient,
    django_user: MakeUser,
    age: float | None,
    recent: bool,
) -> None:
    app.config["SESSION_SUDO_AGE"] = 60
    user, auth = django_user("ann"), DjangoAuth(app.extensions["django_sessions"], app)
    app.add_url_rule("/recent", view_func=lambda: str(auth.has_recent_login()))
    client = django_session_client(user=user, login_age=age)
    assert client.get("/recent").text == str(recent)


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
        text = app.extensions["django_sessions"].store.load(key, site_of(app).now())
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


def test_a_session_is_that_of_a_user_who_makes_its_hash(
    app: Flask, django_session: MakeSession
) -> None:
    class Guest(UserMixin):
        pk = 1

        def get_session_auth_hash(self) -> str:
            return "of its own"

    sessions = app.extensions["django_sessions"]
    DjangoAuth(sessions, app)
    key = django_session(user=Guest())
    with app.app_context():
        assert sessions.session(key)["_auth_user_hash"] == "of its own"


def test_a_user_is_one_of_the_apps_own_login(
    app: Flask, django_user: MakeUser, django_session_client: MakeClient
) -> None:
    auth = DjangoAuth(app.extensions["django_sessions"], app)
    app.add_url_rule("/who", view_func=lambda: str(auth.current_user.get_username()))
    assert django_session_client(user=django_user("ann")).get("/who").text == "ann"
