"""A cache that is down: nothing fails, and nothing that was ended comes back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from flask_dj_session.caches import guarded
from flask_dj_session.caches.guarded import MOST_KEPT, REST, GuardedCache


class RefusedError(Exception):
    """What a cache answers that is full."""


class Memory:
    """A cache in memory, which can be taken down."""

    def __init__(self) -> None:
        self.entries: dict[str, bytes] = {}
        self.error: Exception | None = None
        self.is_full = False
        self.asked = self.given_up = 0

    def _ask(self) -> None:
        self.asked += 1
        if self.error is not None:
            raise self.error

    def get(self, name: str) -> Any:
        self._ask()
        return self.entries.get(name)

    def swap(
        self, name: str, value: bytes, seconds: float, is_known: Callable[[Any], bool]
    ) -> bool:
        self._ask()
        if self.is_full:
            raise RefusedError
        self.entries[name] = value
        return True

    def add(self, name: str, value: bytes, seconds: float) -> bool:
        self._ask()
        return self.entries.setdefault(name, value) is value

    def replace(self, name: str, value: bytes, seconds: float) -> bool:
        self._ask()
        return name in self.entries

    def touch(self, name: str, seconds: float) -> bool:
        self._ask()
        return name in self.entries

    def delete(self, names: Sequence[str]) -> int:
        self._ask()
        return sum(self.entries.pop(name, None) is not None for name in names)

    def seconds_left(self, name: str) -> float | None:
        self._ask()
        return None

    def names(self, beginning: str) -> Iterator[str] | None:
        return iter(list(self.entries))

    def close(self) -> None:
        pass

    def give_up(self) -> None:
        self.given_up += 1

    def has_failed(self, error: Exception) -> bool:
        return isinstance(error, (OSError, RefusedError))

    def has_answered(self, error: Exception) -> bool:
        return isinstance(error, RefusedError)


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def seconds() -> list[float]:
    return [0.0]


@pytest.fixture
def cache(memory: Memory, seconds: list[float]) -> GuardedCache:
    return GuardedCache(memory, "default", lambda: seconds[0])


def test_what_could_not_be_removed_is_so_as_soon_as_the_cache_answers(
    cache: GuardedCache, memory: Memory, seconds: list[float]
) -> None:
    memory.entries["a"] = b"old"
    memory.error = ConnectionError()
    cache.delete(["a"])
    memory.error = None
    seconds[0] += REST
    assert cache.get("b") is None
    assert memory.entries == {}
    assert cache.stale == ()


def test_what_could_not_be_written_is_older_than_its_row_and_goes(
    cache: GuardedCache, memory: Memory, seconds: list[float]
) -> None:
    memory.entries["a"] = b"old"
    memory.error = ConnectionError()
    cache.swap("a", b"new", 60, lambda there: True)
    memory.error = None
    assert cache.get("a") is None
    seconds[0] += REST
    assert cache.get("a") is None
    assert memory.entries == {}


def test_it_rests_for_a_second_where_it_lets_visitors_wait(
    cache: GuardedCache, memory: Memory, seconds: list[float]
) -> None:
    memory.error = TimeoutError()
    for _ in range(10):
        assert cache.get("a") is None
    assert memory.asked == 1
    seconds[0] += REST
    assert cache.get("a") is None
    assert memory.asked == 2


def test_an_error_that_comes_late_is_one_that_lets_visitors_wait(
    cache: GuardedCache, memory: Memory, seconds: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.error = ConnectionError()
    ask = memory._ask

    def wait() -> None:
        seconds[0] += 3
        ask()

    monkeypatch.setattr(memory, "_ask", wait)
    cache.get("a")
    cache.get("a")
    assert memory.asked == 1


def test_what_refuses_at_once_is_asked_again_at_once(cache: GuardedCache, memory: Memory) -> None:
    memory.error = ConnectionError()
    cache.swap("a", b"1", 60, lambda there: True)
    memory.error = None
    cache.swap("a", b"2", 60, lambda there: True)
    assert memory.entries == {"a": b"2"}
    assert cache.get("a") == b"2"


def test_what_is_kept_anew_while_it_is_removed_stays_kept(
    cache: GuardedCache, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.error = ConnectionError()
    cache.delete(["a"])
    memory.error = None
    delete = memory.delete

    def meanwhile(names: Sequence[str]) -> int:
        monkeypatch.setattr(memory, "delete", delete)
        number = delete(names)
        memory.entries["a"] = b"old"
        cache.distrust(["a"])  # as another thread does whose change has failed
        return number

    monkeypatch.setattr(memory, "delete", meanwhile)
    assert cache.get("a") is None
    assert (memory.entries, cache.stale) == ({}, ())


def test_it_is_told_once_a_minute_and_without_what_the_error_says(
    cache: GuardedCache,
    memory: Memory,
    seconds: list[float],
    caplog: pytest.LogCaptureFixture,
) -> None:
    memory.error = ConnectionError("redis://:hush@host")
    for _ in range(121):
        cache.get("a")
        seconds[0] += 1
    with caplog.at_level(logging.ERROR):
        assert (
            caplog.messages
            == ["The cache 'default' failed (ConnectionError). The table serves until it answers."]
            * 3
        )
    assert "hush" not in caplog.text


def test_a_full_cache_is_not_down_and_what_is_old_there_goes_at_once(
    cache: GuardedCache, memory: Memory
) -> None:
    memory.entries["a"] = b"old"
    memory.is_full = True
    cache.swap("a", b"new", 60, lambda there: True)
    assert memory.entries == {}
    assert cache.stale == ()
    memory.entries["b"] = b"there"
    assert cache.get("b") == b"there"


def test_what_is_there_is_younger_than_what_a_reader_brings(
    cache: GuardedCache, memory: Memory
) -> None:
    memory.entries["a"] = b"new"
    cache.fill("a", b"old", 60)
    assert memory.entries == {"a": b"new"}


def test_no_more_names_are_kept_than_is_said(
    cache: GuardedCache,
    memory: Memory,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert MOST_KEPT >= 10_000
    monkeypatch.setattr(guarded, "MOST_KEPT", 3)
    memory.error = ConnectionError()
    cache.delete(["a", "b"])
    cache.delete(["c", "d"])
    assert cache.stale == ("a", "b", "c")
    assert "Clear it before it is used again." in caplog.messages[-1]
