"""Ended means ended: what another request has ended comes back in no way and under no key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Response, session

from flask_dj_session import DjangoSession, SessionInterrupted, UpdateError, signals
from flask_dj_session.errors import CreateError
from flask_dj_session.pytest_plugin import MakeClient

from .conftest import MakeSite, Site
from .databases import EVERY_DATABASE
from .live_django import LiveDjango

Step = Callable[[DjangoSession], Any]


def by_two_steps(first: str, second: str) -> Step:
    return lambda one: (getattr(one, first)(), getattr(one, second)())


def expire_and_save(one: DjangoSession) -> None:
    one.set_expiry(60)
    one.save()


#: what stores the data of a session that has a row
STEPS: dict[str, Step] = {
    "save": lambda one: one.save(),
    "save must_create": lambda one: one.save(must_create=True),
    "create": lambda one: one.create(),
    "cycle_key": lambda one: one.cycle_key(),
    "load and save": by_two_steps("load", "save"),
    "load and create": by_two_steps("load", "create"),
    "load and cycle": by_two_steps("load", "cycle_key"),
    "set_expiry": expire_and_save,
}


@pytest.fixture
def loaded(site: Site) -> DjangoSession:
    """Return a session that was read from its row."""
    one = site.sessions.session()
    one["cart"] = ["tea"]
    one.save()
    again = site.sessions.session(one.session_key)
    assert again["cart"] == ["tea"]
    return again


def end(site: Site, one: DjangoSession) -> None:
    """End a session as another request does."""
    site.sessions.session(one.session_key).flush()


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_nothing_of_it_is_stored(site: Site, loaded: DjangoSession, step: Step) -> None:
    end(site, loaded)
    with pytest.raises(UpdateError):
        step(loaded)
    assert site.rows() == []
    # Nor by trying again, whatever step it is.
    for again in STEPS.values():
        with pytest.raises(UpdateError):
            again(loaded)
    assert site.rows() == []


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_what_django_ended_is_not_stored_either(
    make_site: MakeSite, django: LiveDjango, step: Step
) -> None:
    site = make_site(table=False)
    theirs = django.store()
    theirs["cart"] = ["tea"]
    theirs.save()
    ours = site.sessions.session(theirs.session_key)
    assert ours["cart"] == ["tea"]
    theirs.flush()
    with pytest.raises(UpdateError):
        step(ours)
    assert site.rows() == []


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_what_expired_and_was_cleared_meanwhile_has_ended(
    site: Site, clock: time_machine.Traveller, step: Step
) -> None:
    one = site.sessions.session()
    one.set_expiry(60)
    one.save()
    again = site.sessions.session(one.session_key)
    assert "cart" not in again
    clock.shift(61)
    with site.app.app_context():
        assert site.sessions.clear_expired() == 1
    with pytest.raises(UpdateError):
        step(again)
    assert site.rows() == []


def test_what_expired_and_is_there_yet_is_cycled_as_in_django(
    site: Site, loaded: DjangoSession, clock: time_machine.Traveller
) -> None:
    clock.shift(60 * 60 * 24 * 365)
    loaded.cycle_key()
    (row,) = site.rows()
    assert row.session_key == loaded.session_key


def test_an_interrupted_session_keeps_its_key_and_its_data_in_memory(
    site: Site, loaded: DjangoSession
) -> None:
    key, modified = loaded.session_key, loaded.modified
    end(site, loaded)
    with pytest.raises(SessionInterrupted):
        loaded.cycle_key()
    assert (loaded.session_key, loaded.modified, dict(loaded)) == (key, modified, {"cart": ["tea"]})


def test_a_new_beginning_is_stored(site: Site, loaded: DjangoSession) -> None:
    end(site, loaded)
    loaded.flush()
    loaded["visits"] = 1
    loaded.save()
    (row,) = site.rows()
    assert site.sessions.session(row.session_key).load() == {"visits": 1}


# What is no end


def test_a_session_is_cycled_as_often_as_it_is_asked_for(site: Site, loaded: DjangoSession) -> None:
    seen = {loaded.session_key}
    for _ in range(3):
        loaded.cycle_key()
        seen.add(loaded.session_key)
    (row,) = site.rows()
    assert (len(seen), row.session_key) == (4, loaded.session_key)


def test_a_session_that_deletes_its_own_row_goes_on_as_in_django(
    site: Site, loaded: DjangoSession
) -> None:
    loaded.delete()
    loaded.cycle_key()
    assert site.sessions.session(loaded.session_key).load() == {"cart": ["tea"]}
    loaded.delete()
    loaded.save(must_create=True)
    assert len(site.rows()) == 1


def test_a_session_of_which_nothing_was_read_begins_anew_as_in_django(site: Site) -> None:
    unknown = site.sessions.session("unknownkeyunknownkeyunknownkey00")
    unknown.clear()
    unknown["visits"] = 1
    unknown.cycle_key()
    assert site.sessions.session(unknown.session_key).load() == {"visits": 1}


def test_a_second_session_with_the_same_data_is_made_as_in_django(
    site: Site, loaded: DjangoSession
) -> None:
    old_key = loaded.session_key
    loaded.create()
    assert loaded.session_key != old_key
    assert len(site.rows()) == 2
    with pytest.raises(CreateError):
        loaded.save(must_create=True)


# Signals, and where it fails in between


@pytest.fixture
def sent() -> Iterator[list[str]]:
    """Return a list of the signals that were sent."""
    names: list[str] = []
    note_created = lambda *_, **__: names.append("created")  # noqa: E731
    note_cycled = lambda *_, **__: names.append("cycled")  # noqa: E731
    with (
        signals.session_created.connected_to(note_created),
        signals.session_cycled.connected_to(note_cycled),
    ):
        yield names


@pytest.mark.parametrize("step", ["create", "cycle_key"])
def test_an_interrupted_step_sends_no_signal(
    site: Site, loaded: DjangoSession, sent: list[str], step: str
) -> None:
    end(site, loaded)
    with pytest.raises(SessionInterrupted):
        getattr(loaded, step)()
    assert sent == []
    loaded.flush()
    getattr(loaded, step)()
    assert sent == ["created"]


def test_the_old_row_stays_until_the_new_one_is_there(site: Site, loaded: DjangoSession) -> None:
    statements: list[str] = []

    def note_and_fail(_: Any, __: Any, statement: str, *rest: Any) -> None:
        statements.append(statement.split()[0])
        if statement.startswith("DELETE"):
            raise RuntimeError("the power is gone")

    with site.app.app_context():
        sa.event.listen(site.db.engine, "before_cursor_execute", note_and_fail)
    old_key = loaded.session_key
    with pytest.raises(RuntimeError, match="the power is gone"):
        loaded.cycle_key()
    assert statements == ["INSERT", "DELETE"]
    assert old_key in [row.session_key for row in site.rows()]


# In a request


def test_a_request_that_cycles_an_ended_session_is_answered_with_400_once(
    site: Site, loaded: DjangoSession, django_session_client: MakeClient
) -> None:
    handled: list[Exception] = []

    @site.app.errorhandler(SessionInterrupted)
    def explain(error: Exception) -> tuple[str, int]:
        handled.append(error)
        session["seen"] = True
        return "please log in again", 400

    @site.app.get("/")
    def view() -> Response:
        session["visits"] = 1
        end(site, loaded)
        session.cycle_key()  # type: ignore[attr-defined]
        return Response("private")

    response = django_session_client(session_key=loaded.session_key).get("/")
    assert (response.status_code, response.text) == (400, "please log in again")
    assert "Set-Cookie" not in response.headers
    assert len(handled) == 1
    assert site.rows() == []


def test_who_deletes_another_row_still_knows_of_ones_own(site: Site, loaded: DjangoSession) -> None:
    loaded.delete("another".ljust(32, "x"))
    end(site, loaded)
    with pytest.raises(SessionInterrupted):
        loaded.cycle_key()
    assert site.rows() == []


@pytest.mark.parametrize("step", ["create", "cycle_key"])
def test_what_was_stored_at_once_has_a_row_that_may_end(site: Site, step: str) -> None:
    one = site.sessions.session()
    one["cart"] = ["tea"]
    one.save()
    end(site, one)
    with pytest.raises(SessionInterrupted):
        getattr(one, step)()
    assert site.rows() == []


def test_a_new_key_takes_nothing_along_that_another_request_has_stored(
    site: Site, loaded: DjangoSession
) -> None:
    other = site.sessions.session(loaded.session_key)
    other["theirs"] = True
    other.save()
    loaded.cycle_key()  # as in Django, unless SESSION_CONCURRENCY is "merge"
    assert dict(site.sessions.session(loaded.session_key)) == {"cart": ["tea"]}


def test_what_is_deleted_may_be_added_again_under_its_key(
    site: Site, loaded: DjangoSession
) -> None:
    loaded.delete()
    loaded.save(must_create=True)
    assert [row.session_key for row in site.rows()] == [loaded.session_key]
