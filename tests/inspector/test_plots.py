"""The plots of sessions by day and by size."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

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


@pytest.mark.parametrize(
    ("last", "number", "first_bar", "last_bar"),
    [
        (35, 36, "2026-11-23", "2026-12-28"),
        (36, 19, "2026-11-23 to 2026-11-24", "2026-12-29 to 2026-12-30"),
        (71, 36, "2026-11-23 to 2026-11-24", "2027-02-01 to 2027-02-02"),
        (72, 11, "2026-11-23 to 2026-11-29", "2027-02-01 to 2027-02-07"),
        (251, 36, "2026-11-23 to 2026-11-29", "2027-07-26 to 2027-08-01"),
        (252, 19, "2026-11-23 to 2026-12-06", "2027-08-02 to 2027-08-15"),
        (504, 19, "2026-11-23 to 2026-12-20", "2028-04-10 to 2028-05-07"),
        (1008, 12, "2026-11-23 to 2027-02-21", "2029-08-20 to 2029-11-18"),
        (3276, 10, "2026-11-23 to 2027-11-21", "2035-11-12 to 2036-11-09"),
        (13104, 37, "2026-11-23 to 2027-11-21", "2062-10-09 to 2063-10-07"),
    ],
)
def test_days_far_apart_share_bars(last: int, number: int, first_bar: str, last_bar: str) -> None:
    bars = plots.by_day(_ending(0, last), NOW).bars
    assert (len(bars), bars[0].label, bars[-1].label) == (number, first_bar, last_bar)
    assert [bar.number for bar in bars] == [1, *[0] * (number - 2), 1]


def test_what_is_too_far_for_all_bars_is_one_at_the_end() -> None:
    bars = plots.by_day(_ending(0, 13105, 90000), NOW).bars
    assert len(bars) == 38
    assert bars[0] == ("2026-11-23 to 2027-11-21", 1, False)
    assert bars[-1] == ("after 2062-10-09", 2, False)


def test_several_days_in_a_bar_are_over_when_the_last_of_them_is() -> None:
    bars = plots.by_day(_ending(-39, 0), NOW).bars
    assert [bar.is_over for bar in bars] == [True] * 19 + [False]
    today = NOW + timedelta(days=1)
    assert plots.by_day(_ending(-39, 0), today).bars[-1].is_over


@pytest.mark.parametrize(
    ("days", "label", "is_over"),
    [
        ([-3, *[0] * 150], "before 2026-11-23", True),
        ([-3, *[1] * 150], "before 2026-11-24", False),
        ([*[-9] * 150, -2], "after 2026-11-14", True),
        ([*[-9] * 150, 0], "after 2026-11-14", False),
    ],
)
def test_the_ends_are_over_when_all_in_them_is(days: list[int], label: str, is_over: bool) -> None:
    bars = {bar.label: bar for bar in plots.by_day(_ending(*days), NOW).bars}
    assert bars[label] == (label, 1, is_over)


@pytest.mark.parametrize(("number", "has_ends"), [(98, False), (99, True)])
def test_a_hundredth_at_either_end_may_be_far_off(number: int, has_ends: bool) -> None:
    bars = plots.by_day(_ending(-50, *[0] * number), NOW).bars
    assert (bars[0].label == "before 2026-11-23") is has_ends


def test_days_are_those_of_utc() -> None:
    moment = datetime(2026, 11, 23, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert _counts(plots.by_day([Outline(moment, 1)], moment)) == {"2026-11-24": 1}
    assert not plots.by_day([Outline(moment, 1)], moment).bars[0].is_over


def test_a_plot_says_what_it_shows() -> None:
    day, size = plots.by_day(_ending(0), NOW), plots.by_size(_ending(0))
    assert (day.title, day.by) == ("Sessions by day of expiry", "Day (UTC)")
    assert (size.title, size.by) == ("Sessions by size", "Characters")
    assert plots.by_day([], NOW).bars == []


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
    assert plots.by_day([Outline(None, 1)] * 3, NOW).bars == [("no date", 3, True)]
    assert plots.by_day([*_ending(1), Outline(None, 1)], NOW).bars[-1] == ("no date", 1, True)


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


def test_each_size_between_the_smallest_and_the_largest_has_a_bar() -> None:
    bars = plots.by_size([Outline(None, size) for size in (129, 1025)]).bars
    assert bars == [
        ("129 to 256", 1, False),
        ("257 to 512", 0, False),
        ("513 to 1,024", 0, False),
        ("1,025 to 2,048", 1, False),
    ]


def test_a_drawing_has_a_bar_and_a_title_for_each() -> None:
    drawn = plots.drawing(plots.by_day(_ending(-1, 0, 0, 2), NOW))
    assert drawn == (
        '<svg viewBox="0 0 640 150" role="img"'
        ' aria-label="Sessions by day of expiry: most, 2, at 2026-11-23."'
        ' preserveAspectRatio="none">'
        '<rect class="over" x="0.0" y="75.0" width="77.0" height="75.0" rx="2">'
        "<title>2026-11-22: 1</title></rect>"
        '<rect class="ahead" x="80.0" y="0.0" width="77.0" height="150.0" rx="2">'
        "<title>2026-11-23: 2</title></rect>"
        '<rect class="ahead" x="160.0" y="150.0" width="77.0" height="0.0" rx="2">'
        "<title>2026-11-24: 0</title></rect>"
        '<rect class="ahead" x="240.0" y="75.0" width="77.0" height="75.0" rx="2">'
        "<title>2026-11-25: 1</title></rect></svg>"
    )


def test_a_small_number_is_still_to_be_seen_beside_a_large_one() -> None:
    plot = plots.Plot("T", "b", [plots.Bar("many", 1000), plots.Bar("one", 1)])
    assert 'x="80.0" y="148.0" width="77.0" height="2.0"' in plots.drawing(plot)


def test_many_bars_share_the_width() -> None:
    plot = plots.Plot("T", "b", [plots.Bar("x", 1)] * 9)
    assert 'x="568.9" y="0.0" width="68.1"' in plots.drawing(plot)


def test_a_drawing_of_nothing_has_its_title_alone() -> None:
    drawn = plots.drawing(plots.Plot("<T>", "b", []))
    assert 'aria-label="&lt;T&gt;"' in drawn
    assert drawn.endswith('preserveAspectRatio="none"></svg>')
    assert plots.drawing(plots.Plot("T", "b", [plots.Bar("<b>", 0)])).count("&lt;b&gt;") == 2
