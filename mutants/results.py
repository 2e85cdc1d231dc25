"""What became of faults on other machines: a file in the repository, good as long as the code is.

A room has more faults than can be tried in an hour or two, and a machine may be new each time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cosmic_ray.work_db import WorkDB
from cosmic_ray.work_item import TestOutcome, WorkerOutcome, WorkResult

from .items import Mutant

#: of each file: what it was like, and for each operator which of its occurrences were tried
Kept = dict[str, dict[str, Any]]


def take_over(works: Mapping[Path, WorkDB], kept_in: Path) -> None:
    """Enter what is kept of faults that have not been tried here."""
    kept: Kept = json.loads(kept_in.read_text()) if kept_in.exists() else {}
    for path, work in works.items():
        of_file = kept.get(str(path), {})
        if of_file.get("of") != _digest(path):
            continue
        for item in work.pending_work_items:
            mutant = Mutant.of(item)
            for outcome in (TestOutcome.KILLED, TestOutcome.SURVIVED):
                if mutant.occurrence in of_file[outcome.value].get(mutant.operator, ()):
                    result = WorkResult(WorkerOutcome.NORMAL, output="", test_outcome=outcome)
                    work.set_result(item.job_id, result)


def keep(works: Mapping[Path, WorkDB], kept_in: Path) -> None:
    """Write what has become of faults, beside what is kept of other files that are as they were."""
    kept: Kept = json.loads(kept_in.read_text()) if kept_in.exists() else {}
    kept = {path: told for path, told in kept.items() if told["of"] == _digest(Path(path))}
    for path, work in works.items():
        if work.num_results:
            kept[str(path)] = _of_file(path, work)
    text = json.dumps(dict(sorted(kept.items())), indent=1, sort_keys=True)
    kept_in.write_text(_with_short_lists(text) + "\n")


def _of_file(path: Path, work: WorkDB) -> dict[str, Any]:
    told: dict[str, dict[str, list[int]]] = {"killed": {}, "survived": {}}
    for item, result in work.completed_work_items:
        mutant = Mutant.of(item)
        outcome = TestOutcome.KILLED if result.is_killed else TestOutcome.SURVIVED
        told[outcome.value].setdefault(mutant.operator, []).append(mutant.occurrence)
    for occurrences in (each for by_operator in told.values() for each in by_operator.values()):
        occurrences.sort()
    return {"of": _digest(path), **told}


def _with_short_lists(text: str) -> str:
    """Put each list of numbers on one line."""
    parts = text.split("[")
    lists = (part.partition("]") for part in parts[1:])
    return parts[0] + "".join(
        "[" + " ".join(numbers.split()) + bracket + rest for numbers, bracket, rest in lists
    )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.exists() else ""
