"""Forms and serializers."""

from __future__ import annotations

from datetime import timedelta

from flask_dj_session.store import StoredRow
from flask_dj_session.wire import PickleSerializer

from .conftest import examine, notes, row_of, wrong

DAY = timedelta(days=1)
SERIALIZERS = "django.contrib.sessions.serializers."


def test_newest_rows_of_the_old_form_cannot_be_shared_by_an_app_that_writes_the_new() -> None:
    (text,) = wrong(examine([row_of(ago=DAY), row_of(algorithm="sha1")]))
    assert text.startswith("The newest rows are in the legacy format")


def test_an_app_that_writes_the_old_form_agrees_with_them() -> None:
    rows = [row_of(ago=DAY), row_of(algorithm="sha1")]
    findings = examine(rows, DEFAULT_HASHING_ALGORITHM="sha1")
    assert wrong(findings) == []
    assert notes(findings)[0].startswith(
        "1 row is in the legacy format: written by a Django before 3.1"
    )


def test_old_rows_of_the_old_form_are_noted_only() -> None:
    findings = examine([row_of(), row_of(ago=DAY, algorithm="sha1")])
    assert wrong(findings) == []
    (note,) = (each for each in findings if each.level == "note")
    assert "as long as a Django before 3.1 writes here" in note.hint  # the newest may be the app's


def test_newest_rows_of_the_new_form_cannot_be_shared_by_an_app_that_writes_the_old() -> None:
    (text,) = wrong(examine([row_of()], DEFAULT_HASHING_ALGORITHM="sha1"))
    assert text.startswith("The newest rows are in the signed format")


def test_pickles_are_wrong_where_the_app_reads_json(rows: list[StoredRow]) -> None:
    findings = examine([*rows, row_of(serializer=PickleSerializer)])
    assert wrong(findings) == ["1 row is a pickle, and this app's SESSION_SERIALIZER reads JSON."]
    assert "PickleSerializer" in next(f.hint for f in findings if f.level == "wrong")


def test_json_is_wrong_where_the_app_reads_pickles(rows: list[StoredRow]) -> None:
    findings = examine(rows, SESSION_SERIALIZER=SERIALIZERS + "PickleSerializer")
    assert wrong(findings) == ["10 rows are JSON, and this app's SESSION_SERIALIZER reads pickles."]


def test_pickles_are_right_where_the_app_reads_pickles() -> None:
    rows = [row_of(serializer=PickleSerializer)]
    assert wrong(examine(rows, SESSION_SERIALIZER="pickle")) == []


def test_pickles_of_the_old_form_are_found_too() -> None:
    rows = [row_of(ago=DAY, algorithm="sha1", serializer=PickleSerializer), row_of()]
    assert wrong(examine(rows)) == [
        "1 row is a pickle, and this app's SESSION_SERIALIZER reads JSON."
    ]


def test_a_site_that_has_left_pickles_behind_is_not_told_to_return_to_them() -> None:
    old = [row_of(ago=n * DAY, serializer=PickleSerializer) for n in range(2, 9)]
    findings = examine([*old, row_of(), row_of(), row_of()])
    assert wrong(findings) == []
    (note,) = notes(findings)
    assert note.startswith("7 rows are pickles, and this app's SESSION_SERIALIZER reads JSON; the")
    assert note.endswith(
        "was signed at 2026-11-21 12:00 UTC, and this app can read the rows signed since then."
    )
    assert "Set SESSION_SERIALIZER" not in str(findings)


def test_an_app_that_has_stayed_with_pickles_is_told_so() -> None:
    old = [row_of(ago=n * DAY, serializer=PickleSerializer) for n in range(2, 9)]
    findings = examine([*old, row_of(), row_of(), row_of()], SESSION_SERIALIZER="pickle")
    assert wrong(findings) == ["3 rows are JSON, and this app's SESSION_SERIALIZER reads pickles."]


def test_compressed_rows_are_counted() -> None:
    findings = examine([row_of(), row_of(data={"text": "x" * 200})])
    assert findings[0].text == "2 rows, 1 of them compressed."
