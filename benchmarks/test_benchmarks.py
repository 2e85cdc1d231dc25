"""The benchmarks run: with tiny numbers, so that they do not rot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks import chart, touch
from benchmarks.contenders import CONTENDERS
from benchmarks.results import PACKAGES, Cell, Results, machine, reaches
from benchmarks.views import KINDS

ROOT = Path(__file__).parent.parent


def _run(command: str, **environment: str) -> str:
    """Run a benchmark, and return what it prints."""
    return subprocess.run(
        [sys.executable, "-m", *f"benchmarks.{command}".split()],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=120,
    ).stdout


def _document() -> dict[str, Any]:
    results = Results()
    for place, name in enumerate(CONTENDERS, 1):
        for kind in KINDS:
            for factor in (1, 9, 2):
                results.add(Cell("sqlite", "small", kind), name, 100.0 * place * factor)
    document = {
        "machine": machine(),
        "databases": {"sqlite": "SQLite 3.40.1, WAL, synchronous=NORMAL"},
        "rounds": 3,
        "requests": 7,
        **results.as_json(),
    }
    written: dict[str, Any] = json.loads(json.dumps(document))
    return written


def test_compare_measures_every_contender(tmp_path: Path) -> None:
    files = f"--json {tmp_path / 'out.json'} --chart {tmp_path / 'out.svg'}"
    printed = _run(f"compare --rounds 2 --requests 3 --databases sqlite --sizes small {files}")
    document = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    cells = {(one["kind"], one["contender"]) for one in document["results"]}
    assert cells == {(kind, name) for kind in KINDS for name in CONTENDERS}
    assert len(document["ratios"]) == 8
    assert "| SQLite, small: new visitor | flask_dj_session / floor |" in printed
    assert (tmp_path / "out.svg").exists()


def test_compare_measures_only_the_contenders_that_are_asked_for() -> None:
    printed = _run(
        "compare --rounds 2 --requests 3 --databases sqlite --sizes small --kinds returning"
        " --contenders app_floor merging"
    )
    lines = printed.splitlines()
    assert "| | floor in an app | merging |" in lines
    ratios = [line for line in lines if " / " in line]
    assert len(ratios) == 1
    assert ratios[0].startswith(
        "| SQLite, small: returning visitor, counts | merging / floor in an app |"
    )
    assert ratios[0].endswith(" |  |  |")


def test_codec_compares_both_directions_and_sizes() -> None:
    printed = _run("codec --rounds 2 --times 2")
    assert [row.split(" |")[0] for row in printed.splitlines()[2:]] == [
        "| encode, small",
        "| decode, small",
        "| encode, 20kB",
        "| decode, 20kB",
    ]


def test_touch_compares_four_ways() -> None:
    printed = _run("touch --rounds 2 --requests 3 --databases sqlite")
    ways = [row.split(" |")[0].partition(": ")[2] for row in printed.splitlines()[2:6]]
    assert ways == [*touch.WAYS]


#: runs the contender, and says that each request took a million instructions
_STANDS_IN_FOR_VALGRIND = """#!/bin/sh
shift 3
asked=$(cat)
echo "$asked" | "$@" || exit
set -- $asked
echo "==1== I   refs:      $(($2 + $4)),000,000" >&2
"""


def test_instructions_are_counted_of_each_contender(tmp_path: Path) -> None:
    valgrind = tmp_path / "valgrind"
    valgrind.write_text(_STANDS_IN_FOR_VALGRIND, encoding="ascii")
    valgrind.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    printed = _run("instructions --databases sqlite --kinds read --requests 5", PATH=path)
    assert printed.splitlines()[0] == (
        "sqlite: read, thousands of instructions: floor 1000, app_floor 1000,"
        " ours 1000, merging 1000, django 1000"
    )


def test_without_valgrind_no_instructions_are_counted(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.instructions"],
        cwd=ROOT,
        env={**os.environ, "PATH": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert done.stderr.startswith("'valgrind' is not installed")


def test_clearsessions_leaves_the_rows_that_it_should() -> None:
    printed = _run("clearsessions --rows 3000 --rounds 2 --alone 0.05 --databases sqlite-wal")
    assert [row.split(" |")[0] for row in printed.splitlines()[4:]] == [
        "| sqlite-wal, ours",
        "| sqlite-wal, django",
        "| sqlite-wal, ours / Django",
    ]


def test_gunicorn_load_measures_all() -> None:
    options = "--databases sqlite --journal delete --rounds 1 --requests 64 --visitors 4"
    printed = _run(f"gunicorn_load {options}")
    labels = [row.split(" |")[0] for row in printed.splitlines()[2:]]
    assert labels == [
        "| bare Flask",
        "| flask_dj_session",
        "| Django",
        "| flask_dj_session / Django",
        "",
    ]


def test_a_ratio_is_the_median_of_those_of_the_rounds() -> None:
    results = Results()
    cell = Cell("sqlite", "small", "untouched")
    for ours, bare in [(2.0, 1.0), (30.0, 10.0), (8.0, 2.0)]:
        results.add(cell, "ours", ours)
        results.add(cell, "bare", bare)
    (verdict,) = results.verdicts()
    assert (verdict.ratio, verdict.is_reached) == (3.0, False)


@pytest.mark.parametrize(("value", "reached"), [(1.25, True), (1.26, False)])
def test_a_bound_belongs_to_what_is_reached(value: float, reached: bool) -> None:
    assert reaches(value, "≤", 1.25) is reached


def _texts(style: str) -> list[str | None]:
    root = ElementTree.fromstring(chart.draw(_document()))
    return [text.text for text in root.iter() if style in text.get("class", "").split()]


def test_the_chart_has_a_figure_for_each_median() -> None:
    expected = [f"{200 * place:,}" for place in range(1, len(CONTENDERS) + 1)]
    assert _texts("figure") == expected * len(KINDS)


def test_the_chart_says_how_and_on_what_it_was_measured() -> None:
    *_, how, where = _texts("note")
    assert how is not None
    assert where is not None
    assert how.startswith("Medians of 3 rounds of 7 requests.")
    assert where.endswith(", SQLite 3.40.1")


def test_the_chart_is_drawn_anew_from_the_json(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps(_document()), encoding="utf-8")
    chart.main([str(tmp_path / "run.json"), str(tmp_path / "run.svg")])
    assert (tmp_path / "run.svg").read_text(encoding="utf-8") == chart.draw(_document())


def test_nothing_is_told_that_names_the_machine() -> None:
    facts = {"system", "processor", "cores", "python"}
    assert machine().keys() - facts == set(PACKAGES)
