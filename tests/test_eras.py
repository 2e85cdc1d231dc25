"""What ``make interop`` prints, and when it has failed; what agrees is left to real Djangos."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from interop import eras, run
from interop.caches import KINDS as CACHES
from interop.database import VARIABLES
from interop.eras import ERAS, Era
from interop.reasons import NoAnswerError, NoPythonError, NotInstalledError, NotRunError
from interop.table import Cell, Row, columns_of, disagreements, failures, markdown, summary

COLUMNS = columns_of(["SQLite"])


def row(on: Cell, off: Cell) -> Row:
    return Row("5.2.1", "signed format", "3.12", dict(zip(COLUMNS, (on, off), strict=True)))


def test_each_database_has_a_column_with_use_tz_and_one_without() -> None:
    assert COLUMNS == ["SQLite, USE_TZ", "SQLite, no USE_TZ"]


def test_a_cell_says_how_many_scenarios_agreed() -> None:
    table = markdown([row(Cell(agreed=15), Cell(agreed=14))], COLUMNS)
    assert table.splitlines()[-1] == "| 5.2.1 | 3.12 | signed format | 15 agreed | 14 agreed |"


def test_the_head_has_as_many_columns_as_a_row() -> None:
    lines = markdown([row(Cell(), Cell())], COLUMNS).splitlines()
    assert [line.count("|") for line in lines if line.startswith("|")] == [6, 6, 6]


def test_each_database_has_a_table_of_its_own() -> None:
    columns = columns_of(["SQLite", "MariaDB"])
    cells = dict(zip(columns, map(Cell, (1, 2, 3, 4)), strict=True))
    table = markdown([Row("5.2.1", "signed format", "3.12", cells)], columns)
    assert table == (
        "**SQLite**\n\n"
        "| Django | on Python | writes | USE_TZ | no USE_TZ |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| 5.2.1 | 3.12 | signed format | 1 agreed | 2 agreed |\n\n"
        "**MariaDB**\n\n"
        "| Django | on Python | writes | USE_TZ | no USE_TZ |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| 5.2.1 | 3.12 | signed format | 3 agreed | 4 agreed |\n"
    )


def test_what_is_meant_for_one_database_is_no_row_of_another() -> None:
    columns = columns_of(["SQLite", "MariaDB"])
    cells = dict(zip(columns[:2], map(Cell, (1, 2)), strict=True))
    table = markdown([Row("5.2.1", "cached_db, Redis", "3.12", cells)], columns)
    assert table.count("cached_db, Redis") == 1


def test_a_django_is_tried_with_each_engine_on_each_cache() -> None:
    found = [one.form for one in run.configurations() if one.era.name == "5.2" and one.cache]
    assert len(set(found)) == len(found) == 2 * len(CACHES)


def test_a_cell_names_what_disagreed_and_a_line_below_says_how() -> None:
    rows = [row(Cell(agreed=1, disagreed={"cookies_are_equal": "Path: '/a'"}), Cell(agreed=2))]
    assert "DISAGREED: cookies are equal |" in markdown(rows, COLUMNS)
    line = "Django 5.2.1, signed format; SQLite, USE_TZ; cookies are equal: Path: '/a'"
    assert disagreements(rows) == [line]


def test_a_cell_says_why_it_was_not_run() -> None:
    table = markdown([row(Cell(not_run="no Python 3.12 | 3.13\nhere"), Cell())], COLUMNS)
    assert "| not run: no Python 3.12 \\| 3.13 here |" in table


def test_the_summary_counts_all_cells() -> None:
    rows = [row(Cell(agreed=3, disagreed={"a": "", "b": ""}), Cell(not_run="why"))]
    assert summary(rows) == {"agreed": 3, "disagreed": 2, "not run": 1}


AGREED = Row("5.2", "signed format", cells={COLUMNS[0]: Cell(agreed=16)})
Fill = Callable[..., list[Row]]


@pytest.fixture
def no_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set no URL."""
    for variable in VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def era(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Era:
    """Return a Django that does not exist; its environment is there, and reaches no network."""
    monkeypatch.setattr(eras, "ROOT", tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    era = Era((5, 99), (), {}, "")
    python = tmp_path / ".venv-interop" / era.name / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    return era


def test_what_was_not_tried_is_named_once_for_each_reason() -> None:
    silent = Cell(not_run="no answer", failed=True)
    assert failures([row(silent, silent), row(Cell(not_run="no URL"), Cell())]) == [
        "NOT TRIED: Django 5.2.1, signed format; SQLite, USE_TZ and SQLite, no USE_TZ: no answer"
    ]


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (Cell(agreed=1), 0),
        (Cell(not_run="why"), 0),
        (Cell(not_run="why", failed=True), 1),
        (Cell(agreed=1, disagreed={"a": ""}), 1),
    ],
    ids=str,
)
def test_the_run_fails_where_anything_is_wrong(cell: Cell, code: int) -> None:
    assert run.report([AGREED, row(Cell(), cell)]) == code


