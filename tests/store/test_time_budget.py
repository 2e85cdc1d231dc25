"""When a transaction that others wait for comes to its end, by a clock of the test's."""

from __future__ import annotations

import time
from collections.abc import Iterable

import pytest

from flask_dj_session.store.clearing.throttle import Pace
from flask_dj_session.store.clearing.time_budget import Moment


class Clock:
    """Stands still, but for what is said to take time."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock.monotonic)
    return clock


def _run(
    moment: Moment, clock: Clock, numbers: list[int], *, pieces: Iterable[float], commit: float
) -> int:
    """Have a transaction whose *pieces* and *commit* take so many ms; return how many rows."""
    left = len(numbers)
    for _, took in zip(moment.pieces(numbers), pieces, strict=False):
        clock.now += took / 1000
    with moment.commit():
        clock.now += commit / 1000
    return left - len(numbers)


def _numbers(count: int = 40_000) -> list[int]:
    return list(range(count))


def test_the_first_transaction_is_a_short_one(clock: Clock) -> None:
    assert _run(Moment(None), clock, _numbers(), pieces=[1] * 99, commit=1) == 1000


def test_a_commit_of_nothing_is_no_obstacle_to_the_next(clock: Clock) -> None:
    moment = Moment(None)
    assert _run(moment, clock, [], pieces=[], commit=1) == 0
    assert _run(moment, clock, _numbers(), pieces=[0.1] * 99, commit=1) >= 1000


def test_a_transaction_has_10000_rows_at_the_most(clock: Clock) -> None:
    moment = Moment(None)
    _run(moment, clock, _numbers(), pieces=[1] * 99, commit=1)
    assert _run(moment, clock, _numbers(), pieces=[0.1] * 99, commit=1) == 10_000


def test_a_transaction_ends_before_its_moment_is_over(clock: Clock) -> None:
    moment = Moment(None)
    _run(moment, clock, _numbers(), pieces=[5] * 99, commit=3)
    # 10 pieces take 50 ms. With another one it were 55, and 16.5 for a commit of 5500 rows.
    assert _run(moment, clock, _numbers(), pieces=[5] * 99, commit=3) == 5000


def test_a_slow_piece_ends_it_sooner(clock: Clock) -> None:
    moment = Moment(None)
    _run(moment, clock, _numbers(), pieces=[5] * 99, commit=3)
    assert _run(moment, clock, _numbers(), pieces=[5, 5, 20, *[5] * 99], commit=3) == 3000


def test_a_slow_commit_makes_the_next_five_transactions_shorter(clock: Clock) -> None:
    moment = Moment(None)
    rows = [
        _run(moment, clock, _numbers(), pieces=[5] * 99, commit=commit)
        for commit in [3, 15, 42, 7, 7, 7, 7, 7, 7]
    ]
    assert rows == [1000, 5000, 5000, 2500, 2500, 2500, 2500, 2500, 5000]


def test_no_transaction_has_less_than_1000_rows_however_slow(clock: Clock) -> None:
    moment = Moment(None)
    _run(moment, clock, _numbers(), pieces=[200] * 99, commit=300)
    assert _run(moment, clock, _numbers(), pieces=[200] * 99, commit=300) == 1000


def test_a_size_that_is_asked_for_is_the_size(clock: Clock) -> None:
    moment, numbers = Moment(7), _numbers(20)
    assert [_run(moment, clock, numbers, pieces=[500], commit=500) for _ in range(3)] == [7, 7, 6]


def test_the_rows_are_taken_from_the_front_and_none_is_left_out(clock: Clock) -> None:
    moment, numbers, taken = Moment(None), _numbers(4321), []
    while numbers:
        taken += [number for piece in moment.pieces(numbers) for number in piece]
        with moment.commit():
            clock.now += 0.001
    assert taken == _numbers(4321)


def test_a_rest_begins_at_the_end_of_a_batch(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    rests = list[float]()
    monkeypatch.setattr(time, "sleep", rests.append)
    pace = Pace(100, 2.0, one_writer=False)
    pace.rest()
    with pace.batch():
        clock.now += 5
    pace.rest()
    assert rests == [2.0]


@pytest.mark.parametrize(("took", "rest"), [(0.01, 0.01), (5.0, 0.03)])
def test_where_one_writes_at_a_time_the_others_get_a_gap_and_no_more(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, took: float, rest: float
) -> None:
    rests = list[float]()
    monkeypatch.setattr(time, "sleep", rests.append)
    pace = Pace(100, None, one_writer=True)
    with pace.batch():
        clock.now += took
    pace.rest()
    assert rests == pytest.approx([rest])


def test_where_all_can_write_there_is_no_rest(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests = list[float]()
    monkeypatch.setattr(time, "sleep", rests.append)
    pace = Pace(100, None, one_writer=False)
    with pace.batch():
        clock.now += 5
    pace.rest()
    with pace.apart():
        clock.now += 5
    pace.rest()
    assert rests == []


def test_what_keeps_others_waiting_has_a_rest_before_it_and_after_it(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests = list[float]()
    monkeypatch.setattr(time, "sleep", rests.append)
    pace = Pace(100, None, one_writer=True)
    with pace.batch():
        clock.now += 0.01
    with pace.apart():
        clock.now += 0.02
    pace.rest()
    assert rests == pytest.approx([0.01, 0.02])


@pytest.mark.parametrize(("took", "rows"), [(0.02, 2000), (0.032, 1250), (5.0, 1000)])
def test_the_next_batch_has_the_rows_that_fit_in_a_moment(
    clock: Clock, took: float, rows: int
) -> None:
    pace = Pace(None, None, one_writer=False)
    with pace.batch():
        clock.now += took
    assert pace.rows == pytest.approx(rows, abs=1)
