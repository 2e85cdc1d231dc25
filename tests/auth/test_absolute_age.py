"""A login that is older than SESSION_ABSOLUTE_AGE ends here, however busy its session is."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import time_machine

from flask_dj_session import DjangoSession, session_flushed
from flask_dj_session.auth.login_time import LOGIN_TIME_KEY
from flask_dj_session.wire.login_times import SEEN_TIME_KEY

from ..conftest import NOW
from ..databases import EVERY_DATABASE
from ..live_django import LiveDjango
from .conftest import PASSWORD, AuthSite, MakeAuth, Visitor, make_user

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("clock")]

DAY = 86_400


@pytest.fixture
def flask(make_auth: MakeAuth) -> AuthSite:
    """Return an app where a login lasts for a day."""
    return make_auth(config={"SESSION_ABSOLUTE_AGE": DAY})


def _log_in(visitor: Visitor, side: str = "Flask") -> None:
    assert visitor.visit(side, "in", name="ann", password=PASSWORD) == "ann"


def _data(flask: AuthSite) -> dict[str, Any]:
    (row,) = flask.site.rows()
    with flask.app.app_context():
        return flask.site.sessions.session().decode(row.session_data)


def test_a_login_ends_after_that_time_and_nothing_of_it_is_left(
    flask: AuthSite, visitor: Visitor, clock: time_machine.Traveller
) -> None:
    _log_in(visitor)
    clock.shift(DAY - 1)
    assert visitor.on_flask("who") == "ann"
    clock.shift(1)
    assert visitor.on_flask("who") == "AnonymousUser"
    assert (visitor.key, flask.site.rows()) == (None, [])


def test_the_users_are_not_asked_for_one_that_is_over(
    flask: AuthSite, visitor: Visitor, clock: time_machine.Traveller
) -> None:
    _log_in(visitor)
    clock.shift(DAY)
    with flask.statements() as statements:
        visitor.on_flask("who")
    assert [one.split()[0] for one in statements] == ["SELECT", "DELETE"]


def test_its_end_is_told_as_any_other(
    flask: AuthSite, visitor: Visitor, clock: time_machine.Traveller
) -> None:
    told: list[DjangoSession] = []

    def note(sender: object, session: DjangoSession) -> None:
        told.append(session)

    _log_in(visitor)
    clock.shift(DAY)
    with session_flushed.connected_to(note, flask.app):
        visitor.on_flask("who")
    assert len(told) == 1


def test_logging_in_again_begins_anew(visitor: Visitor, clock: time_machine.Traveller) -> None:
    _log_in(visitor)
    clock.shift(DAY - 1)
    _log_in(visitor)
    clock.shift(DAY - 1)
    assert visitor.on_flask("who") == "ann"


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_a_login_in_django_counts_from_when_it_is_first_seen(
    flask: AuthSite, visitor: Visitor, clock: time_machine.Traveller
) -> None:
    _log_in(visitor, "Django")
    clock.shift(DAY)
    assert visitor.on_flask("who") == "ann"
    assert _data(flask)[SEEN_TIME_KEY] == int(NOW.timestamp()) + DAY
    clock.shift(DAY - 1)
    assert visitor.on_flask("who") == "ann"
    clock.shift(1)
    assert visitor.on_flask("who") == "AnonymousUser"
    assert visitor.on_django("who") == "AnonymousUser"


def test_what_was_first_seen_is_no_recent_login(
    flask: AuthSite, live: LiveDjango, visitor: Visitor
) -> None:
    flask.app.config["SESSION_SUDO_AGE"] = DAY
    flask.app.add_url_rule("/recent", view_func=lambda: str(flask.auth.has_recent_login()))
    _log_in(visitor, "Django")
    visitor.on_flask("who")
    assert visitor.on_flask("recent") == "False"
    _log_in(visitor)
    assert visitor.on_flask("recent") == "True"
    data = _data(flask)
    assert (LOGIN_TIME_KEY in data, SEEN_TIME_KEY in data) == (True, False)


@pytest.mark.parametrize("time", ["garbage", 4_000_000_000, -1])
def test_a_time_that_cannot_be_counts_from_now(
    flask: AuthSite, live: LiveDjango, visitor: Visitor, time: Any
) -> None:
    _log_in(visitor)
    store = live.store(visitor.key)
    store[LOGIN_TIME_KEY] = time
    store.save()
    assert visitor.on_flask("who") == "ann"
    assert _data(flask)[SEEN_TIME_KEY] == int(NOW.timestamp())


def test_a_session_of_nobody_is_left_alone(
    flask: AuthSite, live: LiveDjango, visitor: Visitor, clock: time_machine.Traveller
) -> None:
    store = live.store()
    store["cart"] = 1
    store.save()
    before = _row(flask)
    visitor.key = store.session_key
    visitor.on_flask("who")
    clock.shift(DAY)
    visitor.on_flask("who")
    assert _row(flask) == before


def _row(flask: AuthSite) -> tuple[Any, ...]:
    (row,) = flask.site.rows()
    return row.session_key, row.session_data, row.expire_date


def test_a_login_that_is_not_known_here_is_left_alone(
    flask: AuthSite, live: LiveDjango, visitor: Visitor
) -> None:
    _log_in(visitor, "Django")
    with live.settings(AUTHENTICATION_BACKENDS=["elsewhere.Backend"]):
        store = live.store(visitor.key)
        store["_auth_user_backend"] = "elsewhere.Backend"
        store.save()
    before = _row(flask)
    assert visitor.on_flask("who") == "AnonymousUser"
    assert _row(flask) == before


def test_without_the_setting_no_time_is_kept(
    make_auth: MakeAuth, live: LiveDjango, clock: time_machine.Traveller
) -> None:
    flask = make_auth()
    make_user()
    visitor = Visitor(flask.app, live)
    _log_in(visitor)
    clock.shift(DAY)
    assert visitor.on_flask("who") == "ann"
    assert {*_data(flask)} == {"_auth_user_id", "_auth_user_backend", "_auth_user_hash"}


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
@pytest.mark.parametrize("cycles", [False, True])
def test_a_new_key_at_a_second_login_is_a_choice(
    make_auth: MakeAuth, live: LiveDjango, cycles: bool
) -> None:
    flask = make_auth(config={"SESSION_CYCLE_AT_RELOGIN": cycles})
    make_user()
    visitor = Visitor(flask.app, live)
    _log_in(visitor)
    store = live.store(visitor.key)
    store["cart"] = 1
    store.save()
    before = visitor.key
    _log_in(visitor)
    assert (visitor.key != before) is cycles
    assert _data(flask)["cart"] == 1
    assert visitor.on_django("who") == "ann"
    assert len(flask.site.rows()) == 1


def test_a_second_login_elsewhere_keeps_the_key_as_django_does(
    make_auth: MakeAuth, live: LiveDjango
) -> None:
    flask = make_auth()
    make_user()
    visitor = Visitor(flask.app, live)
    _log_in(visitor)
    keys = [visitor.key]
    for side in ("Flask", "Django", "Flask"):
        _log_in(visitor, side)
        keys.append(visitor.key)
    assert len(set(keys)) == 1


def test_a_session_that_a_logout_has_ended_does_not_come_back_at_a_second_login(
    make_auth: MakeAuth, live: LiveDjango
) -> None:
    flask = make_auth(config={"SESSION_CYCLE_AT_RELOGIN": True})
    make_user()
    visitor = Visitor(flask.app, live)

    @flask.app.get("/slow")
    def slow() -> str:
        assert flask.auth.current_user.is_authenticated
        live.store(visitor.key).flush()
        flask.auth.login(flask.auth.get_by_natural_key("ann"))
        return "in"

    _log_in(visitor)
    store = live.store(visitor.key)
    store["cart"] = 1
    store.save()
    assert visitor.on_flask("slow") == "in"
    assert "cart" not in _data(flask)
    assert visitor.on_django("who") == "ann"


def test_nothing_is_logged_of_it(
    visitor: Visitor, clock: time_machine.Traveller, caplog: pytest.LogCaptureFixture
) -> None:
    _log_in(visitor)
    clock.shift(DAY)
    with caplog.at_level(logging.WARNING):
        visitor.on_flask("who")
    assert caplog.records == []
