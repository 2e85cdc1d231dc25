"""Connections for the statements on sessions, apart from those of the app; no table here.

What the app configured for its database (engine options, ``creator``, listeners, pool class)
applies here too, but a connection of this engine commits each statement by itself: what is
in the app's transactions stays there, and nothing but the statements goes over the wire. Two
private arguments of SQLAlchemy serve that: a connection that begins nothing
(``_allow_autobegin``) and a pool that rolls nothing back (``_reset_on_return``).
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from operator import attrgetter, methodcaller
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine.base import OptionEngine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, Pool, StaticPool
from sqlalchemy.pool.base import ResetStyle

from .idle import IdleConnections
from .pragmas import pragmas
from .sqlite import OWN, HeldConnections, is_locked
from .statements import Statement, Values

_first_row = methodcaller("fetchone")
_row_count = attrgetter("rowcount")

# A child process must neither use nor close what its parent had open.
_left_to_the_parent: list[_OwnPoolEngine] = []


class AutocommitEngine:
    """Runs single statements on connections of its own, made like those of *engine*.

    :param engine: the app's engine.
    :param owner: tells by what the app's connections are told apart: whatever is the same
        within one request, as the application context.
    """

    def __init__(self, engine: sa.Engine, *, owner: Callable[[], object]) -> None:
        self.app_engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        #: whether there is one connection only, the app's: an SQLite database in memory
        self.is_shared = isinstance(engine.pool, StaticPool)
        self._held = HeldConnections(engine, owner) if self.is_sqlite else None
        self._lock = threading.Lock()
        self._current: _OwnPoolEngine | None = None
        # Not os.register_at_fork(), which uWSGI does not heed when it forks.
        self._pid = os.getpid()
        # With the app's engine go the connections here, as in a test that cleans up.
        # Whose statements need not look for listeners on that account.
        had_events = engine._has_events
        event.listen(engine, "engine_disposed", lambda _: self.dispose())
        engine._has_events = had_events

    @contextmanager
    def connect(self) -> Iterator[sa.Connection]:
        """Lend a connection that commits each statement by itself."""
        engine = self._engine()
        with engine.idle.waiting():
            connection = sa.Connection(engine, engine.idle.at_hand(), _allow_autobegin=False)
        try:
            yield connection
        finally:
            connection.close()

    def read(self, statement: Statement, values: Values) -> Any:
        """Run a query for one row; None where there is none."""
        engine = self._engine()
        if statement.is_plain and not engine.is_watched:
            return self._on_driver(engine, statement, values, _first_row)
        with self.connect() as connection:
            return connection.execute(statement.core, values).first()

    def write(self, statement: Statement, values: Values, *, table: str) -> int:
        """Run a statement that changes rows, and return how many.

        :raises DatabaseHeldError: on SQLite, at once, where this request's own uncommitted
            write is what stands in the way.
        """
        engine = self._engine()
        held = self._held is not None and self._held.by_this_owner()
        if statement.is_plain and not (held or engine.is_watched or self.is_shared):
            rows: int = self._on_driver(engine, statement, values, _row_count)
            return rows
        with self.connect() as connection:
            return self.write_on(connection, statement.core, values, table=table)

    def write_on(
        self, connection: sa.Connection, core: sa.Executable, values: Values, *, table: str
    ) -> int:
        """Do what :meth:`write` does, on a connection that :meth:`connect` has lent."""
        if self._held is None:
            return connection.execute(core, values).rowcount
        return self._write_sqlite(connection, core, values, table)

    def _on_driver(
        self,
        engine: _OwnPoolEngine,
        statement: Statement,
        values: Values,
        outcome: Callable[[Any], Any],
    ) -> Any:
        """Run a statement without SQLAlchemy's Connection, where nobody watches it.

        Of a request that costs hardly more than its two statements it is the greater part.
        """
        dialect = engine.dialect
        connection: Any = None
        is_in_order = False
        try:
            connection = engine.idle.take()
            text, parameters = statement.for_driver(dialect, values)
            cursor = connection.dbapi_connection.cursor()
            dialect.do_execute(cursor, text, parameters)
            result = outcome(cursor)
            cursor.close()
            is_in_order = True
            return result
        except dialect.loaded_dbapi.Error as error:
            raise self._as_sqlalchemys(engine, error, connection, str(statement.core)) from error
        finally:
            if is_in_order:
                engine.idle.give_back(connection)
            elif connection is not None:
                connection.close()

    def _as_sqlalchemys(
        self, engine: _OwnPoolEngine, error: Any, connection: Any, text: str
    ) -> BaseException:
        """Do for an error of the driver what SQLAlchemy's Connection does."""
        dbapi = engine.dialect.loaded_dbapi
        disconnected = engine.dialect.is_disconnect(error, connection, None)
        if disconnected and connection is not None:
            connection.invalidate(error)
            self.dispose()
        wrapped: BaseException = sa.exc.DBAPIError.instance(
            text,
            None,
            error,
            dbapi.Error,
            hide_parameters=True,
            connection_invalidated=disconnected,
            dialect=engine.dialect,
        )
        return wrapped

    def _write_sqlite(
        self, connection: sa.Connection, core: sa.Executable, values: Values, table: str
    ) -> int:
        assert self._held is not None
        if self.is_shared:
            with self._held.commit_alone(connection, table):
                return connection.execute(core, values).rowcount
        held = self._held.by_this_owner()
        if held:
            # Whoever waits for its own request waits for ever, so ask without waiting first.
            try:
                with pragmas(connection, busy_timeout=0):
                    return connection.execute(core, values).rowcount
            except sa.exc.OperationalError as error:
                if not is_locked(error):
                    raise
                self._held.refuse_own_lock(held, table, error)
        return connection.execute(core, values).rowcount

    def dispose(self) -> None:
        """Close the connections that are not in use; later statements open new ones."""
        with self._lock:
            if self._current is not None:
                self._current.leave(close=self._pid == os.getpid() and not self.is_shared)
                self._current = None

    def _engine(self) -> _OwnPoolEngine:
        if self._pid != os.getpid():
            self.dispose()
        current = self._current
        if current is None:
            with self._lock:
                if self._current is None:
                    listeners = self._held.listeners if self._held is not None else ()
                    self._current = _OwnPoolEngine(self.app_engine, self._make_pool(), listeners)
                    self._pid = os.getpid()
                current = self._current
        return current

    def _make_pool(self) -> Pool:
        if isinstance(self.app_engine.pool, StaticPool):
            record = self.app_engine.pool.connection
            pool: Pool = StaticPool(lambda: _opened(record), dialect=self.app_engine.dialect)
        else:
            pool = self.app_engine.pool.recreate()
            event.listen(pool, "connect", self._turn_autocommit_on)
        pool._reset_on_return = ResetStyle.reset_none
        return pool

    def _turn_autocommit_on(self, connection: Any, record: ConnectionPoolEntry) -> None:
        record.info[OWN] = True
        # What the app's own listeners did to the connection counts.
        connection.commit()
        self.app_engine.dialect.set_isolation_level(connection, "AUTOCOMMIT")
        if getattr(connection, "autocommit", None) is False:  # sqlite3 since Python 3.12
            connection.autocommit = True


