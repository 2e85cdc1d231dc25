"""Rows that an app has let last longer than they were signed for, and what looks like them."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from flask_dj_session.store import StoredRow

from .conftest import AGE, NOW, examine, notes, row_of, wrong

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def touched(hours_ago: float, hours_later: float) -> StoredRow:
    """Make a row that was signed so long ago, and moved by a visit so much later."""
    return row_of(ago=hours_ago * HOUR, off=hours_later * HOUR)


def dates(rows: list[StoredRow], **config: object) -> str:
    """Return what is said of the dates."""
    (finding,) = (each for each in examine(rows, **config) if "expire_date" in each.text)
    return f"{finding.level}: {finding.text}"


MATCHES = "ok: expire_date matches the times of signing"


def test_rows_that_were_moved_are_told_and_are_no_other_clock() -> None:
    rows = [touched(n, n / 2 + 0.25) for n in range(1, 40)]
    assert dates([*rows, row_of()]) == (
        f"{MATCHES}; 39 rows end later, as where an app has SESSION_TOUCH_AFTER."
    )


@pytest.mark.parametrize("seed", range(20))
def test_whatever_visitors_do_it_is_no_other_clock(seed: int) -> None:
    random = Random(seed)
    rows = []
    for _ in range(random.choice([3, 10, 30, 200])):
        ago = random.uniform(0, 24 * 13)
        later = random.choice([0, 0, random.uniform(0, ago), int(ago), min(1, ago)])
        rows.append(touched(ago, later))
    findings = examine(rows)
    assert wrong(findings) == []
    assert "another USE_TZ or TIME_ZONE" not in str(findings)


def test_a_page_that_asks_by_itself_moves_rows_by_whole_hours() -> None:
    # SESSION_TOUCH_AFTER = 3600, and a script that asks every few seconds as long as a tab is open.
    rows = [touched(n + 0.01, n) for n in (1, 1, 1, 2, 2, 3, 4, 5, 8)]
    assert wrong(examine([*rows, row_of(), row_of(ago=HOUR)])) == []


def test_rows_signed_just_now_still_tell_another_clock() -> None:
    rows = [row_of(ago=n * 7 * MINUTE, off=2 * HOUR) for n in range(10)]
    (text,) = wrong(examine([*rows, *(touched(100, n) for n in range(1, 9))]))
    assert text.startswith("expire_date is off by +2:00 hours in 10 rows, of 10 examined")


def test_a_clock_that_is_behind_is_told_whatever_was_moved() -> None:
    rows = [row_of(ago=n * HOUR, off=-5 * HOUR) for n in range(10)]
    (text,) = wrong(examine([*rows, *(touched(100, n) for n in range(1, 9))]))
    assert text.startswith("expire_date is off by -5:00 hours in 10 rows, of 10 examined")


def test_on_a_site_without_visitors_rows_that_are_all_late_alike_tell_another_clock() -> None:
    rows = [row_of(ago=(50 + n) * HOUR, off=2 * HOUR) for n in range(10)]
    (text,) = wrong(examine(rows))
    assert text.startswith("expire_date is off by +2:00 hours in 10 rows, of 10 examined")


def test_a_few_rows_that_are_all_late_are_a_note_with_both_reasons() -> None:
    rows = [row_of(ago=(50 + n) * HOUR, off=2 * HOUR) for n in range(9)]
    findings = examine(rows)
    assert wrong(findings) == []
    (text,) = (each for each in notes(findings) if "later" in each)
    assert text.startswith("9 rows end later than their time of signing says: an app with SESSION_")
    assert "another USE_TZ, TIME_ZONE or SESSION_COOKIE_AGE" in text


def test_they_are_no_wonder_to_an_app_that_moves_rows() -> None:
    rows = [touched(50, n) for n in range(1, 9)]
    assert dates(rows, SESSION_TOUCH_AFTER=3600).startswith(f"{MATCHES}; 8 rows end later")


def test_a_fixed_date_is_moved_by_nobody() -> None:
    end = NOW + 100 * HOUR
    row = row_of(ago=90 * HOUR, data={"_session_expiry": end.isoformat()})
    late = row._replace(expire_date=end + 3 * HOUR)
    assert "off by +3:00 hours in 3 rows" in str(wrong(examine([late] * 3)))


def test_seconds_of_the_session_s_own_are_moved_as_well() -> None:
    row = row_of(ago=30 * HOUR, data={"_session_expiry": 36_000})
    rows = [row._replace(expire_date=NOW + (10 - n) * HOUR) for n in range(6)]
    assert dates([*rows, row_of()]).startswith(f"{MATCHES}; 6 rows end later")


def test_moved_rows_of_the_legacy_format_do_not_look_like_the_newest() -> None:
    legacy = row_of(ago=300 * HOUR, algorithm="sha1")
    rows = [legacy._replace(expire_date=NOW + AGE), row_of(ago=HOUR), touched(40, 20)]
    findings = examine(rows)
    assert wrong(findings) == []
    assert "1 row is in the legacy format" in str(notes(findings))
