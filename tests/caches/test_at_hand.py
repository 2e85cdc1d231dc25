"""Connections to a Redis that stay at hand between two commands."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from flask_dj_session.caches.at_hand import ConnectionsAtHand, may_stay_at_hand
from flask_dj_session.caches.redis import RedisClient

from .conftest import place_of


class CountingPool(redis.ConnectionPool):
    """Counts how often somebody has come for a connection."""

    asked = 0

    def get_connection(self, *arguments: Any, **options: Any) -> Any:
        connection = super().get_connection(*arguments, **options)
        self.asked += 1
        return connection


@pytest.fixture
def url(tmp_path: Any) -> str:
    return place_of("redis", tmp_path)


@pytest.fixture
def pool(url: str) -> Iterator[CountingPool]:
    pool = CountingPool.from_url(url, socket_timeout=2)
    yield pool
    pool.disconnect()


@pytest.fixture
def client(pool: CountingPool) -> redis.Redis:
    return redis.Redis(connection_pool=pool)


@pytest.fixture
def seconds() -> list[float]:
    return [0.0]


@pytest.fixture
def at_hand(client: redis.Redis, seconds: list[float]) -> ConnectionsAtHand:
    return ConnectionsAtHand(client, lambda: seconds[0])


def test_a_connection_serves_one_command_after_the_other(
    at_hand: ConnectionsAtHand, pool: CountingPool
) -> None:
    assert [at_hand.run("ECHO", text) for text in ("a", "b", "c")] == [b"a", b"b", b"c"]
    assert pool.asked == 1


def test_after_a_while_the_pool_looks_at_a_connection_first(
    at_hand: ConnectionsAtHand, pool: CountingPool, seconds: list[float]
) -> None:
    number = at_hand.run("CLIENT", "ID")
    seconds[0] = 0.9
    assert at_hand.run("CLIENT", "ID") == number
    assert pool.asked == 1
    seconds[0] = 2.0
    assert at_hand.run("CLIENT", "ID") == number
    assert pool.asked == 2


def test_a_connection_that_the_server_has_closed_is_no_error(
    at_hand: ConnectionsAtHand, url: str
) -> None:
    number = at_hand.run("CLIENT", "ID")
    with redis.Redis.from_url(url) as other:
        other.client_kill_filter(_id=str(number))
    assert at_hand.run("ECHO", "a") == b"a"
    assert at_hand.run("CLIENT", "ID") != number


def test_an_answer_that_is_an_error_leaves_the_connection_in_order(
    at_hand: ConnectionsAtHand, pool: CountingPool
) -> None:
    with pytest.raises(redis.ResponseError):
        at_hand.run("NO SUCH COMMAND")
    assert at_hand.run("ECHO", "a") == b"a"
    assert pool.asked == 1


def test_a_server_that_does_not_answer_in_time_is_not_asked_again(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # BLPOP waits for what nobody brings.
    with redis.Redis.from_url(url, socket_timeout=0.1) as client:
        at_hand = ConnectionsAtHand(client)
        asked: list[Any] = []
        monkeypatch.setattr(client, "execute_command", lambda *command: asked.append(command))
        with pytest.raises(redis.TimeoutError):
            at_hand.run("BLPOP", "flask_dj_session.nothing", "5")
        assert asked == []
        monkeypatch.undo()
        assert at_hand.run("ECHO", "a") == b"a"


def test_a_child_process_takes_connections_of_its_own(
    at_hand: ConnectionsAtHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = at_hand.run("CLIENT", "ID")
    monkeypatch.setattr(os, "getpid", lambda: -1)
    try:
        assert at_hand.run("CLIENT", "ID") != number
    finally:
        monkeypatch.undo()


def test_commands_at_the_same_time_have_a_connection_each(
    at_hand: ConnectionsAtHand, pool: CountingPool
) -> None:
    taken = [at_hand._taken() for _ in range(3)]
    assert len({id(one) for one in taken}) == 3
    for one in taken:
        at_hand._keep(one)
    assert at_hand.run("ECHO", "a") == b"a"
    assert pool.asked == 3


def test_only_plain_clients_and_pools_are_passed_by(url: str, client: redis.Redis) -> None:
    class Traced(redis.Redis):
        """Has a word in each command."""

    with redis.Redis.from_url(url) as plain, Traced.from_url(url) as traced:
        assert may_stay_at_hand(plain)
        assert not may_stay_at_hand(traced)
        assert not may_stay_at_hand(client)
    with redis.Redis.from_url(url, single_connection_client=True) as single:
        assert not may_stay_at_hand(single)


def test_a_client_that_was_told_to_try_again_does_so_itself(url: str) -> None:
    with redis.Redis.from_url(url, retry_on_timeout=True) as patient:
        assert not may_stay_at_hand(patient)


class OldRedis(redis.Redis):
    """A Redis of before 6.2."""

    def execute_command(self, *command: Any, **options: Any) -> Any:
        if command[0] == "SET" and "GET" in command:
            raise redis.ResponseError("syntax error")
        return super().execute_command(*command, **options)  # type: ignore[no-untyped-call]


def test_a_redis_of_before_6_2_is_asked_what_is_there(pool: CountingPool) -> None:
    cache = RedisClient(lambda: OldRedis(connection_pool=pool))
    name = uuid.uuid4().hex
    assert cache.swap(name, b"1", 60, lambda there: there is None)
    assert cache.swap(name, b"2", 60, lambda there: there == b"1")
    assert cache.get(name) == b"2"
    assert not cache.swap(name, b"3", 60, lambda there: there == b"1")
    assert cache.get(name) is None


def test_another_error_is_not_taken_for_an_old_redis(pool: CountingPool) -> None:
    cache = RedisClient(lambda: redis.Redis(connection_pool=pool))
    name = uuid.uuid4().hex
    cache._run("RPUSH", name, "1")
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        cache.swap(name, b"1", 60, lambda there: True)
    cache.delete([name])
    assert cache.swap(name, b"1", 60, lambda there: there is None)
    assert cache.delete([name]) == 1
