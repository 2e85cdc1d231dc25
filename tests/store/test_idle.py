"""Which connections stay at hand between statements, and that nobody misses one."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy import event
from sqlalchemy.pool import NullPool, Pool, QueuePool

from flask_dj_session.store.idle import IdleConnections

from ..conftest import MakeSite


@pytest.fixture
def pool(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pool]:
    options: dict[str, Any] = {"poolclass": QueuePool, **getattr(request, "param", {})}
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'db.sqlite3'}", **options)
    yield engine.pool
    engine.dispose()


@pytest.fixture
def idle(pool: Pool) -> Iterator[IdleConnections]:
    idle = IdleConnections(pool)
    yield idle
    idle.close()


def _take(idle: IdleConnections) -> Any:
    lent: list[Any] = []
    idle.take(lent)
    (connection,) = lent
    return connection


def _give_back(idle: IdleConnections, connection: Any) -> None:
    lent = [connection]
    idle.give_back(lent)
    assert not lent


def _raw(connection: Any) -> object:
    return connection.dbapi_connection


def test_a_connection_that_was_given_back_is_taken_again_without_the_pool(
    idle: IdleConnections, pool: QueuePool
) -> None:
    first = _take(idle)
    _give_back(idle, first)
    assert (pool.checkedout(), pool.checkedin()) == (1, 0)
    assert _take(idle) is first
    _give_back(idle, first)


def test_once_closed_the_pool_has_them_all(idle: IdleConnections, pool: QueuePool) -> None:
    for connection in [_take(idle), _take(idle)]:
        _give_back(idle, connection)
    idle.close()
    assert (pool.checkedout(), pool.checkedin()) == (0, 2)


@pytest.mark.parametrize("pool", [{"pool_size": 2, "max_overflow": 3}], indirect=True, ids=str)
def test_no_more_are_kept_than_the_pool_would_keep(idle: IdleConnections, pool: QueuePool) -> None:
    taken = [_take(idle) for _ in range(5)]
    opened = [_raw(connection) for connection in taken]
    for connection in taken:
        _give_back(idle, connection)
    assert pool.checkedout() == 2
    again = [_take(idle) for _ in range(5)]
    assert sum(_raw(connection) in opened for connection in again) == 2
    for connection in again:
        _give_back(idle, connection)


@pytest.mark.parametrize("pool", [{"pool_size": 0}], indirect=True, ids=str)
def test_a_pool_that_keeps_any_number_has_all_of_them_kept(
    idle: IdleConnections, pool: QueuePool
) -> None:
    taken = [_take(idle) for _ in range(7)]
    for connection in taken:
        _give_back(idle, connection)
    assert (pool.checkedout(), pool.checkedin()) == (7, 0)
    again = [_take(idle) for _ in range(7)]
    assert set(map(id, again)) == set(map(id, taken))
    for connection in again:
        _give_back(idle, connection)


@pytest.mark.parametrize(
    "pool",
    [{"pool_pre_ping": True}, {"pool_recycle": 0}, {"poolclass": NullPool}],
    indirect=True,
    ids=str,
)
def test_what_the_app_wants_at_each_checkout_is_not_left_out(idle: IdleConnections) -> None:
    first = _take(idle)
    _give_back(idle, first)
    second = _take(idle)
    assert second is not first
    _give_back(idle, second)


@pytest.mark.parametrize("pool", [{"pool_recycle": 3600}], indirect=True, ids=str)
def test_a_connection_is_kept_for_as_long_as_the_app_wants_it_used(
    idle: IdleConnections, clock: time_machine.Traveller
) -> None:
    first = _take(idle)
    opened = _raw(first)
    _give_back(idle, first)
    clock.shift(3600)
    second = _take(idle)
    assert second is first
    _give_back(idle, second)
    clock.shift(1)
    third = _take(idle)
    assert _raw(third) is not opened
    _give_back(idle, third)


@pytest.mark.parametrize(
    ("pool", "age"),
    [({"pool_recycle": 0}, 1), ({"pool_recycle": 3600}, 3601)],
    indirect=["pool"],
    ids=str,
)
def test_one_at_hand_that_is_too_old_goes_to_the_pool(
    idle: IdleConnections, pool: QueuePool, clock: time_machine.Traveller, age: int
) -> None:
    _give_back(idle, _take(idle))
    clock.shift(age)
    assert idle.at_hand() is None
    assert (pool.checkedout(), pool.checkedin()) == (0, 1)


@pytest.mark.parametrize("name", ["checkout", "checkin", "reset"])
def test_the_apps_listeners_see_each_use(pool: Pool, name: str) -> None:
    seen: list[str] = []
    event.listen(pool, name, lambda *_: seen.append(name))
    idle = IdleConnections(pool)
    for _ in range(3):
        _give_back(idle, _take(idle))
    assert seen == [name] * 3


def test_listeners_of_our_own_need_not_see_each_use(pool: QueuePool) -> None:
    def ours(*_: object) -> None:
        """Take no notice."""

    event.listen(pool, "checkout", ours)
    idle = IdleConnections(pool, [ours])
    _give_back(idle, _take(idle))
    assert pool.checkedout() == 1
    idle.close()


def _asked(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Return what is set as soon as somebody asks the pool for a connection."""
    asked, connect = threading.Event(), pool.connect

    def ask() -> Any:
        asked.set()
        return connect()

    monkeypatch.setattr(pool, "connect", ask)
    return asked


