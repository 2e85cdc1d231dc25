"""The processes of ``clearsessions``: ``python -m benchmarks.clearing ROLE URL``.

``ours`` and ``django`` remove the expired sessions; ``visitor`` writes a session of its own again
and again meanwhile, and measures how long that takes.
"""

from __future__ import annotations

import json
import resource
import sqlite3
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from statistics import median
from time import perf_counter, sleep
from typing import Any

import psycopg
import sqlalchemy as sa

from .children import answer_lines
from .databases import for_psycopg, set_pragmas

VISITOR = "v" * 32
_PAUSE = 0.002


def ours(url: str) -> Callable[[], object]:
    """Return what removes the sessions with this package."""
    from .contenders.ours_site import make_sessions

    app, sessions = make_sessions(url, "small")

    def clear() -> None:
        with app.app_context():
            sessions.clear_expired()

    return clear


def django(url: str) -> Callable[[], object]:
    """Return what removes them with Django's command."""
    from django.core.management import call_command

    from .contenders.django_site import configure

    configure(url)
    return lambda: call_command("clearsessions")


def clear(role: str, url: str) -> None:
    """Be the process that removes the sessions, when asked to."""
    work = ours(url) if role == "ours" else django(url)

    def answer(line: str) -> str:
        before = peak_memory()
        begin = perf_counter()
        work()
        seconds = perf_counter() - begin
        return json.dumps({"seconds": seconds, "peak": peak_memory(), "before": before})

    answer_lines(answer)


def peak_memory() -> int:
    """Return the most memory that this process has used, in kB."""
    try:
        with open("/proc/self/status", encoding="ascii") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


class Visitor:
    """Writes one session straight on the driver, from "begin" to "end"."""

    def __init__(self, url: str) -> None:
        self._write = _writer(sa.make_url(url))
        self._waits: list[float] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def answer(self, line: str) -> str:
        """Begin, or end and return the waits in seconds."""
        if line == "begin":
            self._waits, self._thread = [], threading.Thread(target=self._run)
            self._ended.clear()
            self._thread.start()
            return "begun"
        self._ended.set()
        self._thread.join()
        waits = self._waits
        return json.dumps({"writes": len(waits), "longest": max(waits), "median": median(waits)})

    def _run(self) -> None:
        while not self._ended.is_set() or not self._waits:
            begin = perf_counter()
            self._write()
            self._waits.append(perf_counter() - begin)
            sleep(_PAUSE)


def _writer(url: sa.URL) -> Callable[[], object]:
    statement = "UPDATE django_session SET expire_date = {0} WHERE session_key = {0}"
    if url.get_backend_name() == "sqlite":
        connection: Any = sqlite3.connect(
            str(url.database), timeout=3600, isolation_level=None, check_same_thread=False
        )
        set_pragmas(connection)
        return lambda: connection.execute(statement.format("?"), (str(_in_a_day()), VISITOR))
    connection = psycopg.connect(for_psycopg(url), autocommit=True)
    aware = timezone.utc
    return lambda: connection.execute(
        statement.format("%s"), (_in_a_day().replace(tzinfo=aware), VISITOR)
    )


def _in_a_day() -> datetime:
    return datetime.now(timezone.utc).replace(tzinfo=None) + timedelta(days=1)


def main(role: str, url: str) -> None:
    """Be the process of *role*."""
    if role == "visitor":
        answer_lines(Visitor(url).answer)
    else:
        clear(role, url)


if __name__ == "__main__":
    main(*sys.argv[1:])
