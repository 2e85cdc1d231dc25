"""Whether the clock here can be trusted, and what is said of expired rows where it cannot."""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from flask_dj_session.checks import Examination, Finding
from flask_dj_session.checks.clock import Clock
from flask_dj_session.settings import prepare
from flask_dj_session.store import StoredRow

from .conftest import NOW, examine, notes, row_of, wrong

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
FAST = timedelta(days=30)


def visits(hours: Iterable[float], **row: Any) -> list[StoredRow]:
    """Make a row that was signed so many hours ago, for each."""
    return [row_of(ago=hour * HOUR, **row) for hour in hours]


def steady(hours: Iterable[int]) -> list[StoredRow]:
    """Make rows that were signed all the time in these hours, so many ago."""
    return visits(hour + quarter / 4 for hour in hours for quarter in range(4))


def brief(hours: Iterable[int], lives: int = 1) -> list[StoredRow]:
    """Make the same of sessions that live for some hours."""
    data = {"_session_expiry": lives * 3600}
    return [row_of(ago=hour * HOUR, data=data, off=lives * HOUR - 14 * DAY) for hour in hours]


def by_clock(
    rows: Iterable[StoredRow],
    now: datetime,
    database_now: datetime | None = None,
    **config: Any,
) -> list[Finding]:
    """Let the doctor see *rows* by the clock of another time."""
    settings = prepare({"SECRET_KEY": "the key", **config}, {})
    examination = Examination(settings, now=now, database_now=database_now)
    examination.add(rows)
    return examination.findings()


def advice(findings: Iterable[Finding]) -> str:
    """Return what is to be done about expired rows."""
    (finding,) = (each for each in findings if "expired" in each.text and each.hint)
    return finding.hint


# A clock in order


def test_rows_that_ended_while_others_were_signed_may_be_cleared() -> None:
    findings = examine([*steady(range(48)), *brief(range(2, 24))])
    assert wrong(findings) == []
    assert advice(findings) == "Run 'flask clearsessions' from time to time."


def test_a_night_without_visits_hides_a_jump_of_the_clock_by_no_more_than_that() -> None:
    by_day = steady(hour for hour in range(24 * 13) if hour % 24 < 14)
    assert (
        advice(examine([*by_day, *brief([300])])) == "Run 'flask clearsessions' from time to time."
    )
    # It may have been put on by as much as the last night.
    doubtful = brief([26], lives=20)
    assert "do not confirm it. Compare" in advice(examine([*by_day, *doubtful]))
    some = advice(examine([*by_day, *brief([300]), *doubtful]))
    assert "do not confirm it for 1 of them. Compare" in some


def test_the_clock_is_told_where_the_rows_do_not_show_it() -> None:
    findings = examine([*steady(range(48)), *visits([24 * 14 + 1, 24 * 20])])
    assert notes(findings) == ["2 rows have expired."]
    assert advice(findings).startswith("That is so by the clock here, which says 2026-11-23 12:00")
    assert "clearsessions" not in str(findings)


def test_the_old_form_vouches_for_no_clock() -> None:
    findings = examine([*steady(range(9)), *visits([24 * 15], algorithm="sha1")])
    assert "clearsessions" not in str(findings)


# A clock here that is fast


def test_a_fast_clock_does_not_lead_to_a_clearing_of_the_whole_site() -> None:
    findings = by_clock(visits(range(30)), NOW + FAST)
    assert "clearsessions" not in str(findings)
    assert notes(findings)[0].startswith(
        "No row was signed since 2026-11-23 12:00 UTC: either no visitor came, or the clock"
        " here is fast. It says 2026-12-23 12:00 UTC"
    )
    assert "30 rows have expired" in notes(findings)[1]


def test_nor_does_it_after_the_app_itself_has_signed_by_that_clock() -> None:
    own = [row._replace(expire_date=NOW + FAST + 14 * DAY) for row in visits([-24 * 30 + 1] * 9)]
    findings = by_clock([*visits(range(30)), *own], NOW + FAST)
    assert "clearsessions" not in str(findings)
    assert "or the clock here was put forward" in notes(findings)[0]


