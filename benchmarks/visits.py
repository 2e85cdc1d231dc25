"""What a visitor's request costs: this package beside what people would pick instead.

    python -m benchmarks.visits --rounds 15

Each contender runs in a process of its own, over its WSGI callable; in each round each does the
same number of requests, one contender after the other in an order that is turned on from round to
round, so that a machine whose speed drifts favours nobody. What counts is the median of the ratios
round by round, not a time.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any

import sqlalchemy as sa

from .chart import draw
from .contenders import CONTENDERS, WSGIApplication

#: what is done: the path, and whether the visitor has a session
KINDS = {
    "returning": ("/count", True),
    "new": ("/count", False),
    "read": ("/read", True),
    "untouched": ("/untouched", True),
}

#: numerator, denominator, kind, whether at most or at least, and the bound by database
TARGETS = [
    ("ours", "floor", "returning", "<=", {"sqlite": 1.25, "postgresql": 1.18}),
    ("ours", "floor", "new", "<=", {"sqlite": 1.25, "postgresql": 1.18}),
    ("django", "ours", "returning", ">=", {"sqlite": 2.5, "postgresql": 2.5}),
    ("flask_session", "ours", "returning", ">=", {"sqlite": 3.0, "postgresql": 2.8}),
    ("django", "ours", "read", ">=", {"sqlite": 2.2, "postgresql": 2.5}),
    ("ours", "bare", "untouched", "<=", {"sqlite": 1.1, "postgresql": 1.1}),
]

Times = dict[str, list[float]]

_NO_BODY = BytesIO()


class Browser:
    """One visitor of a WSGI application, without a network between."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self.cookie = ""

    def get(self, path: str, cookie: str) -> tuple[str, str]:
        """Ask for *path*, and return the status and the cookie that came."""
        environ = {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "localhost",
            "HTTP_COOKIE": cookie,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": _NO_BODY,
            "wsgi.errors": None,
            "wsgi.multithread": False,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        answer: list[Any] = []
        body = self._app(environ, lambda status, headers, _=None: answer.extend((status, headers)))
        for _ in body:
            pass
        if hasattr(body, "close"):
            body.close()
        found = next((value for name, value in answer[1] if name == "Set-Cookie"), "")
        return answer[0], found.partition(";")[0]

    def visit(self, kind: str, times: int) -> float:
        """Do requests of a kind, and return the seconds that one took."""
        path, returning = KINDS[kind]
        if returning and not self.cookie:
            self.cookie = self.get("/count", "")[1]
        cookie = self.cookie if returning else ""
        status, _ = self.get(path, cookie)
        assert status.startswith("200"), status
        began = time.perf_counter()
        for _ in range(times):
            self.get(path, cookie)
        return (time.perf_counter() - began) / times


def _serve(name: str, url: str, blob: str, pipe: Connection) -> None:
    browser = Browser(CONTENDERS[name](sa.make_url(url), blob))
    pipe.send("ready")
    while order := pipe.recv():
        pipe.send(browser.visit(*order))


@contextmanager
def _process(name: str, url: str, blob: str) -> Iterator[Connection]:
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_serve, args=(name, url, blob, theirs), daemon=True)
    process.start()
    assert ours.recv() == "ready"
    yield ours
    ours.send(None)
    process.join()


def measure(urls: dict[str, str], blob: str, kind: str, rounds: int, requests: int) -> Times:
    """Have all contenders do *kind*, round by round; return the seconds a request took."""
    times: Times = {name: [] for name in urls}
    with ExitStack() as stack:
        pipes = {name: stack.enter_context(_process(name, urls[name], blob)) for name in urls}
        for number in range(rounds + 1):
            names = list(pipes)
            for name in names[number % len(names) :] + names[: number % len(names)]:
                pipes[name].send((kind, requests))
                took = pipes[name].recv()
                if number:  # the first round warms up
                    times[name].append(took)
    return times


def ratio(times: Times, numerator: str, denominator: str) -> float:
    """Return the median of the ratios of the rounds."""
    pairs = zip(times[numerator], times[denominator], strict=True)
    return statistics.median(above / below for above, below in pairs)


def some_data(size: int) -> str:
    """Return text of about *size* bytes that compresses by half, as real data does."""
    random = Random(1)
    return "".join(random.choice("abcdefgh") + "=item " for _ in range(size // 7))


@contextmanager
def _databases(kind: str) -> Iterator[dict[str, str]]:
    """Lend a database for each contender."""
    with tempfile.TemporaryDirectory() as folder:
        if kind == "sqlite":
            yield {name: f"sqlite:///{Path(folder, name)}.sqlite3" for name in CONTENDERS}
            return
        server = sa.make_url(os.environ["TEST_POSTGRESQL_URL"])
        names = {name: f"flask_dj_session_bench_{os.getpid()}_{name}" for name in CONTENDERS}
        engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            for name in names.values():
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
        try:
            yield {
                name: server.set(database=database).render_as_string(hide_password=False)
                for name, database in names.items()
            }
        finally:
            with engine.connect() as connection:
                for name in names.values():
                    connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def report(database: str, size: str, kind: str, times: Times) -> list[dict[str, Any]]:
    """Print the medians of a kind, and the ratios that have a target."""
    medians = {name: statistics.median(seconds) * 1e6 for name, seconds in times.items()}
    shown = "  ".join(f"{name} {median:.0f}" for name, median in medians.items())
    print(f"{database}, {size}, {kind} [µs a request]: {shown}")
    found = []
    for above, below, of, sign, bounds in TARGETS:
        if of != kind or size != "small" or above not in times or below not in times:
            continue
        value, bound = ratio(times, above, below), bounds[database]
        reached = value <= bound if sign == "<=" else value >= bound
        print(f"    {above} / {below} = {value:.2f} ({sign} {bound}: {_word(reached=reached)})")
        found.append({"ratio": f"{above}/{below}", "value": value, "bound": f"{sign} {bound}"})
    return [{"database": database, "size": size, "kind": kind, "us": medians, "targets": found}]


def _word(*, reached: bool) -> str:
    return "reached" if reached else "MISSED"


def main() -> None:
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--requests", type=int, default=200, help="in a round, of each contender")
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--sizes", nargs="+", default=["small", "20kB"], choices=["small", "20kB"])
    parser.add_argument("--databases", nargs="+", choices=["sqlite", "postgresql"])
    parser.add_argument("--contenders", nargs="+", default=list(CONTENDERS))
    parser.add_argument("--json", type=Path, help="write the results there")
    parser.add_argument("--chart", type=Path, help="draw them there, as SVG")
    given = parser.parse_args()
    databases = given.databases or ["sqlite"]
    if not given.databases and "TEST_POSTGRESQL_URL" in os.environ:
        databases.append("postgresql")
    results: list[dict[str, Any]] = []
    for database in databases:
        for size in given.sizes:
            blob = "" if size == "small" else some_data(20_000)
            for kind in given.kinds:
                with _databases(database) as urls:
                    chosen = {name: urls[name] for name in given.contenders}
                    times = measure(chosen, blob, kind, given.rounds, given.requests)
                results += report(database, size, kind, times)
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"
    if given.json:
        given.json.write_text(json.dumps({"machine": machine, "results": results}, indent=1) + "\n")
    if given.chart:
        given.chart.write_text(draw(results, machine), encoding="utf-8")


if __name__ == "__main__":
    main()
