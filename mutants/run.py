"""Put faults into the code, one at a time; see what tests notice: docs/mutation-testing.md."""

from __future__ import annotations

import argparse
import json
import os
import queue
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from cosmic_ray.work_db import WorkDB
from cosmic_ray.work_item import TestOutcome, WorkerOutcome, WorkItem, WorkResult

from .items import ROOMS, Mutant, database_of, files, room_of
from .reach import PATIENCE, Reach
from .report import print_report
from .results import keep, take_over

FOLDER = Path(".mutants")
RESULTS = Path("mutants/results.json")


def main() -> None:
    """Try what has not been tried yet, and print the report."""
    options = _options()
    FOLDER.mkdir(exist_ok=True)
    rooms = options.rooms or [*ROOMS]
    works = {path: database_of(path, FOLDER) for path in files(rooms) if _is_meant(path, options)}
    take_over(works, RESULTS)
    sample = None
    if options.sample:
        seed = random.randrange(10**6) if options.seed is None else options.seed
        print(f"The sample of --sample {options.sample} --seed {seed}:", flush=True)
        sample = sample_of(works, options.sample, FOLDER / f"sample-{seed}.json", seed)
    if not options.report:
        trees = [_tree(number) for number in range(options.workers)]
        reach = Reach(trees[0], FOLDER, options.patience)
        if options.reach or not reach.is_known:
            print("Running the suite once, to see which test comes by which line.", flush=True)
            reach.find_out()
        pending = [
            (work, item)
            for work in works.values()
            for item in _pending(work, options.again)
            if sample is None or item.job_id in sample
        ]
        random.Random(1).shuffle(pending)
        try:
            _try_all(pending[: options.limit], trees, reach)
        finally:
            if options.keep:
                keep(works, RESULTS)
    missing = print_report(
        works, Path("mutants/survivors.json"), listed=options.list, sample=sample
    )
    raise SystemExit(1 if missing else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m mutants.run", description=__doc__)
    parser.add_argument("rooms", nargs="*", choices=[[], *ROOMS], help="all, if none is named")
    parser.add_argument("--file", action="append", help="only files whose path holds this text")
    parser.add_argument("--limit", type=int, help="try at most so many, chosen at random")
    parser.add_argument(
        "--sample", type=int, help="so many of each room, chosen at random of those not tried yet"
    )
    parser.add_argument("--seed", type=int, help="go on with the sample that has this number")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="how many at a time")
    parser.add_argument("--again", action="store_true", help="try those anew that went unnoticed")
    parser.add_argument(
        "--patience", type=float, default=PATIENCE, help="seconds of tests for each fault"
    )
    parser.add_argument("--reach", action="store_true", help="find out anew which test does what")
    parser.add_argument(
        "--keep", action="store_true", help=f"write the results into {RESULTS}, for other machines"
    )
    parser.add_argument("--report", action="store_true", help="try nothing, print what is known")
    parser.add_argument("--list", action="store_true", help="show the change of each unnoticed one")
    return parser.parse_args()


def sample_of(works: Mapping[Path, WorkDB], size: int, kept_in: Path, seed: int) -> set[str]:
    """Return the ids of *size* faults of each room that had not been tried when it was drawn.

    What was tried before says nothing new: tests were written for it.

    :param kept_in: has what was drawn, so that one may go on with it, and print it again.
    """
    drawn: dict[str, list[str]] = json.loads(kept_in.read_text()) if kept_in.exists() else {}
    by_room: dict[str, list[WorkItem]] = {}
    for path, work in works.items():
        by_room.setdefault(room_of(path), []).extend(work.pending_work_items)
    for room in by_room.keys() - drawn.keys():
        # In an order of their own, as their ids are made anew with each checkout.
        pending = sorted(by_room[room], key=lambda item: Mutant.of(item))
        chosen = random.Random(seed).sample(pending, min(size, len(pending)))
        drawn[room] = [item.job_id for item in chosen]
    kept_in.write_text(json.dumps(drawn))
    return {job_id for room in by_room for job_id in drawn[room]}


def _is_meant(path: Path, options: argparse.Namespace) -> bool:
    return not options.file or any(part in str(path) for part in options.file)


