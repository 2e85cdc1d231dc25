"""Which connections stay at hand between statements, and that nobody misses one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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
    return lent.pop()


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
    clock.shift(3599)
    second = _take(idle)
    assert second is first
    _give_back(idle, second)
    clock.shift(2)
    third = _take(idle)
    assert _raw(third) is not opened
    _give_back(idle, third)


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


@pytest.mark.parametrize("pool", [{"pool_size": 1, "max_overflow": 0}], indirect=True, ids=str)
def test_who_waits_for_a_connection_gets_the_one_that_is_given_back(idle: IdleConnections) -> None:
    first = _take(idle)
    with ThreadPoolExecutor(1) as threads:
        second = threads.submit(_take, idle)
        while not idle._waiting:
            threading.Event().wait(0)
        _give_back(idle, first)
        connection = second.result(timeout=20)
    _give_back(idle, connection)


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
