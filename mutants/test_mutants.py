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
from coverage import CoverageData

from . import operators, reach
from .items import Mutant, database_of
from .reach import Reach
from .report import WHOLE, interval, print_report
from .results import keep, take_over
from .run import sample_of

CHECKOUT = Path(__file__).resolve().parent.parent
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


def test_results_are_taken_over_by_another_machine_while_the_file_is_the_same(
    file: Path, tmp_path: Path
) -> None:
    work, kept_in = _work(file), tmp_path / "results.json"
    noticed, unnoticed = work.work_items[:2]
    for item, outcome in ((noticed, Outcome.KILLED), (unnoticed, Outcome.SURVIVED)):
        work.set_result(item.job_id, WorkResult(WorkerOutcome.NORMAL, test_outcome=outcome))
    keep({file: work}, kept_in)

    (tmp_path / "elsewhere").mkdir()
    other = database_of(file, tmp_path / "elsewhere")
    take_over({file: other}, kept_in)
    assert {Mutant.of(item): result.is_killed for item, result in other.completed_work_items} == {
        Mutant.of(noticed): True,
        Mutant.of(unnoticed): False,
    }

    file.write_text(SOURCE.replace("// 2", "// 3"))
    changed = _work(file)
    take_over({file: changed}, kept_in)
    assert changed.num_results == 0


def test_results_of_files_that_were_not_looked_at_are_kept_until_they_change(
    file: Path, tmp_path: Path
) -> None:
    work, kept_in = _work(file), tmp_path / "results.json"
    work.set_result(
        work.work_items[0].job_id, WorkResult(WorkerOutcome.NORMAL, test_outcome=Outcome.KILLED)
    )
    keep({file: work}, kept_in)
    before = kept_in.read_text()
    keep({}, kept_in)
    assert kept_in.read_text() == before
    file.write_text(SOURCE.replace("// 2", "// 3"))
    keep({}, kept_in)
    assert json.loads(kept_in.read_text()) == {}


def test_the_files_whose_faults_must_all_be_noticed_are_there() -> None:
    assert [part for part in WHOLE if not (CHECKOUT / "flask_dj_session" / part).exists()] == []


def test_each_reason_is_about_lines_that_are_there() -> None:
    told = json.loads((CHECKOUT / "mutants" / "survivors.json").read_text(encoding="utf-8"))
    about = [reason for reason in told if "path" in reason]
    assert len(about) > 100
    for reason in about:
        source = (CHECKOUT / reason["path"]).read_text(encoding="utf-8")
        lines = {" ".join(line.split()) for line in source.splitlines()}
        removed = (line for line in reason["change"].splitlines() if line.startswith("-"))
        assert {" ".join(line[1:].split()) for line in removed} <= lines, reason


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


