"""Under gunicorn, 2 workers of 8 threads, with 64 visitors: ``python -m benchmarks.gunicorn_load``.

Requests a second and how long they take, against Django under the same gunicorn; and, as the most
that this gunicorn and these visitors could do, bare Flask.
"""

from __future__ import annotations

import asyncio
import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import Any

from .contenders import CONTENDERS
from .contenders.ours_site import make_table
from .databases import available, describe, lend
from .load import Visitor
from .progress import progress
from .results import machine
from .server import serve

_LOADED = ["bare", "ours", "django"]
_COLUMNS = {
    "requests_per_second": "requests a second",
    "p50": "p50, ms",
    "p99": "p99, ms",
    "client": "a core's time for the visitors",
}

#: what each contender has given in each round
Rounds = dict[str, list[dict[str, float]]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, and write what is asked for."""
    options = _options(arguments)
    measured = {database: _measure(database, options) for database in options.databases}
    for database, rounds in measured.items():
        _print(database, rounds)
    if options.json:
        document = _document(measured, options)
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _options(arguments: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks.gunicorn_load", description=__doc__)
    parser.add_argument("--databases", nargs="+", choices=available(), default=available())
    parser.add_argument("--visitors", type=int, default=64)
    parser.add_argument("--requests", type=int, default=5000, help="in each round")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument(
        "--journal", choices=["wal", "delete"], default="wal", help="the mode of SQLite's file"
    )
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args(arguments)


def _measure(database: str, options: Namespace) -> Rounds:
    """Load all by turns, each round with a server of its own that is warm."""
    rounds: Rounds = {name: [] for name in _LOADED}
    with (
        lend(database, journal=options.journal) as make,
        progress(database, options.rounds * len(_LOADED)) as advance,
    ):
        urls = {name: make(name) for name in _LOADED}
        for url in urls.values():
            make_table(url)
        for number in range(options.rounds):
            for name in _in_turn(number):
                workers, threads = options.workers, options.threads
                with serve(name, urls[name], workers=workers, threads=threads) as port:
                    rounds[name].append(asyncio.run(_load(port, options)))
                advance()
    return rounds


def _in_turn(number: int) -> Iterator[str]:
    first = number % len(_LOADED)
    yield from _LOADED[first:] + _LOADED[:first]


async def _load(port: int, options: Namespace) -> dict[str, float]:
    """Return what a round of requests from all visitors gives."""
    visitors = [Visitor(port) for _ in range(options.visitors)]
    each = max(options.requests // options.visitors, 2)
    await asyncio.gather(*(_visit(visitor, max(each // 4, 1)) for visitor in visitors))
    begin, used = perf_counter(), process_time()
    waits = await asyncio.gather(*(_visit(visitor, each) for visitor in visitors))
    seconds, used = perf_counter() - begin, process_time() - used
    hundredths = quantiles([wait for many in waits for wait in many], n=100)
    return {
        "requests_per_second": each * len(visitors) / seconds,
        "p50": hundredths[49] * 1e3,
        "p99": hundredths[98] * 1e3,
        "client": used / seconds,
    }


async def _visit(visitor: Visitor, times: int) -> list[float]:
    waits = []
    for _ in range(times):
        answer = await visitor.get("count")
        if answer.status != 200:
            raise RuntimeError(f"The server has answered {answer.status}.")
        waits.append(answer.seconds)
    return waits


def _print(database: str, rounds: Rounds) -> None:
    print(f"| {database} | {' | '.join(_COLUMNS.values())} |")
    print("|---|" + "---:|" * len(_COLUMNS))
    for name in rounds:
        row = _medians(rounds, name)
        figures = f"{row['requests_per_second']:.0f} | {row['p50']:.1f} | {row['p99']:.1f}"
        print(f"| {CONTENDERS[name]} | {figures} | {row['client']:.0%} |")
    ratios = _ratios(rounds)
    figures = " | ".join(f"{ratios[key]:.2f}" for key in ("requests_per_second", "p50", "p99"))
    print(f"| {CONTENDERS['ours']} / {CONTENDERS['django']} | {figures} | |\n", flush=True)


def _medians(rounds: Rounds, name: str) -> dict[str, float]:
    return {key: median(one[key] for one in rounds[name]) for key in _COLUMNS}


def _ratios(rounds: Rounds) -> dict[str, float]:
    """Return the medians of what ours is to Django's in each round."""
    pairs = list(zip(rounds["ours"], rounds["django"], strict=True))
    return {key: median(own[key] / other[key] for own, other in pairs) for key in _COLUMNS}


def _document(measured: dict[str, Rounds], options: Namespace) -> dict[str, Any]:
    numbers = ("visitors", "requests", "rounds", "workers", "threads")
    return {
        "machine": machine(),
        "databases": {
            database: describe(database, journal=options.journal) for database in measured
        },
        **{name: getattr(options, name) for name in numbers},
        "results": [
            {"database": database, "contender": name, **_medians(rounds, name), "rounds": given}
            for database, rounds in measured.items()
            for name, given in rounds.items()
        ],
        "ratios": [
            {"database": database, "ratio": "ours / django", **_ratios(rounds)}
            for database, rounds in measured.items()
        ],
    }


if __name__ == "__main__":
    main()
