"""The plots of sessions by day and by size."""

from __future__ import annotations

import re
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
    assert bars[0] == plots.Bar("2026-11-23 to 2027-11-21", 1, short="2026-11")
    assert bars[-1] == plots.Bar("after 2062-10-09", 2, short="after")


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
    assert bars[label] == plots.Bar(label, 1, is_over, label.split()[0])


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
    assert plots.by_day([Outline(None, 1)] * 3, NOW).bars == [plots.Bar("no date", 3, True, "none")]
    bars = plots.by_day([*_ending(1), Outline(None, 1)], NOW).bars
    assert bars[-1] == plots.Bar("no date", 1, True, "none")


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
        plots.Bar("129 to 256", 1, short="256"),
        plots.Bar("257 to 512", 0, short="512"),
        plots.Bar("513 to 1,024", 0, short="1k"),
        plots.Bar("1,025 to 2,048", 1, short="2k"),
    ]


def test_the_largest_sizes_have_short_names() -> None:
    bars = plots.by_size([Outline(None, size) for size in (2**19, 2**31)]).bars
    assert [bar.short for bar in bars] == ["512k", "1M", "more"]
    assert plots.by_size([Outline(None, 1)]).bars[0].short == "64"


@pytest.mark.parametrize(
    ("last", "short"), [(35, "11-23"), (504, "11-23"), (1008, "2026-11"), (13104, "2026-11")]
)
def test_a_bar_of_days_has_its_day_or_its_month_under_it(last: int, short: str) -> None:
    assert plots.by_day(_ending(0, last), NOW).bars[0].short == short


def test_a_drawing_has_a_scale_bars_with_titles_and_what_is_under_them() -> None:
    drawn = plots.drawing(plots.by_day(_ending(-1, 0, 0, 2), NOW))
    assert drawn == (
        '<svg width="100%" height="182" role="img"'
        ' aria-label="Sessions by day of expiry: most, 2, at 2026-11-23.">'
        '<line class="grid" x1="11.0%" x2="99.0%" y1="158.0" y2="158.0"/>'
        '<text class="scale" x="9.5%" y="158.0" dy="0.32em">0</text>'
        '<line class="grid" x1="11.0%" x2="99.0%" y1="83.0" y2="83.0"/>'
        '<text class="scale" x="9.5%" y="83.0" dy="0.32em">1</text>'
        '<line class="grid" x1="11.0%" x2="99.0%" y1="8.0" y2="8.0"/>'
        '<text class="scale" x="9.5%" y="8.0" dy="0.32em">2</text>'
        '<rect class="over" x="11.66%" y="83.0" width="9.68%" height="75.0" rx="2">'
        "<title>2026-11-22: 1</title></rect>"
        '<rect class="ahead" x="22.66%" y="8.0" width="9.68%" height="150.0" rx="2">'
        "<title>2026-11-23: 2</title></rect>"
        '<rect class="ahead" x="33.66%" y="158.0" width="9.68%" height="0.0" rx="2">'
        "<title>2026-11-24: 0</title></rect>"
        '<rect class="ahead" x="44.66%" y="83.0" width="9.68%" height="75.0" rx="2">'
        "<title>2026-11-25: 1</title></rect>"
        '<text class="under" x="16.50%" y="175">11-22</text>'
        '<text class="under spare" x="27.50%" y="175">11-23</text>'
        '<text class="under" x="38.50%" y="175">11-24</text>'
        '<text class="under spare" x="49.50%" y="175">11-25</text></svg>'
    )


def _texts(drawn: str, kind: str) -> list[str]:
    return re.findall(rf'<text class="{kind}[^>]*>([^<]*)<', drawn)


def _of(*numbers: int, short: str = "11-23") -> plots.Plot:
    return plots.Plot("T", "b", [plots.Bar("x", number, short=short) for number in numbers])


@pytest.mark.parametrize(
    ("highest", "scale"),
    [
        (0, ["0", "1"]),
        (1, ["0", "1"]),
        (4, ["0", "1", "2", "3", "4"]),
        (5, ["0", "2", "4", "6"]),
        (9, ["0", "5", "10"]),
        (40, ["0", "10", "20", "30", "40"]),
        (41, ["0", "20", "40", "60"]),
        (2000, ["0", "500", "1,000", "1,500", "2,000"]),
    ],
)
def test_the_scale_has_round_numbers(highest: int, scale: list[str]) -> None:
    assert _texts(plots.drawing(_of(highest)), "scale") == scale


@pytest.mark.parametrize(
    ("bars", "short", "all_of_them", "on_a_phone"),
    [
        (1, "11-23", 1, 1),
        (8, "11-23", 8, 4),
        (9, "11-23", 5, 5),
        (36, "before", 8, 4),
        (36, "2026-11", 5, 5),
        (38, "2026-11", 5, 5),
    ],
)
def test_there_is_room_for_what_is_under_the_bars(
    bars: int, short: str, all_of_them: int, on_a_phone: int
) -> None:
    drawn = plots.drawing(_of(*[1] * bars, short=short))
    assert len(_texts(drawn, "under")) == all_of_them
    assert len(_texts(drawn, 'under"')) == on_a_phone


def test_a_small_number_is_still_to_be_seen_beside_a_large_one() -> None:
    assert 'x="22.66%" y="156.0" width="9.68%" height="2.0"' in plots.drawing(_of(1000, 1))


def test_many_bars_share_the_width() -> None:
    assert 'x="89.81%" y="8.0" width="8.60%"' in plots.drawing(_of(*[1] * 9))


def test_a_drawing_of_nothing_has_its_title_and_an_empty_scale() -> None:
    drawn = plots.drawing(plots.Plot("<T>", "b", []))
    assert 'aria-label="&lt;T&gt;"' in drawn
    assert _texts(drawn, "scale") == ["0", "1"]
    assert "<rect" not in drawn
    assert plots.drawing(plots.Plot("T", "b", [plots.Bar("<b>", 0)])).count("&lt;b&gt;") == 2
