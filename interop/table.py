"""The tables of what agreed, in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_HEAD = ("Django", "on Python", "writes")


@dataclass
class Cell:
    """What one configuration on one database came to."""

    agreed: int = 0
    disagreed: dict[str, str] = field(default_factory=dict)  # by scenario: what differs
    not_run: str = ""
    #: whether that it is not run is a failure
    failed: bool = False

    def __str__(self) -> str:
        if self.not_run:
            return f"not run: {self.not_run}"
        if self.disagreed:
            names = ", ".join(_words(name) for name in self.disagreed)
            return f"DISAGREED: {names}"
        return f"{self.agreed} agreed"


@dataclass
class Row:
    """One configuration: a Django, its form and serializer, and a cell for each column."""

    django: str
    form: str
    python: str = "none"
    #: those of the databases that it is meant for
    cells: dict[str, Cell] = field(default_factory=dict)


def columns_of(kinds: Iterable[str]) -> list[str]:
    """Name the columns: each kind of database, with USE_TZ on and off."""
    return [f"{kind}, {zone}" for kind in kinds for zone in ("USE_TZ", "no USE_TZ")]


def markdown(rows: Iterable[Row], columns: list[str]) -> str:
    """Write a table for each database: one for all would be wider than a page."""
    rows = list(rows)
    kinds = dict.fromkeys(column.partition(", ")[0] for column in columns)
    return "\n".join(f"**{kind}**\n\n{_table(rows, kind, columns)}" for kind in kinds)


def _table(rows: list[Row], kind: str, columns: list[str]) -> str:
    own = [column for column in columns if column.startswith(f"{kind}, ")]
    lines = [(*_HEAD, *(column.partition(", ")[2] for column in own))]
    lines.append(("---",) * len(lines[0]))
    for row in rows:
        if cells := [_escaped(str(row.cells[column])) for column in own if column in row.cells]:
            lines.append((row.django, row.python, row.form, *cells))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def disagreements(rows: Iterable[Row]) -> list[str]:
    """Write a line for each scenario that did not agree."""
    return [
        f"Django {row.django}, {row.form}; {column}; {_words(name)}: {what}"
        for row in rows
        for column, cell in row.cells.items()
        for name, what in cell.disagreed.items()
    ]


def failures(rows: Iterable[Row]) -> list[str]:
    """Write what should have been tried and was not: a line for each row and reason."""
    columns: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for column, cell in row.cells.items():
            if cell.failed:
                what = f"Django {row.django}, {row.form}"
                columns.setdefault((what, cell.not_run), []).append(column)
    return [
        f"NOT TRIED: {what}; {' and '.join(where)}: {reason}"
        for (what, reason), where in columns.items()
    ]


def summary(rows: Iterable[Row]) -> Mapping[str, int]:
    """Count the scenarios that agreed and disagreed, and the cells that were not run."""
    cells = [cell for row in rows for cell in row.cells.values()]
    return {
        "agreed": sum(cell.agreed for cell in cells),
        "disagreed": sum(len(cell.disagreed) for cell in cells),
        "not run": sum(bool(cell.not_run) for cell in cells),
    }


def _words(name: str) -> str:
    return name.replace("_", " ")


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
