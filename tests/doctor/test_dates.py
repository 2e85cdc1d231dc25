"""What the dates say of Django's clock."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from flask_dj_session.doctor import Finding
from flask_dj_session.store import StoredRow

from .conftest import NOW, examine, notes, row_of, wrong

HOUR = timedelta(hours=1)


def off(hours: float, number: int = 10, **row: object) -> list[StoredRow]:
    return [row_of(off=hours * HOUR, ago=n * timedelta(minutes=7), **row) for n in range(number)]  # type: ignore[arg-type]


def mend(findings: list[Finding]) -> str:
    (finding,) = (each for each in findings if each.text.startswith("expire_date is off"))
    return finding.mend


@pytest.mark.parametrize(
    ("hours", "told"),
    [(-5, "-5:00"), (1, "+1:00"), (5.75, "+5:45"), (-3.5, "-3:30"), (14, "+14:00")],
)
def test_dates_that_are_off_by_a_zone_s_offset_are_wrong(hours: float, told: str) -> None:
    (text,) = wrong(examine(off(hours)))
    assert text.startswith(f"expire_date is off by {told} hours in 10 rows, of 10 examined:")
    assert "has another USE_TZ or TIME_ZONE" in text


def test_django_s_default_zone_is_named_where_it_fits() -> None:
    findings = examine(off(-6), TIME_ZONE="UTC")
    assert "at UTC-6:00" in mend(findings)
    assert "'America/Chicago', Django's default, fits" in mend(findings)


def test_the_app_s_own_zone_is_named_where_it_fits() -> None:
    findings = examine(off(1), TIME_ZONE="Europe/Prague")
    assert "set USE_TZ = False" in mend(findings)
    assert "'Europe/Prague', as this app has it, fits" in mend(findings)


def test_an_app_without_use_tz_is_told_that_django_has_it() -> None:
    # Read on Chicago's clock, six hours behind, dates in UTC are late.
    findings = examine(off(6), USE_TZ=False, TIME_ZONE="America/Chicago")
    assert "set USE_TZ = True" in mend(findings)


def test_dates_on_the_site_s_clock_fit_across_the_end_of_summer_time() -> None:
    zone = ZoneInfo("America/Chicago")
    written = datetime(2026, 10, 28, 12, tzinfo=timezone.utc)  # summer ends on 1 November
    row = row_of(ago=NOW - written)
    on_the_wall = written.astimezone(zone).replace(tzinfo=None) + timedelta(days=14)
    rows = [row._replace(expire_date=on_the_wall.replace(tzinfo=zone))] * 5
    findings = examine(rows, USE_TZ=False, TIME_ZONE="America/Chicago")
    assert findings[-1].text == "expire_date fits the times of signing."


def test_rows_from_both_sides_of_a_clock_change_count_together() -> None:
    (text,) = wrong(examine([*off(-5, 6), *off(-6, 5), row_of()]))
    assert text.startswith("expire_date is off by -5:00 hours in 11 rows, of 12 examined")


def test_a_minority_that_is_off_is_a_note() -> None:
    findings = examine([*off(0, 10), *off(-5, 5)])
    assert wrong(findings) == []
    assert notes(findings)[0].startswith("expire_date is off by -5:00 hours in 5 rows, of 15")


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(off(-5, 2), id="two rows"),
        pytest.param([*off(0, 40), *off(-5, 3)], id="less than a tenth"),
        pytest.param(off(0.05), id="three minutes"),
        pytest.param([row_of(off=n * 1.7 * HOUR) for n in range(9)], id="all otherwise"),
    ],
)
def test_dates_that_prove_nothing_are_no_finding(rows: list[StoredRow]) -> None:
    assert examine(rows)[-1].text == "expire_date fits the times of signing."


def test_another_cookie_age_is_a_note_that_tells_the_age() -> None:
    findings = examine(off(-13 * 24))
    assert wrong(findings) == []
    (text,) = notes(findings)
    assert text.startswith("Sessions end 86,400 seconds after they were written, in 10 rows of 10")
    assert "another SESSION_COOKIE_AGE" in text


def test_five_hours_are_an_age_where_sessions_with_their_own_expiry_are_right() -> None:
    own = row_of(data={"_session_expiry": 3600})
    right = own._replace(expire_date=NOW + HOUR)
    findings = examine([*off(5), right])
    assert wrong(findings) == []
    assert notes(findings)[0].startswith("Sessions end 1,227,600 seconds after")


def test_sessions_with_an_expiry_of_their_own_tell_the_clock_too() -> None:
    own = row_of(data={"_session_expiry": 3600})
    (text,) = wrong(examine([own._replace(expire_date=NOW - 4 * HOUR)] * 3))
    assert "off by -5:00 hours in 3 rows" in text
    assert "SESSION_COOKIE_AGE" not in text


@pytest.mark.parametrize("hours", [0, -5])
def test_sessions_that_end_on_a_date_tell_the_clock_too(hours: int) -> None:
    end = NOW + 100 * HOUR
    row = row_of(data={"_session_expiry": end.isoformat()})
    findings = examine([row._replace(expire_date=end + hours * HOUR)] * 3)
    assert bool(wrong(findings)) is bool(hours)


@pytest.mark.parametrize("expiry", ["2026-11-30T00:00:00", "no date", [1], {"a": 1}, 1e300])
def test_an_expiry_that_tells_nothing_of_the_clock_is_passed_over(expiry: object) -> None:
    assert wrong(examine([row_of(data={"_session_expiry": expiry})] * 3)) == []


def test_sessions_until_browser_close_have_the_site_s_age() -> None:
    findings = examine([row_of(data={"_session_expiry": 0})] * 3)
    assert findings[-1].text == "expire_date fits the times of signing."
