"""Under gunicorn, 2 workers of 8 threads, with 64 visitors: ``python -m benchmarks.gunicorn_load``.

Requests a second and how long they take, against Django under the same gunicorn; or, with
``--check``, whether everything is right under load.
"""

from __future__ import annotations

import asyncio
import json
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any

from .checks import CHECKS, Site
from .contenders.ours_site import make_table
from .databases import available, lend
from .load import Visitor
from .results import machine, say
from .server import serve

_CONTENDERS = ["ours", "django"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure or check, and print."""
    options = _options(arguments)
    if options.check:
        for database in options.databases:
            _check(database, options)
        return
    rows = [row for database in options.databases for row in _compare(database, options)]
    if options.json:
        document = {"machine": machine(), "results": rows}
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _options(arguments: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks.gunicorn_load", description=__doc__)
    parser.add_argument("--check", action="store_true", help="check instead of measuring")
    parser.add_argument("--databases", nargs="+", choices=available(), default=available())
    parser.add_argument("--visitors", type=int, default=64)
    parser.add_argument("--requests", type=int, default=20_000, help="to check; a round has 1/4")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args(arguments)


def _check(database: str, options: Namespace) -> None:
    with lend(database) as make:
        url = make("check")
        make_table(url)
        with serve("ours", url, workers=options.workers, threads=options.threads) as port:
            site = Site(port, url, options.visitors, options.requests, options.workers)
            for check in CHECKS:
                done = asyncio.run(_named(check, site))
                print(f"{database}: {done}", flush=True)


async def _named(check: Any, site: Site) -> str:
    return f"{check.__name__.replace('_', ' ')}: {await check(site)}"


def _compare(database: str, options: Namespace) -> list[dict[str, Any]]:
    """Load both by turns, each round with a server of its own that is warm."""
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in _CONTENDERS}
    with lend(database) as make:
        urls = {name: make(name) for name in _CONTENDERS}
        for url in urls.values():
            make_table(url)
        for number in range(options.rounds):
            say(f"\r{database}: round {number + 1} of {options.rounds}")
            for name in _CONTENDERS if number % 2 else reversed(_CONTENDERS):
                workers, threads = options.workers, options.threads
                with serve(name, urls[name], workers=workers, threads=threads) as port:
                    rounds[name].append(asyncio.run(_load(port, options)))
    say("\n")
    return _print(database, rounds)


async def _load(port: int, options: Namespace) -> dict[str, float]:
    """Return what a round of requests from all visitors gives."""
    visitors = [Visitor(port) for _ in range(options.visitors)]
    each = max(options.requests // 4 // options.visitors, 2)
    await asyncio.gather(*(_visit(visitor, max(each // 4, 1)) for visitor in visitors))
    begin = perf_counter()
    waits = await asyncio.gather(*(_visit(visitor, each) for visitor in visitors))
    seconds = perf_counter() - begin
    hundredths = quantiles([wait for many in waits for wait in many], n=100)
    return {
        "requests_per_second": each * len(visitors) / seconds,
        "p50": hundredths[49] * 1e3,
        "p99": hundredths[98] * 1e3,
    }


async def _visit(visitor: Visitor, times: int) -> list[float]:
    waits = []
    for _ in range(times):
        answer = await visitor.get("count")
        if answer.status != 200:
            raise RuntimeError(f"The server has answered {answer.status}.")
        waits.append(answer.seconds)
    return waits


def _print(database: str, rounds: dict[str, list[dict[str, float]]]) -> list[dict[str, Any]]:
    rows = []
    print(f"| {database} | requests a second | p50, ms | p99, ms |\n|---|---:|---:|---:|")
    for name, measured in rounds.items():
        row = {key: median(one[key] for one in measured) for key in measured[0]}
        print("| {} | {:.0f} | {:.1f} | {:.1f} |".format(name, *row.values()))
        rows.append({"database": database, "contender": name, **row, "rounds": measured})
    print("| ours / Django |", end="")
    for key in rounds["ours"][0]:
        pairs = zip(rounds["ours"], rounds["django"], strict=True)
        print(f" {median(own[key] / other[key] for own, other in pairs):.2f} |", end="")
    print("\n", flush=True)
    return rows


if __name__ == "__main__":
    main()
