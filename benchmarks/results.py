"""What a run has measured: medians, ratios, and whether they reach what is aimed at."""

from __future__ import annotations

import os
import platform
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from statistics import median
from typing import Any, NamedTuple

PACKAGES = [
    "flask-dj-session",
    "Flask",
    "Werkzeug",
    "SQLAlchemy",
    "Flask-SQLAlchemy",
    "Django",
    "Flask-Session",
    "psycopg",
    "gunicorn",
]


class Cell(NamedTuple):
    """What is measured for each contender."""

    database: str
    size: str
    kind: str


class Target(NamedTuple):
    """A ratio of two contenders' times, and what it should be on each database.

    With no bounds it is only told.
    """

    kind: str
    above: str
    below: str
    sign: str
    bounds: dict[str, float]

    def is_of(self, kind: str, contenders: Collection[str]) -> bool:
        """Return whether this is a ratio of two *contenders* for requests of this *kind*."""
        return self.kind == kind and {self.above, self.below} <= set(contenders)


#: what the package should reach
TARGETS = [
    Target("returning", "ours", "floor", "≤", {"sqlite": 1.25, "postgresql": 1.18}),
    Target("returning", "merging", "floor", "≤", {"sqlite": 1.25, "postgresql": 1.18}),
    Target("returning", "merging", "app_floor", "", {}),
    Target("returning", "merging", "ours", "≤", {"sqlite": 1.03, "postgresql": 1.03}),
    Target("new", "ours", "floor", "≤", {"sqlite": 1.25, "postgresql": 1.18}),
    Target("returning", "django", "ours", "≥", {"sqlite": 2.5, "postgresql": 2.5}),
    Target("returning", "flask_session", "ours", "≥", {"sqlite": 3.0, "postgresql": 2.8}),
    Target("read", "django", "ours", "≥", {"sqlite": 2.2, "postgresql": 2.5}),
    Target("untouched", "ours", "bare", "≤", {"sqlite": 1.1, "postgresql": 1.1}),
]


class Verdict(NamedTuple):
    """A ratio that was measured, the median of those of all rounds."""

    cell: Cell
    target: Target
    ratio: float

    @property
    def bound(self) -> float | None:
        """What it should be; None where that is not said."""
        return self.target.bounds.get(self.cell.database)

    @property
    def is_reached(self) -> bool | None:
        """Whether it is what it should be."""
        return None if self.bound is None else reaches(self.ratio, self.target.sign, self.bound)


def reaches(value: float, sign: str, bound: float) -> bool:
    """Return whether *value* is on the right side of *bound*."""
    return value <= bound if sign == "≤" else value >= bound


def judged(*, reached: bool) -> str:
    """Say how it went."""
    return "reached" if reached else "missed"


@dataclass
class Results:
    """Microseconds for a request, by cell and contender, in the order of the rounds."""

    times: dict[Cell, dict[str, list[float]]] = field(default_factory=dict)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Results:
        """Read what :meth:`as_json` has given."""
        results = cls()
        for one in document["results"]:
            cell = Cell(one["database"], one["size"], one["kind"])
            results.times.setdefault(cell, {})[one["contender"]] = one["rounds"]
        return results

    def add(self, cell: Cell, contender: str, microseconds: float) -> None:
        """Add a round's."""
        self.times.setdefault(cell, {}).setdefault(contender, []).append(microseconds)

    def medians(self, cell: Cell) -> dict[str, float]:
        """Return the contenders' medians."""
        return {name: median(times) for name, times in self.times[cell].items()}

    def verdicts(self) -> list[Verdict]:
        """Return the ratios that are aimed at."""
        return [
            Verdict(cell, target, self._ratio(cell, target))
            for cell, times in self.times.items()
            for target in TARGETS
            if target.is_of(cell.kind, times)
        ]

    def _ratio(self, cell: Cell, target: Target) -> float:
        above, below = (self.times[cell][name] for name in (target.above, target.below))
        return median(one / other for one, other in zip(above, below, strict=True))

    def as_json(self) -> dict[str, Any]:
        """Return all of it as JSON has it."""
        return {
            "results": [
                {
                    **cell._asdict(),
                    "contender": name,
                    "median": round(median(times), 2),
                    "rounds": [round(time, 2) for time in times],
                }
                for cell, contenders in self.times.items()
                for name, times in contenders.items()
            ],
            "ratios": [
                {
                    **verdict.cell._asdict(),
                    "ratio": f"{verdict.target.above} / {verdict.target.below}",
                    "median": verdict.ratio,
                    "target": verdict.bound,
                    "reached": verdict.is_reached,
                }
                for verdict in self.verdicts()
            ],
        }


def machine() -> dict[str, Any]:
    """Tell on what it was measured, without naming the machine."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.partition(":")[2].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        return platform.processor()
