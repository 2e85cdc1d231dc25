"""A user's sessions, in an app and a Django beside it: listed, ended, and limited."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from flask_dj_session.auth import DjangoAuth
from flask_dj_session.index import UserSession

from ..conftest import NOW
from ..databases import EVERY_DATABASE
from ..live_django import LiveDjango
from .conftest import PASSWORD, AuthSite, MakeAuth, Visitor, make_user

pytestmark = pytest.mark.slow

on_every_database = pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)

MakeVisitor = Callable[[], Visitor]


@pytest.fixture
def indexed(flask: AuthSite, clock: time_machine.Traveller) -> AuthSite:
    """Return an app that enters its logins in an index, and has a page for each thing to do."""
    flask.app.config["SESSION_INDEX"] = True
    return with_index(flask)


def with_index(flask: AuthSite) -> AuthSite:
    """Make the index, and pages that end sessions."""
    with flask.app.app_context():
        flask.auth.state.index.entries.create()

    @flask.app.get("/end")
    def end() -> str:
        return str(flask.auth.end_sessions(flask.auth.current_user))

    @flask.app.get("/end-all")
    def end_all() -> str:
        return str(flask.auth.end_sessions(flask.auth.current_user, keep_current=False))

    @flask.app.get("/current")
    def current() -> list[bool]:
        return [one.is_current for one in flask.auth.sessions_of(flask.auth.current_user)]

    return flask


@pytest.fixture
def new_visitor(indexed: AuthSite, live: LiveDjango) -> MakeVisitor:
    """Return what makes browsers; the user ``ann`` is there."""
    make_user()
    return lambda: Visitor(indexed.app, live)


def sessions_of(flask: AuthSite, name: str = "ann") -> list[UserSession]:
    """Return the sessions of a user, asked outside of a request."""
    with flask.app.app_context():
        return flask.auth.sessions_of(flask.auth.get_by_natural_key(name))


def log_in(visitor: Visitor, side: str, name: str = "ann") -> Visitor:
    """Log a user in on a side."""
    assert visitor.visit(side, "in", name=name, password=PASSWORD) == name
    return visitor


# What it costs


def test_a_login_costs_one_statement_more(indexed: AuthSite, new_visitor: MakeVisitor) -> None:
    log_in(new_visitor(), "Flask")  # the first of a process also asks for the table
    with indexed.statements() as statements:
        log_in(new_visitor(), "Flask")
    assert [text.split()[0] for text in statements] == [
        "SELECT",
        "INSERT",
        "UPDATE",
        "UPDATE",
        "INSERT",
    ]
    assert "flask_dj_session_index" in statements[-1]


def test_a_login_costs_nothing_more_where_nobody_wants_an_index(
    flask: AuthSite, visitor: Visitor
) -> None:
    with_index(flask)
    with flask.statements() as statements:
        visitor.on_flask("in", name="ann", password=PASSWORD)
    assert len(statements) == 4
    assert "index" not in " ".join(statements)


def test_other_requests_cost_nothing_more(indexed: AuthSite, new_visitor: MakeVisitor) -> None:
    visitor = log_in(new_visitor(), "Flask")
    with indexed.statements() as statements:
        visitor.on_flask("who")
        visitor.on_flask("out")
    assert "index" not in " ".join(statements)


# Listed


@on_every_database
def test_logins_of_both_sides_are_listed(indexed: AuthSite, new_visitor: MakeVisitor) -> None:
    make_user("bob")
    ours, djangos = log_in(new_visitor(), "Flask"), log_in(new_visitor(), "Django")
    log_in(new_visitor(), "Django", "bob")
    found = {one.session_key: one for one in sessions_of(indexed)}
    assert found.keys() == {ours.key, djangos.key}
    assert found[str(ours.key)].created == NOW
    assert found[str(ours.key)].is_created_known
    assert not found[str(djangos.key)].is_created_known


@on_every_database
def test_the_present_session_comes_first_then_the_last_used(
    indexed: AuthSite, new_visitor: MakeVisitor, clock: time_machine.Traveller
) -> None:
    visitors = []
    for _ in range(3):
        visitors.append(log_in(new_visitor(), "Django"))
        clock.shift(60)
    assert visitors[0].on_flask("current") == "[true,false,false]\n"
    whole = NOW.replace(microsecond=0)
    assert [one.last_seen for one in sessions_of(indexed)] == [
        whole + timedelta(minutes=number) for number in (2, 1, 0)
    ]


@on_every_database
def test_a_visitor_without_a_session_is_listed_as_soon_as_the_first_request_logs_in(
    indexed: AuthSite, new_visitor: MakeVisitor
) -> None:
    visitor = new_visitor()
    assert visitor.key is None
    log_in(visitor, "Flask")
    assert [one.session_key for one in sessions_of(indexed)] == [visitor.key]


@on_every_database
@pytest.mark.parametrize("side", ["Flask", "Django"])
def test_a_visitor_who_was_nobody_is_found_under_the_new_key(
    indexed: AuthSite, new_visitor: MakeVisitor, clock: time_machine.Traveller, side: str
) -> None:
    visitor = new_visitor()
    with indexed.app.app_context():
        session = indexed.site.sessions.session()
        session["cart"] = 1
        session.save()
    visitor.key = session.session_key
    clock.shift(3600)
    assert sessions_of(indexed) == []
    log_in(visitor, side)
    assert [one.session_key for one in sessions_of(indexed)] == [visitor.key]


@on_every_database
def test_another_users_login_takes_the_session_away(
    indexed: AuthSite, new_visitor: MakeVisitor
) -> None:
    make_user("bob")
    visitor = log_in(new_visitor(), "Flask")
    log_in(visitor, "Flask", "bob")
    assert sessions_of(indexed) == []
    assert [one.session_key for one in sessions_of(indexed, "bob")] == [visitor.key]


def test_what_is_over_is_not_listed(
    indexed: AuthSite, new_visitor: MakeVisitor, clock: time_machine.Traveller
) -> None:
    log_in(new_visitor(), "Django").on_django("out")
    log_in(new_visitor(), "Flask")
    clock.shift(14 * 24 * 3600 + 1)
    assert sessions_of(indexed) == []


def test_a_session_that_a_changed_password_has_ended_is_not_listed(
    indexed: AuthSite, new_visitor: MakeVisitor
) -> None:
    log_in(new_visitor(), "Flask")
    other = log_in(new_visitor(), "Django")
    other.on_django("password", name="ann", password="another one", keep="1")
    assert [one.session_key for one in sessions_of(indexed)] == [other.key]


def test_a_session_that_is_too_old_is_not_listed(
    indexed: AuthSite, new_visitor: MakeVisitor, clock: time_machine.Traveller
) -> None:
    indexed.app.config["SESSION_ABSOLUTE_AGE"] = 600
    log_in(new_visitor(), "Flask")
    clock.shift(300)
    other = log_in(new_visitor(), "Flask")
    clock.shift(300)
    assert [one.session_key for one in sessions_of(indexed)] == [other.key]


def test_the_last_use_is_known_where_requests_move_the_end_of_a_session(
    indexed: AuthSite, new_visitor: MakeVisitor, clock: time_machine.Traveller
) -> None:
    indexed.app.config["SESSION_TOUCH_AFTER"] = 60
    visitor = log_in(new_visitor(), "Flask")
    clock.shift(3600)
    visitor.on_flask("who")
    (found,) = sessions_of(indexed)
    assert found.last_seen == NOW + timedelta(hours=1)


@on_every_database
def test_without_an_index_they_are_found_as_well(flask: AuthSite, visitor: Visitor) -> None:
    log_in(visitor, "Django")
    (found,) = sessions_of(flask)
    assert (found.session_key, found.is_created_known) == (visitor.key, False)


def test_a_key_is_not_shown_where_a_session_is(indexed: AuthSite, new_visitor: MakeVisitor) -> None:
    visitor = log_in(new_visitor(), "Flask")
    (found,) = sessions_of(indexed)
    assert str(visitor.key) not in repr(found)
    assert str(visitor.key)[:6] not in found.reference


def test_who_logs_out_in_the_request_of_the_login_is_not_entered(
    indexed: AuthSite, live: LiveDjango
) -> None:
    make_user()

    @indexed.app.get("/in-and-out")
    def in_and_out() -> str:
        indexed.auth.login(indexed.auth.get_by_natural_key("ann"))
        indexed.auth.logout()
        return str(indexed.app.session_interface)

    assert indexed.app.test_client().get("/in-and-out").status_code == 200
    with indexed.app.app_context():
        assert indexed.auth.state.index.entries.of_user("1") == []


# Where from


@on_every_database
def test_address_and_browser_are_recorded_as_the_settings_say(
    indexed: AuthSite, new_visitor: MakeVisitor
) -> None:
    indexed.app.config["SESSION_RECORD_CLIENT"] = True
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"
    new_visitor()
    client = indexed.app.test_client()
    client.get(
        "/in",
        query_string={"name": "ann", "password": PASSWORD},
        headers={"User-Agent": agent},
        environ_base={"REMOTE_ADDR": "192.0.2.77"},
    )
    (found,) = sessions_of(indexed)
    assert (found.address, found.user_agent) == ("192.0.2.0/24", "Firefox on Linux")


def test_nothing_is_recorded_by_default(indexed: AuthSite, new_visitor: MakeVisitor) -> None:
    log_in(new_visitor(), "Flask")
    (found,) = sessions_of(indexed)
    assert (found.address, found.user_agent) == (None, None)


@on_every_database
def test_what_is_known_of_a_login_stays_known_under_another_key(
    indexed: AuthSite, new_visitor: MakeVisitor, clock: time_machine.Traveller
) -> None:
    indexed.app.config["SESSION_RECORD_CLIENT"] = True
    visitor = log_in(new_visitor(), "Flask")
    before = visitor.key
    clock.shift(60)
    visitor.on_flask("password", name="ann", password=PASSWORD, keep="1")
    assert visitor.key != before
    (found,) = sessions_of(indexed)
    assert (found.session_key, found.created) == (visitor.key, NOW)
    assert (found.is_created_known, found.address) == (True, "127.0.0.0/24")


# Ended


@on_every_database
def test_all_other_sessions_end_here_and_in_django(
    indexed: AuthSite, new_visitor: MakeVisitor
) -> None:
    make_user("bob")
    visitors = [log_in(new_visitor(), side) for side in ("Flask", "Django", "Django")]
    bob = log_in(new_visitor(), "Django", "bob")
    assert visitors[1].on_flask("end") == "2"
    who = [visitor.on_django("who") for visitor in [*visitors, bob]]
    assert who == ["AnonymousUser", "ann", "AnonymousUser", "bob"]


@on_every_database
def test_the_present_session_ends_with_the_others_where_that_is_wanted(
    indexed: AuthSite, new_visitor: MakeVisitor
) -> None:
    visitors = [log_in(new_visitor(), side) for side in ("Flask", "Django")]
    assert visitors[0].on_flask("end-all") == "2"
    assert visitors[0].key is None
    assert visitors[1].on_django("who") == "AnonymousUser"
    assert indexed.site.rows() == []


@on_every_database
def test_one_session_ends_by_its_reference(indexed: AuthSite, new_visitor: MakeVisitor) -> None:
    first, second = log_in(new_visitor(), "Flask"), log_in(new_visitor(), "Django")
    reference = {one.session_key: one.reference for one in sessions_of(indexed)}[str(first.key)]
    with indexed.app.app_context():
        user = indexed.auth.get_by_natural_key("ann")
        assert indexed.auth.end_session(user, reference)
        assert not indexed.auth.end_session(user, reference)
    assert first.on_flask("who") == "AnonymousUser"
    assert second.on_flask("who") == "ann"


def test_a_reference_of_another_user_or_one_that_is_made_up_ends_nothing(
    indexed: AuthSite, new_visitor: MakeVisitor
) -> None:
    make_user("bob")
    ann, bob = log_in(new_visitor(), "Flask"), log_in(new_visitor(), "Flask", "bob")
    (of_bob,) = sessions_of(indexed, "bob")
    with indexed.app.app_context():
        user = indexed.auth.get_by_natural_key("ann")
        for reference in (of_bob.reference, str(ann.key), "", "\udcff"):
            assert not indexed.auth.end_session(user, reference)
    assert (ann.on_flask("who"), bob.on_flask("who")) == ("ann", "bob")


def test_a_request_without_a_user_ends_nothing(indexed: AuthSite, new_visitor: MakeVisitor) -> None:
    visitor = log_in(new_visitor(), "Flask")
    assert new_visitor_of(indexed).get("/end").text == "0"
    assert visitor.on_flask("who") == "ann"


def new_visitor_of(flask: AuthSite) -> Any:
    """Return a browser of Flask's alone."""
    return flask.app.test_client()


