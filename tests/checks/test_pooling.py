"""What is said of a pooler."""

from __future__ import annotations

import pytest

from flask_dj_session.checks import pooler_findings
from flask_dj_session.store import Pooler

_MEND = "SQLALCHEMY_ENGINE_OPTIONS = {'connect_args': {'prepare_threshold': None}}"


def test_without_a_pooler_nothing_is_said() -> None:
    assert pooler_findings(None) == []


def test_a_pooler_that_keeps_what_is_prepared_is_no_finding() -> None:
    assert pooler_findings(Pooler("psycopg", keeps_statements=True)) == []


@pytest.mark.parametrize(
    ("pooler", "level", "word"),
    [
        (Pooler("psycopg", keeps_statements=False), "wrong", "missing on the next"),
        (Pooler("psycopg", keeps_statements=None), "note", "could not find out"),
        (Pooler("psycopg", True, closes_statements=False), "note", "libpq"),
        (Pooler("pg8000", keeps_statements=False), "wrong", "pg8000 prepares each statement"),
    ],
)
def test_each_finding_has_a_mend(pooler: Pooler, level: str, word: str) -> None:
    (finding,) = pooler_findings(pooler)
    assert finding.level == level
    assert word in finding.text
    assert _MEND in finding.hint
