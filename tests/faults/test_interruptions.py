"""Statements that something else than the driver ends: a timeout, a killed greenlet, a signal."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from itertools import count
from typing import NamedTuple

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy import event

from ..conftest import NOW, MakeSite, Site
from ..databases import EVERY_DATABASE
from .conftest import add_views, ask
from .interrupting import AtEachLine, GivenUp, Interruptions, TooLate

# A cursor of mariadbconnector 1.1 that the garbage collector finds, as one in the traceback of an
# error may be, frees the connection under everybody's hands: the process crashes (docs/drivers.md).
INTERRUPTIBLE = [name for name in EVERY_DATABASE if name != "mariadb-mariadbconnector"]


class Case(NamedTuple):
    """A statement, and how it comes to an end."""

    kind: str
    run: Callable[[Site, FlaskClient], object]
    error: type[BaseException]
    #: whether the app listens to all statements
    watched: bool = False


def _in_app(work: Callable[[Site], object]) -> Callable[[Site, FlaskClient], object]:
    def run(site: Site, _: FlaskClient) -> None:
        with site.app.app_context():
            work(site)

    return run


CASES = {
    "read, given up": Case("SELECT", lambda _, ann: ask(ann, "/read"), GivenUp),
    "read, too late": Case("SELECT", lambda _, ann: ask(ann, "/read"), TooLate),
    "watched read, too late": Case("SELECT", lambda _, ann: ask(ann, "/read"), TooLate, True),
    "update, given up": Case("UPDATE", lambda _, ann: ask(ann), GivenUp),
    "watched update, too late": Case("UPDATE", lambda _, ann: ask(ann), TooLate, True),
    "insert, too late": Case("INSERT", lambda site, _: ask(site.client), TooLate),
    "count, too late": Case("SELECT", _in_app(lambda site: site.sessions.store.count()), TooLate),
    "list, too late": Case(
        "SELECT", _in_app(lambda site: site.sessions.store.page(size=9)), TooLate
    ),
    "clear, too late": Case("DELETE", _in_app(lambda site: site.sessions.clear_expired()), TooLate),
}


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    """Return a site whose sessions share one connection: whoever is next gets it as it was left."""
    return add_views(make_site(options={"pool_size": 1, "max_overflow": 0, "pool_timeout": 1}))


@pytest.mark.parametrize("database_url", INTERRUPTIBLE, indirect=True)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_whoever_comes_after_an_interrupted_statement_gets_their_own(
    site: Site, database_url: sa.URL, case: Case
) -> None:
    with site.app.app_context():
        if case.watched:
            event.listen(site.db.engine, "before_cursor_execute", lambda *_: None)
        site.sessions.store.insert("expired0", "", NOW - timedelta(days=1))
    interruptions = Interruptions(site, database_url)
    ann, bob = site.client, site.client
    assert [ask(who).text for who in (ann, bob, bob)] == ["1", "1", "2"]
    with suppress(GivenUp, TooLate), interruptions.of(case.kind, case.error()):
        case.run(site, ann)
    assert [ask(bob).text for _ in range(3)] == ["3", "4", "5"]
    # What was interrupted may have been counted.
    assert ask(ann).text in (["2", "3"] if case.kind == "UPDATE" else ["2"])
    assert [ask(site.client).text, ask(bob, "/read").text] == ["1", "5"]


WORK: dict[str, Callable[[Site, FlaskClient], object]] = {
    "count": lambda _, ann: ask(ann),
    "logout": lambda _, ann: ask(ann, "/logout"),
    "list": _in_app(lambda site: site.sessions.store.page(size=9)),
    "clear": _in_app(lambda site: site.sessions.clear_expired()),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("database_url", "work"),
    [*(("sqlite", work) for work in WORK), *((server, "count") for server in INTERRUPTIBLE[1:])],
    indirect=["database_url"],
)
def test_wherever_something_is_given_up_the_next_gets_their_own(
    site: Site, database_url: sa.URL, work: str
) -> None:
    # Each time takes a new connection; so twice only where all must be right and little is to do.
    often = work == "count" and database_url.get_backend_name() == "sqlite"
    at, bob = AtEachLine(GivenUp, "store", times=2 if often else 1), site.client
    for number in count(1):
        ann = site.client
        ask(ann)
        with site.app.app_context():
            site.sessions.store.insert(f"expired{number}", "", NOW - timedelta(days=1))
        with suppress(GivenUp), at:
            WORK[work](site, ann)
        assert ask(bob).text == str(number), at.place
        if not at.place:
            break
    assert number > 30


@pytest.mark.slow
def test_wherever_it_is_too_late_a_session_is_not_taken_for_an_empty_one(site: Site) -> None:
    ann = site.client
    at = AtEachLine(TooLate, "wire", "session.py", "interface.py")
    told = 0
    while True:
        with suppress(TooLate), at:
            ask(ann)
        answer = ask(ann)
        assert told < int(answer.text), at.place
        told = int(answer.text)
        if not at.place:
            break
    assert told > 50
