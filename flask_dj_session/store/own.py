"""Connections of the sessions' own, in a pool beside the app's; each statement commits itself.

What the app configured for its database (engine options, ``creator``, listeners, pool class)
applies here too, but what is in the app's transactions stays there, and nothing but the
statements goes over the wire. A private argument of SQLAlchemy serves that: a connection that
begins nothing (``_allow_autobegin``).
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import attrgetter, methodcaller
from typing import Any

import sqlalchemy as sa

from . import driver
from .idle import IdleConnections
from .pools import EngineBeside, is_autocommit_undone, own_pool
from .pragmas import pragmas
from .sqlite import HeldConnections, is_locked
from .statements import Statement, Values

# Since SQLAlchemy 2.1 the class of connections has listeners, too.
_HEARD: Any = sa.Connection if hasattr(sa.Connection, "_has_events") else sa.Engine

_first_row = methodcaller("fetchone")
_row_count = attrgetter("rowcount")


class OwnConnections:
    """Runs statements on connections made like those of the app's engine.

    :param bind: the app's engine.
    :param held: knows, on SQLite, what the running request itself holds.
    :param on_lost: is called when the database has ended a connection.
    """

    is_own = True

    def __init__(
        self, bind: sa.Engine, held: HeldConnections | None, *, on_lost: Callable[[], None]
    ) -> None:
        self.bind = bind
        self._held = held
        self._on_lost = on_lost
        own_listeners = held.listeners if held is not None else ()
        self._pool = own_pool(bind, own_listeners)
        self._idle = IdleConnections(self._pool, own_listeners)
        self._dialect = bind.dialect
        self._is_driver_known = driver.is_known(bind.dialect)
        self._engine = EngineBeside(bind, self._pool)

    @contextmanager
    def connect(self) -> Iterator[sa.Connection]:
        """Lend a connection that commits each statement by itself."""
        handled = sys.exc_info()[1]
        connection = self._checked_out()
        try:
            if is_autocommit_undone(connection.engine):
                raw: Any = connection.connection.dbapi_connection
                connection.dialect.set_isolation_level(raw, "AUTOCOMMIT")
            yield connection
        except BaseException as error:
            first = driver.interruption_behind(error, handled=handled)
            if connection.invalidated:
                # Also after an interruption, which is nothing that the database has done.
                if isinstance(error.__cause__, self._dialect.loaded_dbapi.Error):
                    self._on_lost()
            elif not (connection.closed or driver.is_in_order_after(first, handled=handled)):
                # SQLAlchemy does that only where an error ends a program or a greenlet.
                connection.invalidate()
            if first is not error:
                raise first from error
            raise
        finally:
            connection.close()

    @contextmanager
    def begin(self, *, table: str) -> Iterator[sa.Connection]:
        """Lend a connection of the app's pool in a transaction."""
        with self.bind.begin() as connection:
            yield connection

    def read(self, statement: Statement, values: Values) -> Any:
        """Run a query for one row; None where there is none."""
        if self._is_unwatched and (plain := statement.plain(self._dialect)):
            return driver.run(self._idle, plain, values, _first_row, on_lost=self._on_lost)
        with self.connect() as connection:
            return connection.execute(statement.core, values).first()

    def write(self, statement: Statement, values: Values, *, table: str) -> int:
        """Run a statement that changes rows, and return how many."""
        held = self._held is not None and self._held.by_this_owner()
        if not held and self._is_unwatched and (plain := statement.plain(self._dialect)):
            number: int = driver.run(self._idle, plain, values, _row_count, on_lost=self._on_lost)
            return number
        with self.connect() as connection:
            return self._write_on(connection, statement.core, values, table=table)

    def write_on(
        self, connection: sa.Connection, core: sa.Executable, values: Values, *, table: str
    ) -> None:
        """Run a statement like :meth:`write`, on a connection that :meth:`connect` has lent."""
        self._write_on(connection, core, values, table=table)

    def _write_on(
        self, connection: sa.Connection, core: sa.Executable, values: Values, *, table: str
    ) -> int:
        held = self._held.by_this_owner() if self._held is not None else ()
        if held:
            # Whoever waits for its own request waits for ever, so ask without waiting first.
            try:
                with pragmas(connection, busy_timeout=0):
                    return connection.execute(core, values).rowcount
            except sa.exc.OperationalError as error:
                if not is_locked(error):
                    raise
                assert self._held is not None
                self._held.refuse_own_lock(held, table, error)
        return connection.execute(core, values).rowcount

    def leave(self, *, close: bool) -> None:
        """Give the pool up, and close its idle connections."""
        if close:
            self._idle.close()
            self._pool.dispose()

    @property
    def _is_unwatched(self) -> bool:
        """Whether a statement may go past SQLAlchemy's Connection.

        Not where a listener or the log wants to see it, nor where options of the engine say that
        something be done with it, as a translation of schemas.
        """
        bind = self.bind
        return (
            self._is_driver_known
            and not bind.get_execution_options()
            # Listeners on the classes Engine and Connection are heard by every instance.
            and not (bind._has_events or self._dialect._has_events or _HEARD._has_events)
            and not bind.logger.isEnabledFor(logging.INFO)
        )

    def _checked_out(self) -> sa.Connection:
        engine = self._engine = self._engine.up_to_date()
        with self._idle.waiting():
            return sa.Connection(engine, self._idle.at_hand(), _allow_autobegin=False)
