"""Who signed the rows."""

from __future__ import annotations

from datetime import timedelta

from flask_dj_session.store import StoredRow

from .conftest import examine, notes, row_of, wrong

DAY = timedelta(days=1)


def test_healthy_rows_have_nothing_wrong(rows: list[StoredRow]) -> None:
    findings = examine(rows)
    assert {finding.level for finding in findings} == {"ok"}
    assert "10 rows were signed with SECRET_KEY." in [finding.text for finding in findings]


def test_an_empty_table_has_nothing_wrong() -> None:
    assert [finding.level for finding in examine([])] == ["ok"]


def test_rows_that_another_key_signed_mean_another_secret_key(rows: list[StoredRow]) -> None:
    (text,) = wrong(examine(rows, SECRET_KEY="another"))
    assert text.startswith("10 rows were signed with another key")
    assert "SECRET_KEY differs from Django's" in text


def test_rows_of_a_fallback_are_noted_by_its_index() -> None:
    rows = [row_of(), row_of(key="old"), row_of(key="older"), row_of(key="older")]
    findings = examine(rows, SECRET_KEY_FALLBACKS=["old", "older"])
    assert wrong(findings) == []
    assert notes(findings) == [
        "1 row was signed with SECRET_KEY_FALLBACKS[0].",
        "2 rows were signed with SECRET_KEY_FALLBACKS[1].",
    ]


def test_older_rows_of_an_unknown_key_mean_that_one_was_rotated_away() -> None:
    rows = [row_of(), row_of(ago=DAY), row_of(ago=2 * DAY, key="old")]
    (text,) = wrong(examine(rows))
    assert text.startswith("1 row was signed with none of the keys, the last at 2026-11-21 12:00")
    assert "most likely the key was changed" in text


def test_an_unknown_key_in_use_beside_the_app_s_may_be_another_program_s() -> None:
    rows = [row_of(), row_of(ago=DAY, key="other"), row_of(ago=2 * DAY)]
    (text,) = wrong(examine(rows))
    assert "or another program writes with its own key" in text


def test_newer_rows_of_an_unknown_key_mean_that_django_has_a_new_one() -> None:
    (text,) = wrong(examine([row_of(key="new"), row_of(ago=DAY)]))
    assert "most likely Django signs with a new SECRET_KEY" in text


def test_rows_of_the_old_form_and_an_unknown_key_are_told_apart() -> None:
    (text,) = wrong(examine([row_of(), row_of(key="old", algorithm="sha1", ago=DAY)]))
    assert text.startswith("1 row in the legacy format was signed with none of the keys")


def test_no_finding_tells_a_key(rows: list[StoredRow]) -> None:
    findings = examine(rows, SECRET_KEY="an0ther", SECRET_KEY_FALLBACKS=["yet an0ther"])
    assert "an0ther" not in str(findings)
