"""The plots of sessions by day and by size."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flask_dj_session.inspector import plots
from flask_dj_session.store import Outline

from ..conftest import NOW


def _ending(*days: int) -> list[Outline]:
    return [Outline(NOW + timedelta(days=day), 100) for day in days]


def _counts(plot: plots.Plot) -> dict[str, int]:
    return {bar.label: bar.number for bar in plot.bars if bar.number}


def test_sessions_are_counted_by_day() -> None:
    plot = plots.by_day(_ending(0, 0, 2), NOW)
    assert [(bar.label, bar.number) for bar in plot.bars] == [
        ("2026-11-23", 2),
        ("2026-11-24", 0),
        ("2026-11-25", 1),
    ]


def test_days_that_are_over_are_told_apart() -> None:
    bars = plots.by_day(_ending(-1, 0, 1), NOW).bars
    assert [bar.is_over for bar in bars] == [True, False, False]


@pytest.mark.parametrize("last", [35, 36, 100, 400, 3000])
def test_days_far_apart_share_bars(last: int) -> None:
    bars = plots.by_day(_ending(0, last), NOW).bars
    assert len(bars) <= 38
    assert sum(bar.number for bar in bars) == 2


def test_what_is_far_off_is_one_bar_at_the_end() -> None:
    plot = plots.by_day(_ending(-3000, *[0] * 100, *[1] * 100, 90000), NOW)
    assert _counts(plot) == {
        "before 2026-11-23": 1,
        "2026-11-23": 100,
        "2026-11-24": 100,
        "after 2026-11-24": 1,
    }


def test_the_first_and_the_last_possible_date_fit_into_a_plot() -> None:
    far = [Outline(NOW.replace(year=year), 1) for year in (1, 9999)]
    plot = plots.by_day(far, NOW)
    assert sum(bar.number for bar in plot.bars) == 2
    assert len(plot.bars) <= 38


def test_rows_without_a_date_are_a_bar_of_their_own() -> None:
    assert _counts(plots.by_day([Outline(None, 1)], NOW)) == {"no date": 1}


def test_sessions_are_counted_by_size() -> None:
    sizes = [0, 1, 64, 65, 128, 300, 2**20, 2**20 + 1, 2**31]
    counts = _counts(plots.by_size([Outline(None, size) for size in sizes]))
    assert counts == {
        "up to 64": 3,
        "65 to 128": 2,
        "257 to 512": 1,
        "524,289 to 1,048,576": 1,
        "more than 1,048,576": 2,
    }


def test_a_drawing_has_a_bar_and_a_title_for_each() -> None:
    drawn = plots.drawing(plots.by_day(_ending(0, 0, 2), NOW))
    assert drawn.count("<rect") == 3
    assert "<title>2026-11-23: 2</title>" in drawn
    assert 'aria-label="Sessions by day of expiry: most, 2, at 2026-11-23."' in drawn
