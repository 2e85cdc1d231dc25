"""The one door to the database: statements on sessions, apart from the app's transactions.

Which connections they run on is chosen here, each time anew, since a test may put a connection
in the place of the app's engine, and a process may have been forked.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from .borrowed import BorrowedConnection
from .connections import Connections
from .own import OwnConnections
from .redaction import redact
from .single import SingleConnection, Writer, is_single
from .sqlite import HeldConnections, OwnerOf
from .statements import Statement, Values

# A child process must neither use nor close what its parent had open.
_left_to_the_parent: list[Connections] = []


class AutocommitEngine:
    """Runs single statements, each committed by itself, on the database of the app.

    :param bind: returns what the app has for the database at present: its engine, or the
        connection that a test has put in its place.
    :param owner: tells by what the app's connections are told apart: whatever is the same
        within one request, as the application context.
    """

    def __init__(self, bind: Callable[[], sa.Engine | sa.Connection], *, owner: OwnerOf) -> None:
        self._bind = bind
        self._owner = owner
        self._process = _Process()
        # Not os.register_at_fork(), which uWSGI does not heed when it forks.
        self._processes = {self._process.pid: self._process}
        self._makers: dict[sa.Engine, Callable[[], Connections]] = {}

    @property
    def app_engine(self) -> sa.Engine:
        """The app's engine."""
        return self._bind().engine

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is SQLite."""
        return self.app_engine.dialect.name == "sqlite"

    @property
    def is_own(self) -> bool:
        """Whether a connection lent here is the sessions' own, so that one may begin on it."""
        return self._connections().is_own

    def watch_app(self) -> None:
        """See from now on what the app does on its own connections.

        On SQLite, only what was begun after this is known to be what a statement here waits for.
        """
        self._connections()

    @contextmanager
    def connect(self) -> Iterator[sa.Connection]:
        """Lend a connection that commits each statement by itself.

        In a test that has put a connection in the place of the engine it is that one, and nothing
        is committed. An error that ends the lending tells no values.
        """
        with _redacting(), self._connections().connect() as connection:
            yield connection

    @contextmanager
    def begin(self, *, table: str) -> Iterator[sa.Connection]:
        """Lend a connection in a transaction, for statements that make *table*."""
        with _redacting(), self._connections().begin(table=table) as connection:
            yield connection

    def read(self, statement: Statement, values: Values) -> Any:
        """Run a query for one row; None where there is none."""
        # Not _redacting(), here and in write(): each request comes by.
        try:
            return self._connections().read(statement, values)
        except sa.exc.DBAPIError as error:
            redact(error)
            raise

    def write(self, statement: Statement, values: Values, *, table: str) -> int:
        """Run a statement that changes rows, and return how many.

        :raises DatabaseHeldError: on SQLite, at once, where this request's own uncommitted
            write is what stands in the way.
        """
        try:
            return self._connections().write(statement, values, table=table)
        except sa.exc.DBAPIError as error:
            redact(error)
            raise

    def write_on(
        self, connection: sa.Connection, core: sa.Executable, values: Values, *, table: str
    ) -> None:
        """Run a statement like :meth:`write`, on a connection that :meth:`connect` has lent."""
        with _redacting():
            self._connections().write_on(connection, core, values, table=table)

    def dispose(self) -> None:
        """Close the connections that are not in use; later statements open new ones."""
        process = self._process_now()
        with process.lock:
            current, process.current = process.current, None
        if current is not None:
            current.leave(close=True)

    def _connections(self) -> Connections:
        process = self._process
        if process.pid != os.getpid():
            process = self._process_now()
        current, bind = process.current, self._bind()
        if current is not None and current.bind is bind:
            return current
        if isinstance(bind, sa.Connection):
            return BorrowedConnection(bind)
        return self._begin_with(process, bind)

    def _process_now(self) -> _Process:
        # What the parent's threads hold locked at the fork stays locked for ever in the child. So
        # the child has a lock of its own; setdefault() lets its first threads share one.
        process = self._processes.setdefault(os.getpid(), _Process())
        if self._process is not process:
            if self._process.current is not None:
                _left_to_the_parent.append(self._process.current)
            self._process = process
        return process

    def _begin_with(self, process: _Process, engine: sa.Engine) -> Connections:
        with process.lock:
            current = process.current
            if current is None or current.bind is not engine:
                process.current = self._made_for(engine)
                if current is not None:
                    current.leave(close=True)
            assert process.current is not None
            return process.current

    def _made_for(self, engine: sa.Engine) -> Connections:
        if engine not in self._makers:
            self._makers[engine] = self._maker_for(engine)
            _listen_unnoticed(engine, "engine_disposed", lambda _: self.dispose())
        return self._makers[engine]()

    def _maker_for(self, engine: sa.Engine) -> Callable[[], Connections]:
        """Begin to watch what the app does on SQLite, once for each engine."""
        if engine.dialect.name != "sqlite":
            return lambda: OwnConnections(engine, None, on_lost=self.dispose)
        if is_single(engine):
            writer = Writer(engine, self._owner)
            return lambda: SingleConnection(engine, writer)
        held = HeldConnections(engine, self._owner)
        return lambda: OwnConnections(engine, held, on_lost=self.dispose)


@contextmanager
def _redacting() -> Iterator[None]:
    """Take out of an error of the database what the row holds."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        redact(error)
        raise


class _Process:
    """What belongs to one process."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.lock = threading.Lock()
        self.current: Connections | None = None


def _listen_unnoticed(engine: sa.Engine, name: str, listener: Callable[..., Any]) -> None:
    """Listen to what is no statement, so that no statement need look for listeners on that account.

    With the app's engine go the connections here, as in a test that cleans up.
    """
    had_events = "_has_events" in vars(engine)
    event.listen(engine, name, listener)
    if not had_events:
        # Not set to False: then listeners on the class would not be heard on this engine.
        del vars(engine)["_has_events"]
