"""How many instructions of the processor a request takes, contender beside contender.

    python -m benchmarks.instructions

Times differ from machine to machine and from run to run; this number hardly does, so that a change
by a hundredth can be seen. It is Valgrind's, of the process of the contender alone: what the system
and a server do for it, and how long it waits for them, is not in it.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from . import databases
from .caches import clean
from .contenders.ours_site import make_table

#: of which contenders, and the ratios of which two
_CONTENDERS = ("floor", "app_floor", "ours", "merging", "django")
_RATIOS = (
    ("ours", "floor"),
    ("merging", "floor"),
    ("merging", "app_floor"),
    ("merging", "ours"),
    ("django", "ours"),
)
_CACHED = ("cached_floor", "cached", "django_cached")
_CACHED_RATIOS = (("cached", "cached_floor"), ("django_cached", "cached"))

_KINDS = ("returning", "read")
_WARM_UP = 300
#: of each kind, so many requests and so many more are counted; the difference is what they take
_FEW, _MORE = 50, 200

_NO_FILE = "--cachegrind-out-file"
_COUNTED = re.compile(r"I\s+refs:\s+([\d,]+)")


def main() -> None:
    """Count, and print a table and the ratios for each database."""
    parser = argparse.ArgumentParser(description=__doc__)
    available = databases.available()
    parser.add_argument("--databases", nargs="+", choices=available, default=available)
    parser.add_argument("--kinds", nargs="+", choices=_KINDS, default=_KINDS)
    parser.add_argument("--requests", type=int, default=_MORE, help="for each number")
    parser.add_argument("--caches", action="store_true", help="with a Redis: TEST_REDIS_URL")
    options = parser.parse_args()
    if shutil.which("valgrind") is None:
        raise SystemExit("'valgrind' is not installed, and it is what counts. Install it first.")
    names, ratios = (_CACHED, _CACHED_RATIOS) if options.caches else (_CONTENDERS, _RATIOS)
    try:
        for database in options.databases:
            for kind in options.kinds:
                found = _count(names, database, kind, options.requests)
                _print(f"{database}: {kind}", found, ratios)
    finally:
        if options.caches:
            clean()


def _count(names: tuple[str, ...], database: str, kind: str, requests: int) -> dict[str, float]:
    """Return how many instructions a request takes, in thousands."""

    def count(name: str) -> float:
        _run([], urls[name], name, kind, 1)  # so that nothing need be compiled any more
        few, more = (_total(urls[name], name, kind, number) for number in (_FEW, _FEW + requests))
        return (more - few) / requests / 1000

    with databases.lend(database) as make, ThreadPoolExecutor(os.cpu_count()) as pool:
        urls = {name: make(name) for name in names}
        for url in urls.values():
            make_table(url)
        return dict(zip(names, pool.map(count, names), strict=True))


def _total(url: str, name: str, kind: str, requests: int) -> int:
    """Return the instructions of a contender's whole process."""
    valgrind = ["valgrind", "--tool=cachegrind", "--cache-sim=no", f"{_NO_FILE}=/dev/null"]
    said = _run(valgrind, url, name, kind, requests)
    counted = _COUNTED.search(said)
    if counted is None:
        raise SystemExit(f"'valgrind' has counted nothing:\n{said}")
    return int(counted[1].replace(",", ""))


def _run(before: list[str], url: str, name: str, kind: str, requests: int) -> str:
    """Run a contender's process, and return what is said of it."""
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [*before, sys.executable, "-m", f"{__package__}.contender", name, url, "small"],
        input=f"{kind} {_WARM_UP}\n{kind} {requests}\n",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"'{name}' has failed:\n{done.stderr}")
    return done.stderr


def _print(title: str, found: dict[str, float], ratios: tuple[tuple[str, str], ...]) -> None:
    numbers = ", ".join(f"{name} {number:.0f}" for name, number in found.items())
    print(f"{title}, thousands of instructions: {numbers}")
    for above, below in ratios:
        print(f"{title}: {above} / {below}: {found[above] / found[below]:.3f}", flush=True)


if __name__ == "__main__":
    main()
