"""Whether the table is made as Django makes it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..store import TableFacts
from .finding import Finding

_KIND = re.compile(r"([^(]*)(?:\((\d+)\))?(.*)")


def table_findings(found: TableFacts, expected: TableFacts) -> list[Finding]:
    """Compare the table that is there with Django's."""
    findings = [
        *_column_findings(found, expected),
        *_index_findings(found, expected),
        *_like_findings(found, expected),
    ]
    if any(finding.level == "wrong" for finding in findings):
        return findings
    text = f"Table '{found.name}' has Django's columns and an index on expire_date."
    return [Finding("ok", text), *findings]


def _column_findings(found: TableFacts, expected: TableFacts) -> Iterator[Finding]:
    for name, kind in expected.columns.items():
        if name not in found.columns:
            yield Finding(
                "wrong",
                f"Column '{name}' is missing.",
                f"Django's is '{kind}'. Compare with 'manage.py sqlmigrate sessions 0001'.",
            )
        elif found.columns[name] != kind:
            yield _type_finding(name, found.columns[name], kind)


def _type_finding(name: str, found: str, expected: str) -> Finding:
    text = f"Column '{name}' is '{found}', where Django makes '{expected}'."
    if _holds(found, expected):
        return Finding("note", text)
    return Finding("wrong", text, f"Change the column's type to '{expected}'.")


def _holds(found: str, expected: str) -> bool:
    """Tell whether it is a matter of size only, and the size will do.

    Fractions of a second, which old Djangos did not keep on MySQL, may be fewer.
    """
    kind, size, rest = _parts(found)
    expected_kind, expected_size, expected_rest = _parts(expected)
    same = (kind, rest) == (expected_kind, expected_rest)
    return same and (kind == "datetime" or size is None or int(size) >= int(expected_size or 0))


def _parts(kind: str) -> tuple[str, str | None, str]:
    match = _KIND.fullmatch(kind)
    assert match is not None
    return match[1], match[2], match[3]


def _index_findings(found: TableFacts, expected: TableFacts) -> Iterator[Finding]:
    indexed = {names[0] for names in found.indexes if names}
    if "session_key" in found.columns and "session_key" not in indexed:
        yield Finding(
            "wrong",
            "Column 'session_key' is no primary key: two sessions could share a key.",
            "Make it the primary key, as Django's migration does.",
        )
    if "expire_date" in found.columns and "expire_date" not in indexed:
        statement = expected.create_index[("expire_date",)]
        yield Finding(
            "wrong",
            "No index begins with 'expire_date': clearing expired sessions reads every row.",
            f"Run: {statement}",
        )


def _like_findings(found: TableFacts, expected: TableFacts) -> Iterator[Finding]:
    if expected.has_like_index and not found.has_like_index:
        yield Finding(
            "note",
            "Django's index for LIKE on 'session_key' is missing. Sessions do not need it.",
            f"Run: {expected.create_index[('session_key',)]}",
        )
