"""Fixtures of all tests: the time, a database, apps on it, and a real Django beside them."""

from __future__ import annotations

import faulthandler
import gc
import os
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timezone
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, NamedTuple, TextIO, TypeVar

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from hypothesis import HealthCheck, given, settings, strategies

from flask_dj_session import DjangoSessions, pytest_plugin

from .databases import DRIVERS, fresh_database, is_at_hand, text_of
from .live_django import SECRET_KEY, LiveDjango, on_database

# Hypothesis is the same everywhere: no example is random, so that nothing fails now and then, and
# none is too slow on a busy machine. What differs between examples is made in them, so that the
# fixtures may live through all. A failure prints what repeats it.
settings.register_profile(
    "same",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=80,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
# To look further: pytest --hypothesis-profile=further --hypothesis-seed=random
settings.register_profile(
    "further", settings.get_profile("same"), derandomize=False, max_examples=1000
)
# For a desk: make test, which has fewer cases, too. Of everything: make test CASES=all.
settings.register_profile("desk", settings.get_profile("same"), max_examples=25)
# For those who try a change of a minute ago again and again: make quick.
settings.register_profile("quick", settings.get_profile("same"), max_examples=10)
settings.load_profile("same")

_Case = TypeVar("_Case")

needs_installation = pytest.mark.skipif(
    not entry_points(group="pytest11").select(value=pytest_plugin.__name__),
    reason="flask_dj_session is not installed here, so pytest does not find its fixtures",
)


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add ``--no-skips``, for where everything that tests may need is there.

    And the fixtures of the package, where it stands in the path, but is not installed.
    """
    if not pluginmanager.is_registered(pytest_plugin):
        pluginmanager.register(pytest_plugin)
    parser.addoption("--no-skips", action="store_true", help="take a skipped test for a failure")
    parser.addoption("--cases", type=int, help="run each test with so many of its cases at most")
    parser.addoption("--at-hand", action="store_true", help="with --cases: none without its server")
    parser.addoption("--patience", type=float, default=300.0, help="seconds; a longer test hangs")


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make no more cases than ``--cases`` says, where that is easy: to make all takes seconds."""
    most = metafunc.config.getoption("--cases")
    marks = metafunc.definition.own_markers
    several = sum(mark.name == "parametrize" for mark in marks) > 1
    if most == 1 or (most is not None and not several):
        at_hand = metafunc.config.getoption("--at-hand")
        marks[:] = [_of_few_cases(mark, most, at_hand) for mark in marks]


def _of_few_cases(mark: pytest.Mark, most: int, at_hand: bool) -> pytest.Mark:
    """Return a mark with some of its parameters' values, of those that have no marks."""
    if mark.name != "parametrize" or len(mark.args) < 2:
        return mark
    names, values, options = mark.args[0], [*mark.args[1]], {**mark.kwargs}
    numbers = [number for number, one in enumerate(values) if not getattr(one, "marks", ())]
    if names in _WITH_SERVERS:
        if not at_hand:
            return mark  # those that are skipped are counted apart
        numbers = [number for number in numbers if is_at_hand(str(values[number]))]
    if not numbers or (most > 1 and len(numbers) < len(values)):
        return mark
    kept = _spread(numbers, most)
    if isinstance(options.get("ids"), Iterable):
        ids = [*options["ids"]]
        options["ids"] = [ids[number] for number in kept]
    few = [values[number] for number in kept]
    return pytest.mark.parametrize(names, few, *mark.args[2:], **options).mark


@pytest.hookimpl(trylast=True)  # of those that are chosen by their marks
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep ``--cases`` cases of each test: the first, the last, and some between them.

    One of those that take noticeable time. Of those that are skipped, since their servers are not
    there, one is kept; with ``--at-hand`` none is.
    """
    most, at_hand = config.getoption("--cases"), config.getoption("--at-hand")
    if most is None:
        return
    cases: dict[tuple[str, int], list[pytest.Item]] = {}
    for item in items:
        is_there = _has_its_server(item)
        if is_there or not at_hand:
            few = min(most, _few_of(item)) if is_there else 1
            cases.setdefault((item.nodeid.partition("[")[0], few), []).append(item)
    kept = {one for (_, few), those in cases.items() for one in _spread(those, few)}
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]


def _few_of(item: pytest.Item) -> int:
    """Return how many cases of a test are a few: of what takes noticeable time, one."""
    takes_time = item.get_closest_marker("slow") or item.get_closest_marker("process")
    return 1 if takes_time else sys.maxsize


#: parameters whose values may need a server: databases, and caches
_WITH_SERVERS = ("database_url", "kind")


def _has_its_server(item: pytest.Item) -> bool:
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    return all(is_at_hand(str(parameters.get(name, ""))) for name in _WITH_SERVERS)


def _spread(cases: list[_Case], most: int) -> list[_Case]:
    if len(cases) <= most:
        return cases
    last = len(cases) - 1
    return [cases[round(number * last / max(1, most - 1))] for number in range(most)]


_PROCESSES = (
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "subprocess.Popen",
)
_running: list[pytest.Item] = []
_SCREEN = pytest.StashKey[TextIO]()


def _on_audit(event: str, _arguments: object) -> None:
    if event not in _PROCESSES or not _running:
        return
    test = _running[-1]
    if not (test.get_closest_marker("process") or _is_on_another_driver(test)):
        said = f"{test.nodeid} starts a process ({event}), so mark it 'pytest.mark.process'"
        raise AssertionError(said)


def _is_on_another_driver(test: pytest.Item) -> bool:
    # MySQL's own one starts a process of its own where it first connects.
    parameters = test.callspec.params.values() if hasattr(test, "callspec") else ()
    return any(isinstance(one, str) and one in DRIVERS for one in parameters)


def pytest_configure(config: pytest.Config) -> None:
    """Hold that what starts a process says so: 'make quick' leaves it out."""
    sys.addaudithook(_on_audit)
    # Before pytest puts a file in its place.
    config.stash[_SCREEN] = os.fdopen(os.dup(2), "w")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close what was opened."""
    config.stash[_SCREEN].close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Know which test is running, and end all where it hangs, telling where."""
    _running.append(item)
    # Not a signal: what waits for a lock or a server need not let Python handle one.
    patience, screen = item.config.getoption("--patience"), item.config.stash[_SCREEN]
    faulthandler.dump_traceback_later(patience, exit=True, file=screen)
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()
        _running.pop()


def pytest_enter_pdb() -> None:
    """Wait for whoever looks into a test."""
    faulthandler.cancel_dump_traceback_later()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run where a test was skipped and none may be."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.config.getoption("--no-skips") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_collection_finish() -> None:
    """Take what was collected out of the garbage collector's sight: it lives to the end."""
    # Before, since Hypothesis asks the collector at its first example who has its random numbers.
    given(strategies.none())(lambda _: None)()
    gc.collect()
    gc.freeze()


@sa.event.listens_for(sa.Pool, "connect")
def _without_waiting_for_the_disk(connection: Any, _record: Any) -> None:
    # No test pulls the plug, and thousands of databases are written for a moment each.
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF").close()


NOW = datetime(2026, 11, 23, 12, 30, 15, 123456, tzinfo=timezone.utc)


class Site(NamedTuple):
    """A Flask app with sessions, and what it was made of."""

    app: Flask
    db: SQLAlchemy
    sessions: DjangoSessions

    @property
    def client(self) -> FlaskClient:
        """A new browser."""
        return self.app.test_client()

    def rows(self) -> list[Any]:
        """Return the rows of the table, by key."""
        with self.app.app_context():
            model = self.sessions.model
            return list(self.db.session.scalars(self.db.select(model).order_by(model.session_key)))


MakeSite = Callable[..., Site]


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Stop the time at NOW; ``clock.shift(seconds)`` moves it."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.URL]:
    """Return the URL of an empty database: SQLite, or what a test is parametrised with."""
    with fresh_database(getattr(request, "param", "sqlite"), tmp_path) as url:
        yield url


@pytest.fixture
def database(database_url: sa.URL) -> Path:
    """Return the path of the SQLite file, which is not there yet."""
    assert database_url.database is not None
    return Path(database_url.database)


@pytest.fixture
def make_site(database_url: sa.URL) -> Iterator[MakeSite]:
    """Return what makes apps on the database; keywords go into ``app.config``."""
    made: list[Site] = []

    def make(
        *,
        table: bool = True,
        options: dict[str, Any] | None = None,
        extension: dict[str, Any] | None = None,
        **config: Any,
    ) -> Site:
        app = Flask("tests.site")
        app.config.update(SECRET_KEY=SECRET_KEY, TESTING=True)
        app.config["SQLALCHEMY_DATABASE_URI"] = text_of(database_url)
        app.config.update(config)
        db = SQLAlchemy(app, engine_options=options)
        site = Site(app, db, DjangoSessions(app, db, **(extension or {})))
        made.append(site)
        if table:
            with app.app_context():
                site.sessions.create_table()
        return site

    yield make
    for site in made:
        with site.app.app_context():
            for engine in site.db.engines.values():
                engine.dispose()


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    """Return an app with the table."""
    return make_site()


@pytest.fixture
def app(site: Site) -> Flask:
    """Return the app of the site, on which the package's own fixtures work."""
    return site.app


@pytest.fixture
def django(database_url: sa.URL) -> Iterator[LiveDjango]:
    """Return a Django on the same database, with its tables."""
    with on_database(database_url) as live:
        live.migrate()
        yield live
