"""What a request costs that only looks, with and without a touch: ``python -m benchmarks.touch``.

Four ways to keep a visitor logged in, on the same views: not at all, by SESSION_TOUCH_AFTER where
it is not time yet and where each request touches, and by SESSION_SAVE_EVERY_REQUEST.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from contextlib import ExitStack
from statistics import median
from typing import Any

from flask import Flask

from flask_dj_session import DjangoSessions

from . import databases
from .contender import Contender
from .contenders.flask_sites import add_views, on_database
from .data import SIZES

#: what each way is called, and the settings for it
WAYS: dict[str, dict[str, Any]] = {
    "neither": {},
    "SESSION_TOUCH_AFTER, not yet": {"SESSION_TOUCH_AFTER": 3600},
    "SESSION_TOUCH_AFTER, each time": {"SESSION_TOUCH_AFTER": 1e-6},
    "SESSION_SAVE_EVERY_REQUEST": {"SESSION_SAVE_EVERY_REQUEST": True},
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print a table."""
    parser = ArgumentParser(prog="python -m benchmarks.touch", description=__doc__)
    available = databases.available(databases.KINDS)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--requests", type=int, default=200, help="in each round, of each way")
    parser.add_argument("--databases", nargs="+", choices=available, default=available)
    options = parser.parse_args(arguments)
    print("| | µs for a request | ratio to neither |")
    print("|---|---:|---:|")
    for database in options.databases:
        for size in SIZES:
            _measure(database, size, options.rounds, options.requests)


def _measure(database: str, size: str, rounds: int, requests: int) -> None:
    with databases.lend(database) as make, ExitStack() as stack:
        sites = {
            way: _site(make(f"way{number}"), size, WAYS[way], stack)
            for number, way in enumerate(WAYS)
        }
        times: dict[str, list[float]] = {way: [] for way in WAYS}
        for number in range(rounds):
            for way in [*WAYS][number % len(WAYS) :] + [*WAYS][: number % len(WAYS)]:
                seconds = sites[way].time("read", requests)
                times[way].append(seconds / requests * 1e6)
    base = times["neither"]
    for way, of_way in times.items():
        ratio = median(one / other for one, other in zip(of_way, base, strict=True))
        print(f"| {database}, {size}: {way} | {median(of_way):.0f} | {ratio:.2f} |", flush=True)


def _site(url: str, size: str, config: dict[str, Any], stack: ExitStack) -> Contender:
    app = Flask(__name__)
    app.config.update(SECRET_KEY="benchmark", **config)
    db = on_database(app, url)
    sessions = DjangoSessions(app, db)
    add_views(app, size)
    context = app.app_context()
    with context:
        sessions.create_table()
        stack.callback(db.engine.dispose)
    return Contender(app, keeps=True)


if __name__ == "__main__":
    main()
