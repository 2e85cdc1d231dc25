"""What a request costs on a site with a cache: this package, Django's ``cached_db``, and a floor.

    TEST_REDIS_URL=redis://127.0.0.1:6379/5 python -m benchmarks.caches

All have the same Redis, and each a table of its own. The names that they leave there are removed.
"""

from __future__ import annotations

import argparse
import statistics
from contextlib import ExitStack

import redis

from . import databases
from .children import Child
from .contenders.caches import redis_url
from .contenders.ours_site import make_table

CONTENDERS = ("cached_floor", "cached", "django_cached")
KINDS = ("read", "returning")
#: the bars: of a kind, what may be how many times as slow as what
_BARS = (
    ("read", "cached", "cached_floor", "≤", 1.3),
    ("read", "django_cached", "cached", "≥", 2.0),
    ("returning", "django_cached", "cached", "≥", 2.0),
)

Times = dict[tuple[str, str], list[float]]


def main() -> int:
    """Measure on each database, print, and return how many bars were missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    available = databases.available()
    parser.add_argument("--databases", nargs="+", choices=available, default=available)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--requests", type=int, default=400)
    options = parser.parse_args()
    missed = 0
    try:
        for database in options.databases:
            times = _measure(database, options.rounds, options.requests)
            missed += _print(database, times)
    finally:
        clean()
    return missed


def _measure(database: str, rounds: int, requests: int) -> Times:
    times: Times = {(kind, name): [] for kind in KINDS for name in CONTENDERS}
    with databases.lend(database) as make, ExitStack() as stack:
        children = {}
        for name in CONTENDERS:
            url = make(name)
            make_table(url)
            children[name] = stack.enter_context(Child("contender", name, url, "small"))
        for child in children.values():
            child.wait_until_ready()
            for kind in KINDS:
                child.ask(f"{kind} {requests}")  # warms up
        for number in range(rounds):
            for kind in KINDS:
                for index in range(len(CONTENDERS)):
                    name = CONTENDERS[(number + index) % len(CONTENDERS)]
                    seconds = float(children[name].ask(f"{kind} {requests}"))
                    times[kind, name].append(seconds / requests * 1e6)
    return times


def _print(database: str, times: Times) -> int:
    for (kind, name), found in times.items():
        print(f"{database}: {kind}: {name}: {statistics.median(found):.0f} µs")
    missed = 0
    for kind, above, below, sign, bar in _BARS:
        pairs = zip(times[kind, above], times[kind, below], strict=True)
        ratio = statistics.median(one / other for one, other in pairs)
        is_reached = ratio <= bar if sign == "≤" else ratio >= bar
        missed += not is_reached
        judged = "reached" if is_reached else "MISSED"
        print(f"{database}: {kind}: {above} / {below}: {ratio:.2f} ({sign} {bar}): {judged}")
    return missed


def clean() -> None:
    """Remove what the contenders have left in the Redis."""
    client = redis.Redis.from_url(redis_url())
    for name in client.scan_iter(match="bench-*", count=1000):
        client.delete(name)
    client.close()


if __name__ == "__main__":
    raise SystemExit(main())
