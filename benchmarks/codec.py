"""The codec alone against Django's signing, on small data and on 20 kB of it.

python -m benchmarks.codec
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from django.conf import settings

from flask_dj_session import SessionCodec

from .visits import some_data

SECRET_KEY = "the benchmark's"


def seconds(call: Callable[[], object], times: int) -> float:
    """Return the seconds that one call takes."""
    began = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - began) / times


def compare(data: dict[str, Any], rounds: int, times: int) -> dict[str, tuple[float, float]]:
    """Return for each direction our microseconds, and the median ratio of Django's to them."""
    from django.contrib.sessions.backends.db import SessionStore

    codec, store, now = SessionCodec(SECRET_KEY), SessionStore(), datetime.now(timezone.utc)
    text = codec.encode(data, now)
    assert store.decode(text) == codec.decode(text) == data
    pairs = {
        "encode": (lambda: codec.encode(data, now), lambda: store.encode(data)),
        "decode": (lambda: codec.decode(text), lambda: store.decode(text)),
    }
    found = {}
    for name, (ours, theirs) in pairs.items():
        taken = [(seconds(ours, times), seconds(theirs, times)) for _ in range(rounds)]
        ratio = statistics.median(their / our for our, their in taken)
        found[name] = (statistics.median(our for our, _ in taken) * 1e6, ratio)
    return found


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--times", type=int, default=500)
    given = parser.parse_args()
    settings.configure(SECRET_KEY=SECRET_KEY)
    sizes: dict[str, dict[str, Any]] = {
        "small": {"n": 1},
        "20 kB": {"n": 1, "blob": some_data(20_000)},
    }
    for size, data in sizes.items():
        for name, (us, ratio) in compare(data, given.rounds, given.times).items():
            print(f"{size}, {name}: {us:.1f} µs, Django's takes {ratio:.2f} times as long")


if __name__ == "__main__":
    main()
