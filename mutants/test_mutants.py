"""What ``make mutants`` relies on, tried on a few lines of code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cosmic_ray.mutating import mutate_code
from cosmic_ray.work_db import WorkDB
from cosmic_ray.work_item import TestOutcome as Outcome
from cosmic_ray.work_item import WorkerOutcome, WorkResult

from . import operators
from .items import Mutant, database_of
from .report import print_report

SOURCE = '''"""A file."""

def half(number: int | None) -> int:
    assert number is not None
    if number < 0:
        raise ValueError(number)
    return number // 2
'''
_OWN: list[Any] = [operators.StatementRemover, operators.ReturnNone, operators.ExceptClass]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a file where those of a room are."""
    monkeypatch.chdir(tmp_path)
    path = Path("flask_dj_session/wire/half.py")
    path.parent.mkdir(parents=True)
    path.write_text(SOURCE)
    return path


def _work(file: Path) -> WorkDB:
    return database_of(file, Path())


def _changes(work: WorkDB) -> list[str]:
    codes = [Mutant.of(item).code(SOURCE) for item in work.work_items]
    lines = SOURCE.splitlines()
    return [
        after.strip()
        for code in codes
        for before, after in zip(lines, code.splitlines(), strict=True)
        if before != after
    ]


@pytest.mark.parametrize(
    ("kind", "example"), [(kind, example) for kind in _OWN for example in kind.examples()]
)
def test_an_operator_does_what_its_examples_show(kind: Any, example: Any) -> None:
    assert mutate_code(example.pre_mutation_code, kind(), 0) == example.post_mutation_code


def test_what_python_makes_nothing_of_is_no_fault(file: Path) -> None:
    changes = _changes(_work(file))
    assert "return None" in changes
    assert "pass" in changes
    assert "if number <= 0:" in changes
    assert not [change for change in changes if change.startswith(("def", "assert"))]


def test_results_are_kept_until_the_file_changes(file: Path) -> None:
    work = _work(file)
    work.set_result(
        work.work_items[0].job_id,
        WorkResult(WorkerOutcome.NORMAL, test_outcome=Outcome.KILLED),
    )
    assert _work(file).num_results == 1
    file.write_text(SOURCE.replace("// 2", "// 3"))
    assert _work(file).num_results == 0


def test_a_fault_that_nobody_notices_counts_unless_there_is_a_reason(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work, reasons = _work(file), Path("reasons.json")
    for item in work.work_items:
        is_known = Mutant.of(item).code(SOURCE).endswith("return None\n")
        outcome = Outcome.SURVIVED if is_known else Outcome.KILLED
        work.set_result(item.job_id, WorkResult(WorkerOutcome.NORMAL, "", outcome))
    reasons.write_text("[]")
    assert print_report({file: work}, reasons, listed=True)
    assert "+    return None" in capsys.readouterr().out
    change = "-    return number // 2\n+    return None"
    reason = {"path": str(file), "change": change, "why": "nobody asks"}
    reasons.write_text(json.dumps([reason, {**reason, "change": "-a\n+b"}]))
    assert not print_report({file: work}, reasons, listed=True)
    assert "- a\n+ b" in capsys.readouterr().out
