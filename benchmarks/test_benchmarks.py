"""The benchmarks run: with tiny numbers, so that they do not rot."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import chart
from benchmarks.contenders import CONTENDERS
from benchmarks.results import Cell, Results, reaches
from benchmarks.views import KINDS

ROOT = Path(__file__).parent.parent


def _run(command: str) -> str:
    """Run a benchmark, and return what it prints."""
    return subprocess.run(
        [sys.executable, "-m", *f"benchmarks.{command}".split()],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=120,
    ).stdout


def _results() -> Results:
    results = Results()
    for place, name in enumerate(CONTENDERS, 1):
        for kind in KINDS:
            for factor in (1, 9, 2):
                results.add(Cell("sqlite", "small", kind), name, 100.0 * place * factor)
    return results


def test_compare_measures_every_contender(tmp_path: Path) -> None:
    files = f"--json {tmp_path / 'out.json'} --chart {tmp_path / 'out.svg'}"
    printed = _run(f"compare --rounds 2 --requests 3 --databases sqlite --sizes small {files}")
    document = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    cells = {(one["kind"], one["contender"]) for one in document["results"]}
    assert cells == {(kind, name) for kind in KINDS for name in CONTENDERS}
    assert len(document["ratios"]) == 6
    assert "| SQLite, small: new visitor | flask_dj_session / floor |" in printed
    assert (tmp_path / "out.svg").exists()


def test_codec_compares_both_directions_and_sizes() -> None:
    printed = _run("codec --rounds 2 --times 2")
    assert [row.split(" |")[0] for row in printed.splitlines()[2:]] == [
        "| encode, small",
        "| decode, small",
        "| encode, 20kB",
        "| decode, 20kB",
    ]


def test_clearsessions_leaves_the_rows_that_it_should() -> None:
    printed = _run("clearsessions --rows 3000 --alone 0.05 --databases sqlite-wal")
    assert [row.split(" |")[0] for row in printed.splitlines()[2:]] == [
        "| sqlite-wal, ours",
        "| sqlite-wal, django",
        "| sqlite-wal, ours / Django",
    ]


def test_gunicorn_load_measures_both() -> None:
    printed = _run("gunicorn_load --databases sqlite --rounds 1 --requests 64 --visitors 4")
    assert "\n| ours | " in printed
    assert "\n| django | " in printed


def test_everything_is_right_under_load() -> None:
    printed = _run("gunicorn_load --check --databases sqlite --requests 320 --visitors 16")
    assert printed.splitlines() == [
        "sqlite: every count is right: 16 visitors, 20 visits each, 2 workers",
        next(row for row in printed.splitlines() if row.endswith("no row came back")),
        "sqlite: created at once: 32 sessions by 2 workers, a row for each",
        "sqlite: a killed worker loses nothing: 16 visitors, 4 visits each, none lost",
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


def test_the_chart_has_a_bar_and_a_figure_for_each_median() -> None:
    root = ElementTree.fromstring(chart.draw(_results()))
    figures = [text.text for text in root.iter() if text.get("class") == "figure"]
    assert figures == [f"{200 * place}" if place < 5 else "1,000" for place in range(1, 6)] * 4
