"""The table that ``make interop`` prints; what is in it comes from real Djangos."""

from __future__ import annotations

from interop.table import Cell, Row, columns_of, disagreements, markdown, summary

COLUMNS = columns_of(["SQLite"])


def row(on: Cell, off: Cell) -> Row:
    return Row("5.2.1", "new form", "3.12", dict(zip(COLUMNS, (on, off), strict=True)))


def test_each_database_has_a_column_with_use_tz_and_one_without() -> None:
    assert COLUMNS == ["SQLite, USE_TZ", "SQLite, no USE_TZ"]


def test_a_cell_says_how_many_scenarios_agreed() -> None:
    table = markdown([row(Cell(agreed=15), Cell(agreed=14))], COLUMNS)
    assert table.splitlines()[2] == "| 5.2.1 | 3.12 | new form | 15 agreed | 14 agreed |"


def test_the_head_has_as_many_columns_as_a_row() -> None:
    lines = markdown([row(Cell(), Cell())], COLUMNS).splitlines()
    assert [line.count("|") for line in lines] == [6, 6, 6]


def test_a_cell_names_what_disagreed_and_a_line_below_says_how() -> None:
    rows = [row(Cell(agreed=1, disagreed={"cookies_are_equal": "Path: '/a'"}), Cell(agreed=2))]
    assert "DISAGREED: cookies are equal |" in markdown(rows, COLUMNS)
    line = "Django 5.2.1, new form; SQLite, USE_TZ; cookies are equal: Path: '/a'"
    assert disagreements(rows) == [line]


def test_a_cell_says_why_it_was_not_run() -> None:
    table = markdown([row(Cell(not_run="no Python 3.12 | 3.13\nhere"), Cell())], COLUMNS)
    assert "| not run: no Python 3.12 \\| 3.13 here |" in table


def test_the_summary_counts_all_cells() -> None:
    rows = [row(Cell(agreed=3, disagreed={"a": "", "b": ""}), Cell(not_run="why"))]
    assert summary(rows) == {"agreed": 3, "disagreed": 2, "not run": 1}
