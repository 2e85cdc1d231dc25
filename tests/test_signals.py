"""What is sent when a session begins, moves, ends or is corrupted; and when nothing is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from blinker import NamedSignal

from flask_dj_session import (
    DjangoSession,
    UpdateError,
    session_corrupted,
    session_created,
    session_cycled,
    session_flushed,
    signals,
)
from flask_dj_session.pytest_plugin import MakeSession

from .conftest import MakeSite, Site

_SIGNALS = [session_created, session_cycled, session_flushed, session_corrupted]


@pytest.fixture
def sent(site: Site) -> Iterator[list[str]]:
    """Return the names of the signals that are sent for the site's sessions."""
    names: list[str] = []

    def note(signal: NamedSignal) -> None:
        def receive(sender: object, session: DjangoSession) -> None:
            assert isinstance(session, DjangoSession)
            names.append(signal.name)

        stack.enter_context(signal.connected_to(receive, site.app))

    with site.app.app_context(), ExitStack() as stack:
        for signal in _SIGNALS:
            note(signal)
        yield names


@pytest.fixture
def session(site: Site, django_session: MakeSession) -> DjangoSession:
    """Return a session that is stored."""
    return site.sessions.session(django_session(n=1))


def test_the_first_save_is_a_session_created(site: Site, sent: list[str]) -> None:
    session = site.sessions.session()
    session["n"] = 1
    assert sent == []
    session.save()
    assert sent == ["session-created"]
    session.save()
    assert sent == ["session-created"]


def test_each_row_that_one_object_adds_is_a_session_created(site: Site, sent: list[str]) -> None:
    session = site.sessions.session()
    session["n"] = 1
    session.save()
    session._session_key = "b" * 32  # as programs for Django do
    session.save(must_create=True)
    assert sent == ["session-created"] * 2


def test_a_session_that_gets_a_new_key_is_cycled_and_not_created(
    session: DjangoSession, sent: list[str]
) -> None:
    session.cycle_key()
    assert sent == ["session-cycled"]


def test_cycling_a_session_without_a_key_creates_one(site: Site, sent: list[str]) -> None:
    site.sessions.session().cycle_key()
    assert sent == ["session-created"]


def test_a_session_that_ends_is_flushed(session: DjangoSession, sent: list[str]) -> None:
    session.flush()
    assert sent == ["session-flushed"]


@pytest.mark.parametrize("key", [None, "a key of nobody at all", "short"])
def test_flushing_a_session_that_never_was_tells_nothing(
    site: Site, sent: list[str], key: str | None
) -> None:
    site.sessions.session(key).flush()
    assert sent == []


class _KeptSession(DjangoSession):
    """Stands for a class of the app's own, which removes no rows."""

    def delete(self, session_key: str | None = None) -> None:
        """Do nothing."""


def test_flushing_tells_nothing_where_the_apps_own_class_removes_nothing(
    make_site: MakeSite,
) -> None:
    site = make_site(extension={"session_class": _KeptSession})
    told: list[object] = []

    def receive(sender: object, session: DjangoSession) -> None:
        told.append(session)

    with site.app.app_context(), session_flushed.connected_to(receive, site.app):
        session = site.sessions.session()
        session.save()
        session.flush()
        assert (session.session_key, told, len(site.rows())) == (None, [], 1)


def test_a_row_that_cannot_be_read_is_told_of_once(
    site: Site, django_session: MakeSession, sent: list[str]
) -> None:
    session = site.sessions.session(django_session(n=1, corrupted=True))
    assert (session.get("n"), session.get("n")) == (None, None)
    assert sent == ["session-corrupted"]


def test_what_did_not_happen_in_the_database_is_not_told(
    site: Site, session: DjangoSession, sent: list[str]
) -> None:
    site.sessions.session(session.session_key).delete()
    with pytest.raises(UpdateError):
        session.save()
    assert sent == []


def test_a_receiver_finds_the_row_in_the_database(site: Site) -> None:
    found: list[bool] = []

    def look(sender: object, session: DjangoSession) -> None:
        assert sender is site.app
        found.append(session.exists(session.session_key))

    with site.app.app_context(), session_created.connected_to(look, site.app):
        site.sessions.session().save()
    assert found == [True]


def test_each_signal_is_public() -> None:
    named = {name for name, value in vars(signals).items() if isinstance(value, NamedSignal)}
    assert named == {signal.name.replace("-", "_") for signal in _SIGNALS}


def test_a_session_that_begins_after_the_key_was_changed_is_told(
    session: DjangoSession, sent: list[str]
) -> None:
    session.cycle_key()
    session.flush()
    session.create()
    assert sent == ["session-cycled", "session-flushed", "session-created"]
