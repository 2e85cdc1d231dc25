"""Columns and indexes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flask_dj_session.checks import Finding, table_findings
from flask_dj_session.store import TableFacts

EXPECTED = TableFacts(
    "django_session",
    {
        "session_key": "varchar(40)",
        "session_data": "longtext",
        "expire_date": "datetime(6)",
    },
    frozenset([("session_key",), ("expire_date",)]),
    {("expire_date",): "CREATE INDEX i", ("session_key",): "CREATE INDEX like"},
)


def found(**columns: str) -> list[Finding]:
    return table_findings(replace(EXPECTED, columns={**EXPECTED.columns, **columns}), EXPECTED)


def test_django_s_table_is_right() -> None:
    assert [each.level for each in table_findings(EXPECTED, EXPECTED)] == ["ok"]


def test_a_column_of_the_app_s_own_is_nothing_to_tell() -> None:
    assert [each.level for each in found(account_id="integer")] == ["ok"]


def test_a_missing_column_is_wrong() -> None:
    columns = {"session_key": "varchar(40)", "session_data": "longtext"}
    (finding,) = table_findings(replace(EXPECTED, columns=columns), EXPECTED)
    assert (finding.level, finding.text) == ("wrong", "Column 'expire_date' is missing.")


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("session_key", "varchar(20)"),
        ("session_key", "integer"),
        ("session_data", "text"),
        ("expire_date", "timestamp without time zone"),
    ],
)
def test_a_type_that_does_not_hold_django_s_values_is_wrong(column: str, kind: str) -> None:
    (finding,) = found(**{column: kind})
    assert finding.level == "wrong"
    assert f"'{kind}', but Django creates" in finding.text
    assert "dates may shift" in finding.hint  # so nobody is told to change it at once


@pytest.mark.parametrize(
    ("column", "kind"),
    [("session_key", "varchar(100)"), ("session_key", "text"), ("expire_date", "datetime")],
)
def test_a_type_that_holds_them_is_a_note(column: str, kind: str) -> None:
    assert [each.level for each in found(**{column: kind})] == ["ok", "note"]


def test_a_missing_index_is_wrong_and_its_statement_told() -> None:
    without = replace(EXPECTED, indexes=frozenset([("session_key", "expire_date")]))
    (finding,) = table_findings(without, EXPECTED)
    assert (finding.level, finding.hint) == ("wrong", "Run: CREATE INDEX i")


def test_an_index_that_begins_with_the_column_will_do() -> None:
    indexes = frozenset([("session_key",), ("expire_date", "session_key")])
    assert table_findings(replace(EXPECTED, indexes=indexes), EXPECTED)[0].level == "ok"


def test_a_missing_primary_key_is_wrong() -> None:
    without = replace(EXPECTED, indexes=frozenset([("expire_date",), ()]))
    (finding,) = table_findings(without, EXPECTED)
    assert finding.text.startswith("Column 'session_key' is not a primary key")


def test_a_missing_like_index_is_a_note() -> None:
    findings = table_findings(EXPECTED, replace(EXPECTED, has_like_index=True))
    assert [each.level for each in findings] == ["ok", "note"]
    assert findings[1].hint == "Run: CREATE INDEX like"
