"""The codec alone, against Django's ``signing``: ``python -m benchmarks.codec``.

Both write the same bytes with the same keys, so what differs is only how they get there.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from statistics import median
from time import perf_counter
from typing import Any

from django.conf import settings
from django.contrib.sessions.serializers import JSONSerializer
from django.core import signing

from flask_dj_session.wire import SessionCodec

from .data import SIZES, filling

_SECRET_KEY = "benchmark"
_SALT = "django.contrib.sessions.SessionStore"

Step = Callable[[], Any]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print a table."""
    parser = ArgumentParser(prog="python -m benchmarks.codec", description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--times", type=int, default=500, help="in each round")
    options = parser.parse_args(arguments)
    settings.configure(SECRET_KEY=_SECRET_KEY)
    print("| | flask_dj_session, µs | Django, µs | Django / flask_dj_session |")
    print("|---|---:|---:|---:|")
    for size in SIZES:
        data = {"basket": filling(size), "n": 1} if filling(size) else {"n": 1}
        for label, ours, django in _steps(data):
            rounds = [_round(ours, django, options.times, turn) for turn in range(options.rounds)]
            ratio = median(other / own for own, other in rounds)
            own, other = (median(column) for column in zip(*rounds, strict=True))
            print(f"| {label}, {size} | {own:.1f} | {other:.1f} | {ratio:.2f} |")


def _steps(data: dict[str, Any]) -> list[tuple[str, Step, Step]]:
    codec = SessionCodec(_SECRET_KEY)
    text = signing.dumps(data, salt=_SALT, serializer=JSONSerializer, compress=True)
    assert codec.decode(text) == data
    return [
        (
            "encode",
            lambda: codec.encode(data, datetime.now(timezone.utc)),
            lambda: signing.dumps(data, salt=_SALT, serializer=JSONSerializer, compress=True),
        ),
        (
            "decode",
            lambda: codec.decode(text),
            lambda: signing.loads(text, salt=_SALT, serializer=JSONSerializer),
        ),
    ]


def _round(ours: Step, django: Step, times: int, turn: int) -> tuple[float, float]:
    """Return the microseconds of both, the one before the other by turns."""
    if turn % 2:
        own = _time(ours, times)
        return own, _time(django, times)
    other = _time(django, times)
    return _time(ours, times), other


def _time(step: Step, times: int) -> float:
    begin = perf_counter()
    for _ in range(times):
        step()
    return (perf_counter() - begin) / times * 1e6


if __name__ == "__main__":
    main()
