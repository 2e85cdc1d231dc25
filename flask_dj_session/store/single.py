"""Statements on the one connection of an SQLite database in memory, which is the app's as well.

Such a database *is* its connection. Whatever is committed or rolled back there is so for everybody
who has begun something on it, in this thread or in another. So a statement here runs as one that is
in no transaction, and waits until nobody is in one; and what is lent to SQLAlchemy cannot be
committed, rolled back or closed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.pool import SingletonThreadPool, StaticPool

from ..errors import DatabaseHeldError
from .pools import EngineBeside
from .sqlite import OwnerOf
from .statements import Statement, Values

# How long another request's transaction is waited for: the driver's own patience (seconds).
_PATIENCE = 5.0
_STEP = 0.005

# Python begins a transaction by itself before a statement whose first word changes rows. With this
# in front, the statement is its own transaction, and over before another thread comes on.
_ALONE = sa.select(sa.literal_column("1").label("one")).cte("alone")


def is_single(engine: sa.Engine) -> bool:
    """Return whether the database of an SQLite *engine* is there on one connection only.

    A :class:`~sqlalchemy.pool.SingletonThreadPool` in memory has one for each thread.
    """
    pool, database = engine.pool, engine.url.database
    is_in_memory = database in (None, "", ":memory:")
    return isinstance(pool, StaticPool) or (isinstance(pool, SingletonThreadPool) and is_in_memory)


class SingleConnection:
    """Runs statements on the connection that the app's pool has.

    :param bind: the app's engine.
    :param writer: knows which request has begun the transaction that the connection is in.
    """

    is_own = False

    def __init__(self, bind: sa.Engine, writer: Writer) -> None:
        self.bind = bind
        self._writer = writer
        self._lock = threading.RLock()
        pool = StaticPool(lambda: _Lent(bind), dialect=bind.dialect)
        self._engine = EngineBeside(bind, pool)

    @contextmanager
    def connect(self) -> Iterator[sa.Connection]:
        """Lend the connection for statements that change nothing."""
        with self._lock:
            self._engine = self._engine.up_to_date()
            with sa.Connection(self._engine, _allow_autobegin=False) as connection:
                yield connection

    @contextmanager
    def begin(self, *, table: str) -> Iterator[sa.Connection]:
        """Lend the connection while nobody is in a transaction."""
        with self._alone(table) as connection:
            yield connection

    def read(self, statement: Statement, values: Values) -> Any:
        """Run a query for one row; None where there is none."""
        with self.connect() as connection:
            return connection.execute(statement.core, values).first()

    def write(self, statement: Statement, values: Values, *, table: str) -> int:
        """Run a statement that changes rows, and return how many.

        :raises DatabaseHeldError: where this request itself is in a transaction, at once; where
            another one is, after some seconds.
        """
        return self._write(statement.core, values, table)

    def write_on(
        self, connection: sa.Connection, core: sa.Executable, values: Values, *, table: str
    ) -> None:
        """Run a statement like :meth:`write`; *connection* is the one there is."""
        self._write(core, values, table)

    def leave(self, *, close: bool) -> None:
        """Leave the connection to the app."""

    def _write(self, core: Any, values: Values, table: str) -> int:
        alone = core.add_cte(_ALONE)
        while True:
            with self._alone(table) as connection:
                raw = _raw(connection)
                before = raw.total_changes
                connection.execute(alone, values)
                if not raw.in_transaction:
                    return int(raw.total_changes - before)
            # Another thread has begun something in between; whether it will be committed, and this
            # with it, is not known. So it is done again, which changes nothing where it was.

    @contextmanager
    def _alone(self, table: str) -> Iterator[sa.Connection]:
        """Lend the connection as soon as nobody is in a transaction on it."""
        until = time.monotonic() + _PATIENCE
        while True:
            with self.connect() as connection:
                if not _raw(connection).in_transaction:
                    yield connection
                    return
            if self._writer.is_this_owner():
                raise DatabaseHeldError(table)
            if time.monotonic() > until:
                raise DatabaseHeldError(table, by_another=True)
            # Without the lock, since whoever is in the transaction may want to read a session.
            time.sleep(_STEP)


def _raw(connection: sa.Connection) -> Any:
    return connection.connection.dbapi_connection


class Writer:
    """Knows which request has begun the transaction that the one connection is in.

    :param engine: the app's engine.
    :param owner: returns what stands for the running request.
    """

    def __init__(self, engine: sa.Engine, owner: OwnerOf) -> None:
        self._engine = engine
        self._owner = owner
        self._writer: object = None
        event.listen(engine, "before_cursor_execute", self._before)
        event.listen(engine, "after_cursor_execute", self._after)

    def is_this_owner(self) -> bool:
        """Return whether it was the running request."""
        return self._writer is not None and self._writer == self._owner()

    def _before(self, connection: sa.Connection, *_: object) -> None:
        if connection.engine is self._engine and not _raw(connection).in_transaction:
            self._writer = None

    def _after(self, connection: sa.Connection, *_: object) -> None:
        is_apps = connection.engine is self._engine
        if is_apps and self._writer is None and _raw(connection).in_transaction:
            self._writer = self._owner()


class _Lent:
    """The driver's connection, but for what would be done to those who have begun something."""

    _engine: sa.Engine

    def __init__(self, engine: sa.Engine) -> None:
        object.__setattr__(self, "_engine", engine)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "isolation_level":  # which is the app's own affair
            setattr(self._connection, name, value)

    @property
    def _connection(self) -> Any:
        pool = self._engine.pool
        if isinstance(pool, StaticPool):
            # Not by checking it out: where it is given back, all of it would be rolled back.
            return pool.connection.dbapi_connection or pool.connection.get_connection()
        used = pool.connect()
        try:
            return used.dbapi_connection
        finally:
            used.close()

    def commit(self) -> None:
        """Commit nothing."""

    def rollback(self) -> None:
        """Roll nothing back."""

    def close(self) -> None:
        """Leave it open."""