_ONE = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 5}
only_one = pytest.mark.parametrize("pool", [_ONE], indirect=True, ids=["one connection"])


@only_one
def test_who_waits_for_a_connection_gets_the_one_that_is_given_back(
    idle: IdleConnections, pool: QueuePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _take(idle)
    asked = _asked(pool, monkeypatch)
    with ThreadPoolExecutor(1) as threads:
        second = threads.submit(_take, idle)
        assert asked.wait(20)
        _give_back(idle, first)
        connection = second.result(timeout=20)
    _give_back(idle, connection)


@pytest.mark.parametrize("pool", [{"pool_size": 1, "max_overflow": 1}], indirect=True, ids=str)
def test_where_somebody_waits_no_connection_is_closed_that_is_open(
    idle: IdleConnections, pool: QueuePool
) -> None:
    first, second = _take(idle), _take(idle)
    opened = _raw(second)
    _give_back(idle, first)
    with idle.waiting():
        _give_back(idle, second)
    with closing(pool.connect()) as connection:
        assert _raw(connection) is opened


class _MeetsSomebody(list[Any]):
    """What is lent; while it is given back, and not there for others yet, *meeting* takes place."""

    meeting: Callable[[], object]

    def pop(self, *_: Any) -> Any:
        self.meeting()
        return super().pop()


@only_one
def test_so_does_who_begins_to_wait_while_it_is_given_back(
    idle: IdleConnections, pool: QueuePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    lent = _MeetsSomebody([_take(idle)])
    asked = _asked(pool, monkeypatch)
    with ThreadPoolExecutor(1) as threads:
        waits: list[Future[Any]] = []

        def meet() -> None:
            waits.append(threads.submit(_take, idle))
            assert asked.wait(20)

        lent.meeting = meet
        idle.give_back(lent)
        connection = waits[0].result(timeout=20)
    _give_back(idle, connection)


@only_one
def test_a_connection_that_is_given_back_to_somebody_who_waits_is_not_kept_as_well(
    idle: IdleConnections, pool: QueuePool
) -> None:
    with idle.waiting():
        _give_back(idle, _take(idle))
        assert (pool.checkedout(), pool.checkedin()) == (0, 1)
    _give_back(idle, _take(idle))
    assert (pool.checkedout(), pool.checkedin()) == (1, 0)


@pytest.mark.parametrize(
    "pool", [{"pool_size": 1, "max_overflow": 1, "pool_timeout": 20}], indirect=True, ids=str
)
def test_many_threads_share_few_connections(idle: IdleConnections, pool: QueuePool) -> None:
    used: list[int] = []
    in_use: set[int] = set()

    def use(_: int) -> None:
        connection = _take(idle)
        number = id(_raw(connection))
        assert number not in in_use
        in_use.add(number)
        used.append(pool.checkedout())
        in_use.remove(number)
        _give_back(idle, connection)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(use, range(2000)))
    assert len(used) == 2000
    assert max(used) <= 2


def test_a_listing_uses_the_connection_at_hand_where_the_pool_has_no_other(
    make_site: MakeSite,
) -> None:
    site = make_site(options={"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.1})
    with site.app.app_context():
        site.sessions.session().save()
        assert site.sessions.store.count() == 1
        assert [len(page) for page in site.sessions.store.pages(size=10)] == [1]
        site.sessions.session().save()


def test_a_listing_that_waits_gets_the_connection_that_a_session_gives_back(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site(table=False, options={**_ONE, "poolclass": QueuePool})
    meetings: list[Callable[[], object]] = []

    def met(_statement: str) -> None:
        while meetings:
            meetings.pop()()

    def listen(connection: sqlite3.Connection, _record: object) -> None:
        connection.set_trace_callback(met)

    def count() -> int:
        with site.app.app_context():
            return site.sessions.store.count()

    with site.app.app_context(), ThreadPoolExecutor(1) as threads:
        event.listen(site.db.engine, "connect", listen)
        site.sessions.create_table()
        site.db.engine.dispose()
        with site.sessions.store.engine.connect() as connection:
            asked = _asked(connection.engine.pool, monkeypatch)
        session = site.sessions.session()
        session.save()
        asked.clear()
        counts: list[Future[int]] = []
        meetings.append(lambda: asked.wait(20))
        meetings.append(lambda: counts.append(threads.submit(count)))
        session.save()
        assert counts[0].result(20) == 1