def test_a_reason_may_be_one_for_a_kind_of_faults_in_any_file(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work, reasons = _work(file), Path("reasons.json")
    for item in work.work_items:
        work.set_result(item.job_id, WorkResult(WorkerOutcome.NORMAL, "", Outcome.SURVIVED))
    reasons.write_text(json.dumps([{"change": "-number // 2\n+number // 3", "why": "it is odd"}]))
    print_report({file: work}, reasons, listed=True)
    told = capsys.readouterr().out
    assert "// 1" in told
    assert "// 3" not in told


def test_a_sample_is_of_what_was_not_tried_and_can_be_gone_on_with(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work = _work(file)
    tried, *others = work.work_items
    killed = WorkResult(WorkerOutcome.NORMAL, test_outcome=Outcome.KILLED)
    work.set_result(tried.job_id, killed)
    every = {item.job_id for item in others}
    assert sample_of({file: work}, 99, Path("all.json"), 1) == every
    sample = sample_of({file: work}, 3, Path("some.json"), 1)
    assert len(sample) == 3
    assert sample < every
    work.set_result(min(sample), killed)
    assert sample_of({file: work}, 3, Path("some.json"), 1) == sample
    Path("reasons.json").write_text("[]")
    print_report({file: work}, Path("reasons.json"), listed=False, sample=sample)
    told = capsys.readouterr().out.splitlines()[-1].split()
    assert told == ["wire", "1", "100.0%", "20.7%-100.0%", "0", "0", "2"]


def test_a_seed_draws_the_same_faults_from_another_checkout(file: Path) -> None:
    drawn = []
    for folder in (Path("one"), Path("other")):
        folder.mkdir()
        work = database_of(file, folder)
        sample = sample_of({file: work}, 4, folder / "sample.json", 7)
        drawn.append({Mutant.of(item) for item in work.work_items if item.job_id in sample})
    assert drawn[0] == drawn[1]


# The bounds are those of Wilson, Journal of the American Statistical Association 22 (1927).
@pytest.mark.parametrize(
    ("noticed", "counted", "bounds"),
    [(0, 0, (0.0, 1.0)), (60, 60, (0.940, 1.0)), (57, 60, (0.863, 0.983)), (0, 10, (0.0, 0.278))],
)
def test_a_report_tells_how_far_off_a_sample_may_be(
    noticed: int, counted: int, bounds: tuple[float, float]
) -> None:
    assert interval(noticed, counted) == pytest.approx(bounds, abs=0.001)


def test_the_tests_of_a_line_are_those_of_its_room_and_then_the_others_of_each_file_in_turn(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "_FILES_ABOUT", 0)
    seconds = {
        "tests/wire/test_half.py::test_slow": 7.0,
        "tests/wire/test_half.py::test_quick": 0.2,
        "tests/wire/test_half.py::test_quicker": 0.1,
        "tests/wire/test_other.py::test_one": 0.5,
        "tests/test_far.py::test_far": 0.1,
        "tests/test_far.py::test_farther": 0.2,
        "tests/test_away.py::test_away": 0.3,
    }
    Path("durations.json").write_text(json.dumps(seconds))
    data = CoverageData("coverage")
    for test in seconds:
        written = Path(test.partition("::")[0])
        written.parent.mkdir(parents=True, exist_ok=True)
        written.touch()
        data.set_context(f"{test}|run")
        data.add_lines({str(file): [7]})
    data.set_context("tests/test_gone.py::test_gone|run")
    data.add_lines({str(file): [7]})
    data.write()
    assert Reach(Path(), Path()).tests_for(file, 7) == [
        "tests/wire/test_half.py::test_quicker",
        "tests/wire/test_other.py::test_one",
        "tests/wire/test_half.py::test_quick",
        "tests/test_far.py::test_far",
        "tests/test_away.py::test_away",
        "tests/test_far.py::test_farther",
    ]


def test_first_come_the_tests_whose_file_speaks_of_the_statement(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "_FILES_ABOUT", 1)
    file.write_text("def keep(row):\n    row.no_store = True\n", encoding="utf-8")
    texts = {"test_quick": "row", "test_long": "no_store " + "row " * 99, "test_store": "keep"}
    data = CoverageData("coverage")
    seconds = {}
    Path("tests").mkdir()
    for number, (name, text) in enumerate(texts.items()):
        Path(f"tests/{name}.py").write_text(text, encoding="utf-8")
        seconds[f"tests/{name}.py::test_it"] = number / 10
        data.set_context(f"tests/{name}.py::test_it|run")
        data.add_lines({str(file): [2]})
    data.write()
    Path("durations.json").write_text(json.dumps(seconds))
    first, *others = Reach(Path(), Path()).tests_for(file, 2)
    assert (first, len(others)) == ("tests/test_store.py::test_it", 2)


def test_the_tests_of_a_constant_are_those_whose_files_name_it(file: Path) -> None:
    file.write_text("LIMIT = (\n    5\n)\n", encoding="utf-8")
    looks, other = Path("tests/test_looks.py"), Path("tests/test_other.py")
    looks.parent.mkdir()
    looks.write_text("assert half.LIMIT == 5", encoding="utf-8")
    other.write_text("assert UNLIMITED", encoding="utf-8")
    tests = {f"{looks}::test_limit": 0.1, f"{other}::test_other": 0.1}
    Path("durations.json").write_text(json.dumps(tests))
    data = CoverageData("coverage")
    data.set_context("|run")
    data.add_lines({str(file): [1]})
    data.write()
    assert Reach(Path(), Path()).tests_for(file, 2) == ["tests/test_looks.py::test_limit"]
