"""When all rows are compared: each time where that is quick, and now and then where it is not."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from .conftest import Keys, Put


@pytest.fixture
def _quick() -> None:
    """Let what is quick be what it is."""


@pytest.mark.parametrize(
    ("seconds", "found"), [(0.0, ["a", "b"]), (0.02, ["a", "b"]), (0.1, ["a"]), (9.0, ["a"])]
)
def test_all_rows_are_compared_each_time_where_that_takes_no_noticeable_time(
    put: Put, keys: Keys, monkeypatch: pytest.MonkeyPatch, seconds: float, found: list[str]
) -> None:
    times = [0.0]

    def later() -> float:
        times.append(times[-1] + seconds)
        return times[-1]

    clock = SimpleNamespace(monotonic=later)
    monkeypatch.setattr("flask_dj_session.index.looking.time", clock)
    put("a", user="7")
    assert keys("7") == ["a"]
    put("b", user="7", ago=1, age=4321, _session_expiry=4321)
    assert keys("7") == found