def test_a_run_that_tried_nothing_has_failed() -> None:
    assert run.report([row(Cell(not_run="why"), Cell(not_run="why"))]) == 1


@pytest.mark.parametrize(
    ("reason", "fails"),
    [
        # strict and required, strict, required, neither
        (NotRunError, [False, False, False, False]),
        (NoPythonError, [True, False, False, False]),
        (NotInstalledError, [True, True, False, False]),
        (NoAnswerError, [True, True, True, True]),
    ],
)
def test_a_reason_is_a_failure_or_not(reason: type[NotRunError], fails: list[bool]) -> None:
    cases = [(True, True), (True, False), (False, True), (False, False)]
    found = [reason("why").is_failure(strict=strict, required=must) for strict, must in cases]
    assert found == fails


def test_the_djangos_of_today_are_required() -> None:
    assert [era.name for era in ERAS if era.required] == ["5.2", "6.0", "6.1"]


@pytest.mark.parametrize("newest", ["6.2", "6.2a1", "7.0.3"])
def test_a_django_that_nobody_has_looked_at_is_named(newest: str) -> None:
    said = eras.unknown_django(newest)
    assert said is not None
    assert said.startswith(f"NOT LOOKED AT: Django {newest} is out.")


@pytest.mark.parametrize("newest", ["6.1", "6.1.9", "5.2.14"])
def test_a_django_that_was_looked_at_is_not(newest: str) -> None:
    assert eras.unknown_django(newest) is None


@pytest.mark.process
@pytest.mark.usefixtures("no_servers")
@pytest.mark.parametrize(("strict", "code"), [(True, 1), (False, 0)], ids=["CI", "a desk"])
def test_a_django_that_cannot_be_installed_fails_in_ci(
    era: Era,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    strict: bool,
    code: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(run, "ERAS", [era])
    rows = run.fill_table([era], strict=strict)
    assert run.report([AGREED, *rows]) == code
    expected = "NOT TRIED: Django 5.99, signed format; SQLite, USE_TZ and SQLite, no USE_TZ and "
    assert (expected in capsys.readouterr().out) is strict


@pytest.mark.process
@pytest.mark.usefixtures("no_servers")
def test_a_python_that_is_not_here_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    era = Era((5, 99), ("2.0",), {}, "", required=True)
    monkeypatch.setattr(run, "ERAS", [era])
    (row,) = run.fill_table([era], strict=True)
    assert row.cells["SQLite, USE_TZ"] == Cell(not_run="no Python 2.0 here", failed=True)


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("PostgreSQL", "postgresql+psycopg://somebody:pass-word@127.0.0.1:1/x"),
        ("MariaDB", "mysql+pymysql://somebody:pass-word@127.0.0.1:1/x"),
    ],
)
@pytest.mark.usefixtures("no_servers")
def test_a_server_that_does_not_answer_is_named_without_the_password(
    monkeypatch: pytest.MonkeyPatch, kind: str, url: str
) -> None:
    monkeypatch.setenv(VARIABLES[kind], url)
    silent = run.silent_servers()
    assert list(silent) == [kind]
    assert f"{kind} at 127.0.0.1:1 ({VARIABLES[kind]}) cannot be used: " in str(silent[kind])
    assert "pass-word" not in str(silent[kind])


@pytest.mark.slow
@pytest.mark.usefixtures("no_servers")
@pytest.mark.parametrize("url", ["pass-word", "oracle+nothing://somebody:pass-word@x/y"])
def test_what_is_no_url_is_said_without_its_text(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("TEST_POSTGRESQL_URL", url)
    assert "pass-word" not in str(run.silent_servers()["PostgreSQL"])


@pytest.mark.parametrize(
    ("error", "cell"),
    [
        (RuntimeError("broken"), Cell(disagreed={"beginning": "RuntimeError: broken"})),
        (NoAnswerError("went away"), Cell(not_run="went away", failed=True)),
    ],
    ids=["anything", "a server that went away"],
)
@pytest.mark.usefixtures("no_servers")
def test_whatever_happens_the_table_goes_on(
    monkeypatch: pytest.MonkeyPatch, error: Exception, cell: Cell
) -> None:
    def fail(*args: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(run, "try_one", fail)
    monkeypatch.setattr(eras.Environment, "make", lambda *args: None)
    row, *_ = run.fill_table([ERAS[-1]], strict=True)
    assert row.cells["SQLite, USE_TZ"] == row.cells["SQLite, no USE_TZ"] == cell
