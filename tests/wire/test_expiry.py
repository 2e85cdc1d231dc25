"""When a session ends."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from flask_dj_session.wire.expiry import (
    Expiry,
    date_after,
    fixed_date,
    seconds_between,
    to_site_time,
)

CHICAGO = ZoneInfo("America/Chicago")
PRAGUE = ZoneInfo("Europe/Prague")
NOW = datetime(2026, 11, 23, 12, 30, 15, 123456, tzinfo=timezone.utc)
NAIVE = datetime(2026, 11, 23, 6, 30, 15, 123456)


def test_an_aware_moment_stays_what_it_is_on_a_site_with_time_zones() -> None:
    assert to_site_time(NOW, None, CHICAGO) is NOW


def test_a_naive_moment_is_meant_in_the_sites_zone_on_a_site_with_time_zones() -> None:
    assert to_site_time(NAIVE, None, CHICAGO) == NOW


def test_an_aware_moment_is_on_the_sites_wall_clock_on_a_site_without() -> None:
    assert to_site_time(NOW, CHICAGO, CHICAGO) == NAIVE


def test_a_naive_moment_stays_what_it_is_on_a_site_without() -> None:
    assert to_site_time(NAIVE, CHICAGO, PRAGUE) is NAIVE


def test_an_hour_that_a_clock_change_repeats_is_told_once() -> None:
    first = datetime(2026, 11, 1, 6, 30, tzinfo=timezone.utc)
    second = first + timedelta(hours=1)
    wall_clock = datetime(2026, 11, 1, 1, 30)
    assert to_site_time(first, CHICAGO, CHICAGO) == wall_clock
    assert to_site_time(second, CHICAGO, CHICAGO) == wall_clock


@pytest.mark.parametrize(
    ("expiry", "date"),
    [
        (NOW, NOW),
        (NAIVE, NAIVE),
        ("2026-11-23T12:30:15.123456+00:00", NOW),
        ("2026-11-23T06:30:15.123456", NAIVE),
        ("2026-11-23T06:30:15.123456-06:00", NOW),
    ],
)
def test_a_date_or_its_text_is_a_fixed_date(expiry: Expiry, date: datetime) -> None:
    assert fixed_date(expiry) == date


@pytest.mark.parametrize("expiry", [None, 0, 300, -1, 0.5, ""])
def test_seconds_and_nothing_are_no_fixed_date(expiry: Expiry) -> None:
    assert fixed_date(expiry) is None


@pytest.mark.parametrize("expiry", ["tomorrow", "2026-13-01T00:00:00", "300"])
def test_a_text_that_is_no_date_is_refused(expiry: str) -> None:
    with pytest.raises(ValueError, match=r"isoformat|month"):
        fixed_date(expiry)


@pytest.mark.parametrize(
    ("delta", "seconds"),
    [
        (timedelta(0), 0),
        (timedelta(seconds=300), 300),
        (timedelta(seconds=300, microseconds=999999), 300),
        (timedelta(days=14), 1209600),
        (timedelta(seconds=-1), -1),
        (timedelta(microseconds=-1), -1),
        (timedelta(days=-2, seconds=5), -172795),
    ],
)
def test_seconds_are_whole_and_rounded_down(delta: timedelta, seconds: int) -> None:
    assert seconds_between(NOW, NOW + delta) == seconds
    assert seconds_between(NAIVE, NAIVE + delta) == seconds


def test_seconds_between_dates_in_two_zones_are_real_ones() -> None:
    assert seconds_between(NOW, NOW.astimezone(PRAGUE) + timedelta(minutes=5)) == 300


@pytest.mark.parametrize("seconds", [0, 1, 0.5, -60, 1209600])
def test_a_date_after_seconds_keeps_its_kind(seconds: float) -> None:
    assert date_after(NOW, seconds) == NOW + timedelta(seconds=seconds)
    assert date_after(NAIVE, seconds) == NAIVE + timedelta(seconds=seconds)
