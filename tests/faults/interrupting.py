"""Lets something else than the driver end a statement, while the database is at work on it."""

from __future__ import annotations

import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import event

import flask_dj_session

from ..conftest import Site
from ..databases import backend_of

_PACKAGE = Path(flask_dj_session.__file__).parent


class GivenUp(BaseException):  # as gevent.Timeout and GreenletExit are
    """Nobody waits for the answer any more."""


class TooLate(Exception):  # noqa: N818 - as Celery's SoftTimeLimitExceeded is
    """There is a moment left to tidy up."""


class _Lock(NamedTuple):
    """What makes statements on the table wait, and what lets them go on."""

    reads: str
    writes: str
    end: str
    #: a question that has an answer while some statement waits; SQLite cannot be asked
    waiting: str = ""


_LOCKS = {
    "sqlite": _Lock("BEGIN EXCLUSIVE", "BEGIN IMMEDIATE", "COMMIT"),
    "postgresql": _Lock(
        "BEGIN; LOCK TABLE django_session IN ACCESS EXCLUSIVE MODE",
        "BEGIN; LOCK TABLE django_session IN EXCLUSIVE MODE",
        "COMMIT",
        "SELECT 1 FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'",
    ),
    "mysql": _Lock(
        "LOCK TABLES django_session WRITE",
        "LOCK TABLES django_session READ",
        "UNLOCK TABLES",
        "SELECT 1 FROM information_schema.processlist"
        " WHERE db = database() AND state LIKE 'Waiting for table%%'",
    ),
}


class Interruptions:
    """Interrupts statements on the database of *site*."""

    def __init__(self, site: Site, url: sa.URL) -> None:
        self._lock = _LOCKS[backend_of(url)]
        self._engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
        self._kind = ""
        self._runs = threading.Event()
        if not self._lock.waiting:
            with site.app.app_context():
                event.listen(site.db.engine, "connect", self._trace)
                site.db.engine.dispose()

    def _trace(self, connection: Any, _record: object) -> None:
        connection.set_trace_callback(self._note)

    def _note(self, statement: str) -> None:
        if statement.startswith((self._kind, "BEGIN")):
            self._runs.set()

    @contextmanager
    def of(self, kind: str, error: BaseException) -> Iterator[None]:
        """Let *error* happen while the statement of *kind* inside waits for the table.

        Drivers in C let nothing happen before they have their answer; so it comes then.
        """

        def interrupt(*_: object) -> None:
            happened.append(error)
            raise error

        happened: list[BaseException] = []
        self._kind = kind
        self._runs.clear()
        with self._engine.connect() as holder, self._engine.connect() as watcher:
            lock = self._lock.reads if kind == "SELECT" else self._lock.writes
            for statement in lock.split("; "):
                holder.exec_driver_sql(statement)
            thread = threading.Thread(target=self._interrupt, args=(holder, watcher))
            before = signal.signal(signal.SIGALRM, interrupt)
            thread.start()
            try:
                yield
            finally:
                thread.join()
                signal.signal(signal.SIGALRM, before)
        assert happened

    def _interrupt(self, holder: sa.Connection, watcher: sa.Connection) -> None:
        if self._lock.waiting:
            while not watcher.exec_driver_sql(self._lock.waiting).first():
                pass
        else:
            self._runs.wait(20)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGALRM)
        holder.exec_driver_sql(self._lock.end)


class AtEachLine:
    """Lets *error* happen inside: each time at another line of the package, until all were.

    :param rooms: of the package, those whose lines count.
    :param times: how often a line is interrupted that comes more than once in one go.
    """

    def __init__(self, error: type[BaseException], *rooms: str, times: int = 1) -> None:
        self._error = error
        self._files = tuple(str(_PACKAGE / room) for room in rooms)
        self._times = times
        self._done = set[tuple[str, int, int]]()
        self._seen = Counter[tuple[str, int]]()
        #: where it has happened; empty where all lines are done
        self.place = ""

    def __enter__(self) -> None:
        self._seen.clear()
        self.place = ""
        self._others = sys.gettrace()  # what measures coverage, say
        sys.settrace(self._trace_rooms)

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._others)

    def _trace_rooms(self, frame: FrameType, _what: str, _arg: object) -> Any:
        code = frame.f_code
        # What SQLAlchemy calls while it changes its pool is out of our hands, as the pool is.
        in_pool = code.co_name in ("_on_checkout", "_on_checkin")
        if in_pool or not code.co_filename.startswith(self._files):
            return None
        seen = set[int]()

        def trace(frame: FrameType, what: str, _arg: object) -> Any:
            # At the end of the block of a "with" its line comes again. Nothing can happen there.
            if what == "line" and frame.f_lineno not in seen:
                seen.add(frame.f_lineno)
                self._interrupt(code.co_filename, frame.f_lineno)
            return trace

        return trace

    def _interrupt(self, file: str, line: int) -> None:
        self._seen[file, line] += 1
        this = (file, line, min(self._seen[file, line], self._times))
        if this not in self._done:
            self._done.add(this)
            self.place = f"{file}:{line}"
            sys.settrace(self._others)
            raise self._error