# Not more than so many


@on_every_database
def test_the_oldest_sessions_end_where_there_are_too_many(
    indexed: AuthSite, new_visitor: MakeVisitor, clock: time_machine.Traveller
) -> None:
    indexed.app.config["SESSION_MAX_PER_USER"] = 2
    make_user("bob")
    bob = log_in(new_visitor(), "Flask", "bob")
    visitors = []
    for side in ("Flask", "Django", "Flask"):
        visitors.append(log_in(new_visitor(), side))
        clock.shift(60)
    who = [visitor.on_flask("who") for visitor in [*visitors, bob]]
    assert who == ["AnonymousUser", "ann", "ann", "bob"]


def test_a_session_that_a_changed_password_has_ended_takes_nobodys_place(
    indexed: AuthSite, new_visitor: MakeVisitor, clock: time_machine.Traveller
) -> None:
    indexed.app.config["SESSION_MAX_PER_USER"] = 2
    first = log_in(new_visitor(), "Flask")
    clock.shift(60)
    log_in(new_visitor(), "Django")
    first.on_flask("password", name="ann", password=PASSWORD, keep="yes")
    last = log_in(new_visitor(), "Flask")
    assert [one.on_flask("who") for one in (first, last)] == ["ann", "ann"]


def test_a_login_does_not_fail_where_no_session_can_be_ended(
    indexed: AuthSite, new_visitor: MakeVisitor, caplog: pytest.LogCaptureFixture
) -> None:
    indexed.app.config["SESSION_MAX_PER_USER"] = 1
    log_in(new_visitor(), "Flask")
    with indexed.app.app_context(), indexed.site.db.engine.begin() as connection:
        # As where the index belongs to another role of the database.
        connection.exec_driver_sql(
            "CREATE TRIGGER refused BEFORE INSERT ON flask_dj_session_index"
            " BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )
    assert log_in(new_visitor(), "Flask").on_flask("who") == "ann"
    assert "SESSION_MAX_PER_USER was not kept to at a login: " in caplog.text


def test_without_an_index_nothing_ends_and_the_log_says_so_once(
    make_auth: MakeAuth, live: LiveDjango, caplog: pytest.LogCaptureFixture
) -> None:
    flask = make_auth(config={"SESSION_MAX_PER_USER": 1})
    make_user()
    visitors = [log_in(Visitor(flask.app, live), "Flask") for _ in range(3)]
    assert [visitor.on_flask("who") for visitor in visitors] == ["ann"] * 3
    said = [record.message for record in caplog.records if "MAX_PER_USER" in record.message]
    assert len(said) == 1
    assert said[0].endswith("Create it with 'flask sessions index'.")


def test_an_auth_without_an_app_says_so() -> None:
    with pytest.raises(RuntimeError, match="app"):
        DjangoAuth().sessions_of(object())
