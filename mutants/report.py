"""What became of the faults: a line for each room, and those that went unnoticed."""

from __future__ import annotations

import difflib
import json
import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
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
    "inspector/nearness.py",
    "pages/derivation.py",
    "pages/forms.py",
    "pages/sent_key.py",
)


def print_report(
    works: Mapping[Path, WorkDB],
    reasons_file: Path,
    *,
    listed: bool,
    sample: Collection[str] | None = None,
) -> bool:
    """Print what is known, and return whether a bar is missed.

    :param reasons_file: tells of faults why they change nothing that could be noticed.
    :param listed: whether to show each that went unnoticed.
    :param sample: the ids of those that count, if not all do.
    """
    reasons = _Reasons(reasons_file)
    totals: dict[str, Counter[str]] = {}
    for path, work in works.items():
        part = next((part for part in WHOLE if part in str(path)), "")
        counts = _counted(path, work, reasons, listed, sample)
        for name in filter(None, (room_of(path), part)):
            totals[name] = totals.get(name, Counter()) + counts
    print(f"{'':24}{'tried':>7}{'noticed':>9}{'of all':>14}{'same':>6}{'missed':>8}{'left':>6}")
    missing = False
    for name, counts in totals.items():
        counted = counts["noticed"] + counts["missed"]
        share = counts["noticed"] / counted if counted else 1.0
        is_low = share < (1.0 if name in WHOLE else BAR)
        missing |= is_low
        low, high = interval(counts["noticed"], counted)
        print(
            f"{name:24}{counted + counts['same']:7}{share:9.1%}"
            f"{f'{low:.1%}-{high:.1%}':>14}{counts['same']:6}"
            f"{counts['missed']:8}{counts['left']:6}{'  too few' if is_low else ''}"
        )
    tried = [path for path, work in works.items() if not work.pending_work_items]
    for reason in reasons.unused(tried) if sample is None else ():
        print(f"No such fault (or it is noticed now), in {reasons_file}: {reason}")
    return missing


def interval(noticed: int, counted: int) -> tuple[float, float]:
    """Return between which shares that of all faults is, in 19 of 20 samples (Wilson's bounds)."""
    if not counted:
        return 0.0, 1.0
    share, z = noticed / counted, 1.96
    middle = share + z * z / (2 * counted)
    spread = z * math.sqrt((share * (1 - share) + z * z / (4 * counted)) / counted)
    whole = 1 + z * z / counted
    return max((middle - spread) / whole, 0.0), min((middle + spread) / whole, 1.0)


def _counted(
    path: Path, work: WorkDB, reasons: _Reasons, listed: bool, sample: Collection[str] | None
) -> Counter[str]:
    source = path.read_text(encoding="utf-8")
    counts: Counter[str] = Counter()
    for item, result in work.completed_work_items:
        if sample is not None and item.job_id not in sample:
            continue
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
    counts["left"] = sum(
        sample is None or item.job_id in sample for item in work.pending_work_items
    )
    return counts


def _change(before: str, after: str) -> str:
    """Return the lines that a fault changes, with - and +."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))


class _Reasons:
    """Why faults that nobody notices change nothing: objects with path, change and why.

    One without a path tells of a kind of faults: wherever a line has what stands behind its minus,
    and the fault puts there what stands behind its plus.
    """

    def __init__(self, file: Path) -> None:
        told: list[dict[str, str]] = json.loads(file.read_text())
        self._whys = {
            (each["path"], _stripped(each["change"])): each["why"]
            for each in told
            if "path" in each
        }
        self._kinds = [_sides(each["change"]) for each in told if "path" not in each]
        self._used: set[tuple[str, str]] = set()

    def knows(self, path: Path, change: str) -> bool:
        """Return whether there is a reason for this change."""
        key = (str(path), _stripped(change))
        self._used.add(key)
        before, after = _sides(change)
        return key in self._whys or any(
            kind in before and before.replace(kind, instead) == after
            for kind, instead in self._kinds
        )

    def unused(self, paths: Any) -> Iterator[str]:
        """Return those in *paths* that no unnoticed fault has asked for."""
        looked_at = {str(path) for path in paths}
        for path, change in self._whys.keys() - self._used:
            if path in looked_at:
                yield f"{path}: {change}"


def _stripped(change: str) -> str:
    return "\n".join(f"{line[:1]} {line[1:].strip()}" for line in change.strip().splitlines())


def _sides(change: str) -> tuple[str, str]:
    """Return what a change removes and what it adds, without spaces."""
    sides = {"-": "", "+": ""}
    for line in change.splitlines():
        sides[line[0]] += "".join(line[1:].split())
    return sides["-"], sides["+"]
