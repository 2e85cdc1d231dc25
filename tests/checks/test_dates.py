"""What the dates say of Django's clock."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from flask_dj_session.checks import Finding
from flask_dj_session.store import StoredRow

from .conftest import NOW, examine, notes, row_of, wrong

HOUR = timedelta(hours=1)


def off(hours: float, number: int = 10, **row: object) -> list[StoredRow]:
    return [row_of(off=hours * HOUR, ago=n * timedelta(minutes=7), **row) for n in range(number)]  # type: ignore[arg-type]


def hint(findings: list[Finding]) -> str:
    (finding,) = (each for each in findings if each.text.startswith("expire_date is off"))
    return finding.hint


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
    assert "with UTC-6:00" in hint(findings)
    assert "'America/Chicago', Django's default, fits" in hint(findings)


def test_the_app_s_own_zone_is_named_where_it_fits() -> None:
    findings = examine(off(1), TIME_ZONE="Europe/Prague")
    assert "set USE_TZ = False" in hint(findings)
    assert "'Europe/Prague', which this app has, fits" in hint(findings)


def test_an_app_without_use_tz_is_told_that_django_has_it() -> None:
    # Read on Chicago's clock, six hours behind, dates in UTC are late.
    findings = examine(off(6), USE_TZ=False, TIME_ZONE="America/Chicago")
    assert "set USE_TZ = True" in hint(findings)


def test_dates_on_the_site_s_clock_fit_across_the_end_of_summer_time() -> None:
    zone = ZoneInfo("America/Chicago")
    written = datetime(2026, 10, 28, 12, tzinfo=timezone.utc)  # summer ends on 1 November
    row = row_of(ago=NOW - written)
    on_the_wall = written.astimezone(zone).replace(tzinfo=None) + timedelta(days=14)
    rows = [row._replace(expire_date=on_the_wall.replace(tzinfo=zone))] * 5
    findings = examine(rows, USE_TZ=False, TIME_ZONE="America/Chicago")
    assert findings[-1].text == "expire_date matches the times of signing."


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
    assert examine(rows)[-1].text == "expire_date matches the times of signing."


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
    assert findings[-1].text == "expire_date matches the times of signing."


# What was signed last decides


def ago(rows: list[StoredRow], days: int, hours: float = 0) -> list[StoredRow]:
    """Make the same rows, signed so many days earlier."""
    return [
        row_of(ago=timedelta(days=days, minutes=number), off=hours * HOUR)
        for number, _ in enumerate(rows)
    ]


def advised(findings: list[Finding]) -> str:
    return " ".join(each.hint for each in findings if "expire" in each.text)


@pytest.mark.parametrize(("old", "new"), [(70, 30), (7, 3), (900, 40)])
def test_a_site_that_has_switched_is_not_told_to_switch_back(old: int, new: int) -> None:
    findings = examine([*ago([row_of()] * old, 5, hours=-6), *off(0, new)])
    assert wrong(findings) == []
    (note,) = notes(findings)
    assert note.startswith(f"expire_date is off by -6:00 hours in {old} rows, of {old + new}")
    assert note.endswith("had another USE_TZ or TIME_ZONE. The rows signed since then match.")
    assert "set USE_TZ" not in advised(findings)
    assert "you do not need to do anything" in advised(findings)


@pytest.mark.parametrize(("old", "new"), [(70, 30), (7, 3), (970, 30)])
def test_an_app_that_has_not_switched_with_django_is_told_so(old: int, new: int) -> None:
    findings = examine([*ago([row_of()] * old, 5), *off(-6, new)])
    (text,) = wrong(findings)
    assert text.startswith(f"expire_date is off by -6:00 hours in {new} rows, of {old + new:,}")
    assert "set USE_TZ = False" in hint(findings)


def test_the_order_of_the_keys_is_no_matter() -> None:
    rows = [*ago([row_of()] * 70, 5, hours=-6), *off(0, 30)]
    assert examine(rows) == examine(rows[::-1]) == examine(rows[::2] + rows[1::2])


def test_an_age_of_former_days_is_nothing_to_tell() -> None:
    findings = examine([*ago([row_of()] * 70, 5, hours=-24), *off(0, 30)])
    assert {each.level for each in findings} == {"ok"}


def test_no_advice_is_given_without_a_condition() -> None:
    for rows in (off(-6), off(1), off(-13 * 24)):
        hints = [each.hint for each in examine(rows) if each.hint]
        assert hints
        assert all(" if " in each for each in hints)


# Rows that end before they were signed

BACKWARDS = -14 * 24 + 1 - 5  # an age of an hour, on a clock that is five hours behind


@pytest.mark.parametrize("number", [1, 2, 5])
def test_rows_that_end_before_they_were_signed_are_wrong(number: int) -> None:
    findings = examine(off(BACKWARDS, number))
    (text,) = wrong(findings)
    assert "before" in text
    assert "the newest 4:00 hours before" in text
    assert "SESSION_COOKIE_AGE alone cannot explain that" in text
    assert "Compare USE_TZ, TIME_ZONE and SESSION_COOKIE_AGE" in str(findings)
    assert "clearsessions" not in str(findings)


def test_one_such_row_among_others_is_a_note() -> None:
    findings = examine([*off(0), row_of(ago=24 * HOUR, off=BACKWARDS * HOUR)])
    assert wrong(findings) == []
    assert notes(findings)[0].startswith("1 row ends before it was signed")


def test_a_session_may_ask_for_an_end_before_its_writing() -> None:
    own = row_of(data={"_session_expiry": -3600})
    findings = examine([own._replace(expire_date=NOW - HOUR)] * 3)
    assert wrong(findings) == []
    assert "before" not in str(notes(findings)[:-1])


def test_with_the_same_age_the_offset_is_told_instead() -> None:
    (text,) = wrong(examine(off(BACKWARDS), SESSION_COOKIE_AGE=3600))
    assert text.startswith("expire_date is off by -5:00 hours in 10 rows")


def test_another_age_may_hide_another_clock() -> None:
    (text, *_) = notes(examine(off(-13 * 24 - 5)))  # an age of a day, five hours behind
    assert "in 10 rows of 10: the program" in text
    assert "another SESSION_COOKIE_AGE, and perhaps another USE_TZ or TIME_ZONE besides" in text


def test_an_age_is_told_in_days_too() -> None:
    (text, *_) = notes(examine(off(16 * 24 + 1)))
    assert "(that is 30 days and 1:00 hours)" in text
