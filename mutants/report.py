"""What became of the faults: a line for each room, and those that went unnoticed."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cosmic_ray.work_db import WorkDB

from .items import Mutant, room_of

#: of a room's faults that change something, how many must be noticed
BAR = 0.97
#: where all must be
WHOLE = (
    "wire/signing.py",
    "wire/keys.py",
    "auth/hashes.py",
    "auth/csrf.py",
    "inspector/access.py",
    "inspector/csrf.py",
)


def print_report(works: Mapping[Path, WorkDB], reasons_file: Path, *, listed: bool) -> bool:
    """Print what is known, and return whether a bar is missed.

    :param reasons_file: tells of faults why they change nothing that could be noticed.
    :param listed: whether to show each that went unnoticed.
    """
    reasons = _Reasons(reasons_file)
    totals: dict[str, Counter[str]] = {}
    for path, work in works.items():
        part = next((part for part in WHOLE if part in str(path)), "")
        counts = _counted(path, work, reasons, listed)
        for name in filter(None, (room_of(path), part)):
            totals[name] = totals.get(name, Counter()) + counts
    print(f"{'':24}{'tried':>7}{'noticed':>9}{'same':>6}{'missed':>8}{'left':>6}")
    missing = False
    for name, counts in totals.items():
        counted = counts["noticed"] + counts["missed"]
        share = counts["noticed"] / counted if counted else 1.0
        is_low = share < (1.0 if name in WHOLE else BAR)
        missing |= is_low
        print(
            f"{name:24}{counted + counts['same']:7}{share:9.1%}{counts['same']:6}"
            f"{counts['missed']:8}{counts['left']:6}{'  too few' if is_low else ''}"
        )
    for reason in reasons.unused(works):
        print(f"No such fault (or it is noticed now), in {reasons_file}: {reason}")
    return missing


def _counted(path: Path, work: WorkDB, reasons: _Reasons, listed: bool) -> Counter[str]:
    source = path.read_text(encoding="utf-8")
    counts: Counter[str] = Counter()
    for item, result in work.completed_work_items:
        if result.is_killed:
            counts["noticed"] += 1
            continue
        change = _change(source, Mutant.of(item).code(source))
        if reasons.knows(path, change):
            counts["same"] += 1
            continue
        counts["missed"] += 1
        if listed:
            spec = item.mutations[0]
            where = f"{path}:{spec.start_pos[0]} in {spec.definition_name}, {spec.operator_name}"
            said = "" if result.output is not None else ", by no test reached"
            print(f"{where}{said}\n{change}\n")
    counts["left"] = work.num_work_items - work.num_results
    return counts


def _change(before: str, after: str) -> str:
    """Return the lines that a fault changes, with - and +."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))


class _Reasons:
    """Why faults that nobody notices change nothing: objects with path, change and why."""

    def __init__(self, file: Path) -> None:
        told: list[dict[str, str]] = json.loads(file.read_text())
        self._whys = {(each["path"], _stripped(each["change"])): each["why"] for each in told}
        self._used: set[tuple[str, str]] = set()

    def knows(self, path: Path, change: str) -> bool:
        """Return whether there is a reason for this change."""
        key = (str(path), _stripped(change))
        self._used.add(key)
        return key in self._whys

    def unused(self, paths: Any) -> Iterator[str]:
        """Return those in *paths* that no unnoticed fault has asked for."""
        looked_at = {str(path) for path in paths}
        for path, change in self._whys.keys() - self._used:
            if path in looked_at:
                yield f"{path}: {change}"


def _stripped(change: str) -> str:
    return "\n".join(f"{line[:1]} {line[1:].strip()}" for line in change.strip().splitlines())