class _OwnPoolEngine(OptionEngine):
    """The app's engine, with its listeners, echo and options, but with another pool."""

    pool: Any = None  # instead of the property that hands on the app's

    def __init__(
        self, engine: sa.Engine, pool: Pool, own_listeners: Collection[Callable[..., Any]]
    ) -> None:
        options: dict[str, Any] = {}
        if "isolation_level" in engine.get_execution_options():
            # Such an engine sets its own level at each checkout; so must this one.
            options["isolation_level"] = "AUTOCOMMIT"
        super().__init__(engine, options)
        self.pool = pool
        self.idle = IdleConnections(pool, own_listeners)
        # What is bound here are session keys and data, which belong in no log and no message.
        self.hide_parameters = True

    @property
    def is_watched(self) -> bool:
        """Whether a listener or the log wants to see each statement."""
        app_engine = self._proxied
        return (
            app_engine._has_events
            or app_engine.dialect._has_events
            or app_engine.logger.isEnabledFor(logging.INFO)
        )

    def leave(self, *, close: bool) -> None:
        """Give the pool up, and close its idle connections where they are this process's."""
        if close:
            self.idle.close()
            self.pool.dispose()
        else:
            _left_to_the_parent.append(self)


def _opened(record: Any) -> DBAPIConnection:
    """Return the one connection of a database in memory, opened if it was not."""
    connection = record.dbapi_connection
    if connection is None:
        connection = record.get_connection()
    return connection  # type: ignore[no-any-return]
