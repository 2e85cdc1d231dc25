"""The table of the sites that were walked, in Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

_HEAD = (
    "Site",
    "Django",
    "on Python",
    "database",
    "agreed",
    "disagreed",
    "not possible",
    "seconds to the first shared page",
)


@dataclass
class Row:
    """What the walk on one site came to."""

    site: str
    django: str = ""
    python: str = ""
    database: str = ""
    #: by step: what agreed, what differs, and why it could not be taken
    agreed: list[str] = field(default_factory=list)
    disagreed: dict[str, str] = field(default_factory=dict)
    not_possible: dict[str, str] = field(default_factory=dict)
    #: from ``pip install`` to the first page that both sides share
    seconds: float | None = None
    not_run: str = ""
    #: whether that it is not run is a failure
    failed: bool = False
    #: what the app was told at its start
    said: list[str] = field(default_factory=list)

    @property
    def cells(self) -> tuple[str, ...]:
        """What stands in the columns."""
        if self.not_run:
            return (self.site, f"not run: {_escaped(self.not_run)}", *("",) * 6)
        seconds = "" if self.seconds is None else f"{self.seconds:.0f}"
        counts = (len(self.agreed), len(self.disagreed), len(self.not_possible))
        return (
            self.site,
            self.django,
            self.python,
            self.database,
            *map(str, counts),
            seconds,
        )


def markdown(rows: Iterable[Row]) -> str:
    """Write the table."""
    lines = [_HEAD, ("---",) * len(_HEAD), *(row.cells for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def remarks(rows: Iterable[Row]) -> list[str]:
    """Write a line for each step that did not agree, or could not be taken."""
    lines = []
    for row in rows:
        lines += [f"DISAGREED: {row.site}, {name}: {what}" for name, what in row.disagreed.items()]
        lines += [
            f"Not possible: {row.site}, {name}: {why}" for name, why in row.not_possible.items()
        ]
        if row.failed:
            lines.append(f"NOT TRIED: {row.site}: {row.not_run}")
    return lines


def summary(rows: Iterable[Row]) -> dict[str, int]:
    """Count the steps, and the sites that were not run."""
    rows = list(rows)
    return {
        "agreed": sum(len(row.agreed) for row in rows),
        "disagreed": sum(len(row.disagreed) for row in rows),
        "not possible": sum(len(row.not_possible) for row in rows),
        "not run": sum(bool(row.not_run) for row in rows),
    }


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
