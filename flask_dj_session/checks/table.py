"""Whether the table is made as Django makes it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..store import TableFacts
from .finding import Finding

_TYPE_MEND = (
    "Find out who changed it. The Django project should change it back, in a migration that was"
    " tried on a copy: the database writes the whole table again while visitors wait, and dates may"
    " shift."
)
_KEY_MEND = (
    "Django's migration makes it the primary key. Before the Django project does that again, look"
    " for keys that two rows share: one of the two visitors would lose the session."
)
#: what holds any text, whatever size is given for the other one
_ANY_TEXT = {"varchar", "text"}

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
                f"Django's is '{kind}'. Compare with 'manage.py sqlmigrate sessions 0001', and"
                " check whether Django uses this database.",
            )
        elif found.columns[name] != kind:
            yield _type_finding(name, found.columns[name], kind)


def _type_finding(name: str, found: str, expected: str) -> Finding:
    text = f"Column '{name}' is '{found}', but Django creates '{expected}'."
    if _holds(found, expected):
        return Finding("note", text)
    return Finding("wrong", text, _TYPE_MEND)


def _holds(found: str, expected: str) -> bool:
    """Return whether it is a matter of size only, and the size will do.

    Fractions of a second, which old Djangos did not keep on MySQL, may be fewer.
    """
    kind, size, rest = _parts(found)
    expected_kind, expected_size, expected_rest = _parts(expected)
    if {kind, expected_kind} <= _ANY_TEXT and size is None:
        return True
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
            "Column 'session_key' is not a primary key: two sessions could have the same key.",
            _KEY_MEND,
        )
    if "expire_date" in found.columns and "expire_date" not in indexed:
        statement = expected.create_index[("expire_date",)]
        yield Finding(
            "wrong",
            "No index begins with 'expire_date': clearing expired sessions reads every row."
            + _unfinished(found, statement),
            f"Run: {statement}",
        )


def _unfinished(found: TableFacts, statement: str) -> str:
    names = [name for name in sorted(found.unfinished) if f" {name} " in statement]
    if not names:
        return ""
    return (
        f" Index '{names[0]}' exists, but it is unfinished. If no one is creating it at this"
        " moment, drop it first, with DROP INDEX CONCURRENTLY."
    )


def _like_findings(found: TableFacts, expected: TableFacts) -> Iterator[Finding]:
    if expected.has_like_index and not found.has_like_index:
        yield Finding(
            "note",
            "Django's index for LIKE on 'session_key' is missing. Sessions do not need it.",
            f"Run: {expected.create_index[('session_key',)]}",
        )