def _pending(work: WorkDB, again: bool) -> list[WorkItem]:
    survivors = [item for item, result in work.completed_work_items if not result.is_killed]
    return [*work.pending_work_items, *(survivors if again else [])]


def _tree(number: int) -> Path:
    """Copy the checkout, as it is now, for one worker."""
    tree = FOLDER / f"tree-{number}"
    shutil.rmtree(tree, ignore_errors=True)
    told = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        capture_output=True,
        check=True,
        text=True,
    )
    for name in filter(None, told.stdout.split("\0")):
        if Path(name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(name, tree / name)
    _compile(tree)
    return tree.resolve()


def _compile(tree: Path) -> None:
    """Let Python and pytest compile all of *tree*, so that it is not done for each fault."""
    subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree.resolve())},
        stdout=subprocess.DEVNULL,
        check=True,
    )


def _try_all(pending: list[tuple[WorkDB, WorkItem]], trees: list[Path], reach: Reach) -> None:
    jobs: queue.SimpleQueue[tuple[WorkDB, WorkItem]] = queue.SimpleQueue()
    for job in pending:
        jobs.put(job)
    progress = _Progress(len(pending))
    ends: list[SystemExit] = []

    def work(tree: Path) -> None:
        try:
            _work(tree, jobs, reach, progress)
        except SystemExit as end:  # of which a thread tells nobody
            ends.append(end)

    threads = [threading.Thread(target=work, args=(tree,), daemon=True) for tree in trees]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if ends:
        raise ends[0]


class _Progress:
    """A line that tells how far it is, and the lock that the threads share."""

    def __init__(self, total: int) -> None:
        self.lock = threading.Lock()
        self._total = total
        self._done = self._unnoticed = 0

    def step(self, is_noticed: bool) -> None:
        """Count one."""
        self._done += 1
        self._unnoticed += not is_noticed
        end = "\r" if sys.stderr.isatty() else "\n"
        if sys.stderr.isatty() or self._done % 50 == 0 or self._done == self._total:
            told = f"{self._done} of {self._total} tried, {self._unnoticed} not noticed"
            print(told, end=end, file=sys.stderr, flush=True)


def _work(tree: Path, jobs: Any, reach: Reach, progress: _Progress) -> None:
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "mutants.worker"]
    with (
        open(FOLDER / f"{tree.name}.log", "w") as log,
        subprocess.Popen(
            command,
            cwd=tree,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as worker,
    ):
        is_tried_out = False
        while True:
            try:
                work, item = jobs.get_nowait()
            except queue.Empty:
                break
            with progress.lock:
                tests = reach.tests_for(Mutant.of(item).path, item.mutations[0].start_pos[0])
            ask = partial(_ask, worker, Mutant.of(item), tests, 3 * reach.patience)
            if not is_tried_out and ask(has_fault=False).is_killed:
                raise SystemExit(f"Tests fail without any fault; see {tree}/mutants.log.")
            is_tried_out = True
            result = ask()
            with progress.lock:
                work.set_result(item.job_id, result)
                progress.step(result.is_killed)
        assert worker.stdin is not None
        worker.stdin.close()


def _ask(
    worker: subprocess.Popen[str],
    mutant: Mutant,
    tests: list[str],
    seconds: float,
    *,
    has_fault: bool = True,
) -> WorkResult:
    if not tests:
        return WorkResult(WorkerOutcome.NO_TEST, test_outcome=TestOutcome.SURVIVED)
    source = mutant.path.read_text(encoding="utf-8")
    job = {
        "path": str(mutant.path),
        "code": mutant.code(source) if has_fault else source,
        "tests": tests,
        "seconds": seconds,
    }
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(json.dumps(job) + "\n")
    worker.stdin.flush()
    answer = worker.stdout.readline()
    if not answer:
        raise SystemExit(f"A worker has ended; see its log in {FOLDER}.")
    told = json.loads(answer)
    outcome = TestOutcome.KILLED if told["is_noticed"] else TestOutcome.SURVIVED
    return WorkResult(WorkerOutcome.NORMAL, output=told["output"], test_outcome=outcome)


if __name__ == "__main__":
    main()