@pytest.mark.slow
@pytest.mark.parametrize("fast", [HOUR, 3 * HOUR, 12 * HOUR, 13 * DAY, 900 * DAY])
@pytest.mark.parametrize("lives", [2700, 3600, 14 * 24 * 3600])
def test_nor_does_one_that_is_more_or_less_fast(fast: timedelta, lives: int) -> None:
    off = timedelta(seconds=lives) - 14 * DAY
    rows = [row_of(ago=timedelta(minutes=n), off=off) for n in range(0, 20 * 24 * 60, 30)]
    findings = by_clock(rows, NOW + fast, SESSION_COOKIE_AGE=lives)
    assert "clearsessions" not in str(findings)


def test_a_site_that_was_never_cleared_is_told_to_clear() -> None:
    rows = [row_of(ago=timedelta(minutes=n)) for n in range(0, 60 * 24 * 60, 30)]
    assert advice(examine(rows)) == "Run 'flask clearsessions' from time to time."
    old = [row_of(ago=n * DAY) for n in (800, 900, 3000, 9000)]
    assert advice(examine([*rows, *old])) == "Run 'flask clearsessions' from time to time."


def test_the_clock_of_the_database_tells_a_fast_one() -> None:
    findings = by_clock(visits(range(30)), NOW + FAST, database_now=NOW)
    (text,) = wrong(findings)
    assert text.startswith(
        "The clock here says 2026-12-23 12:00 UTC, and the database's clock says 2026-11-23"
        " 12:00 UTC: 30 rows that have expired by the clock here"
    )
    assert "clearsessions" not in str(findings)


def test_another_clock_of_the_database_is_a_note_where_no_row_depends_on_it() -> None:
    findings = by_clock(visits(range(30)), NOW, database_now=NOW - DAY)
    assert wrong(findings) == []
    assert notes(findings)[0].startswith(
        "The clock here says 2026-11-23 12:00 UTC, and the database's"
    )


def test_some_minutes_between_two_clocks_are_nothing_to_tell() -> None:
    findings = by_clock(visits(range(30)), NOW, database_now=NOW + timedelta(minutes=4))
    assert {each.level for each in findings} == {"ok"}


# A clock here that is slow


def test_a_slow_clock_is_told_by_signatures_of_the_future() -> None:
    findings = by_clock(visits(range(30)), NOW - 2 * HOUR)
    (text,) = wrong(findings)
    assert text == (
        "2 rows were signed later than now, the last at 2026-11-23 12:00 UTC: the clock here, at"
        " 2026-11-23 10:00 UTC, is slow, or the clock of the machine that signed is"
        " fast."
    )


def test_a_forged_time_is_no_signature_of_the_future() -> None:
    forged = row_of(key="another", ago=-300 * DAY)
    assert "later than now" not in str(examine([*steady(range(9)), forged]))


# Another zone


def test_a_clock_of_another_zone_comes_before_the_rows_that_seem_expired() -> None:
    rows = visits(range(5), off=HOUR - 14 * DAY - 6 * HOUR)
    findings = examine(rows, SESSION_COOKIE_AGE=3600)
    texts = [each.text for each in findings if each.level != "ok"]
    assert texts[0].startswith("expire_date is off by -6:00 hours in 5 rows")
    assert texts[1] == "5 rows have expired, if this app reads the dates and the clock correctly."
    assert "clearsessions" not in str(findings)


def test_with_a_wrong_key_nothing_is_known_of_the_zone() -> None:
    findings = examine([*steady(range(48)), *brief(range(2, 24))], SECRET_KEY="another")
    assert "clearsessions" not in str(findings)


def test_nor_of_the_rows_of_another_key_beside_some_of_the_app_s_own() -> None:
    theirs = visits(range(9), key="Django's", off=HOUR - 14 * DAY - 6 * HOUR)
    findings = examine([*theirs, *steady(range(48))])
    assert "9 rows have expired." in notes(findings)
    assert "clearsessions" not in str(findings)


def test_what_is_known_of_the_clock_does_not_grow_with_the_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("flask_dj_session.checks.clock.REMEMBERED", 10)
    clock, sizes = Clock(NOW), []
    for number in range(500):
        clock.add_expired(None, NOW - number * HOUR)
        sizes.append(len(pickle.dumps(clock)))
    assert sizes[4] < sizes[9]
    assert sizes[499] < sizes[20] + 10  # a counter may have another byte
    assert clock.doubtful()[0] == 500  # what is not remembered is in doubt
