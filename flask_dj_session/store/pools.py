"""An engine beside the app's, and a pool whose connections commit each statement by themselves.

Two private names of SQLAlchemy serve that: ``OptionEngine``, which shares everything with the app's
engine, and ``_reset_on_return``, or each connection that comes back would be rolled back, which is
a round trip.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine.base import OptionEngine
from sqlalchemy.pool import ConnectionPoolEntry, Pool, QueuePool, StaticPool
from sqlalchemy.pool.base import ResetStyle

from .sqlite import OWN


class EngineBeside(OptionEngine):
    """The app's engine, with its listeners, echo and options, but with another pool."""

    pool: Any = None  # instead of the property that hands on the app's

    def __init__(self, engine: sa.Engine, pool: Pool) -> None:
        super().__init__(engine, {})
        self._options_of_app = engine.get_execution_options()
        self.pool = pool
        # What is bound here are session keys and data, which belong in no log and no message.
        self.hide_parameters = True
        event.listen(self, "rollback", _never_amid_an_answer)

    def up_to_date(self) -> EngineBeside:
        """Return an engine with the options that the app's has at present; mostly this one."""
        app_engine = self._proxied
        if app_engine.get_execution_options() is self._options_of_app:
            return self
        return EngineBeside(app_engine, self.pool)


def _never_amid_an_answer(connection: sa.Connection) -> None:
    """Give a connection up, instead of a rollback, where something has interrupted its statement.

    After each error SQLAlchemy asks for a rollback. Amid an answer, MySQL's driver may then wait
    for the rest of one that has come already.
    """
    error = sys.exc_info()[1]
    if error is not None and not isinstance(error, connection.dialect.loaded_dbapi.Error):
        connection.invalidate()


def own_pool(engine: sa.Engine, own_listeners: Collection[Callable[..., Any]] = ()) -> Pool:
    """Return a pool like that of the app's *engine*, for connections in autocommit.

    :param own_listeners: listeners on the app's pool that are not the app's.
    """
    pool = engine.pool.recreate()
    autocommit = _Autocommit(engine, pool)
    if any(listener not in own_listeners for listener in pool.dispatch.checkout):
        # They may turn it off at each checkout; so this one comes last.
        event.listen(pool, "checkout", autocommit.turn_on_again)
    event.listen(pool, "connect", autocommit.turn_on)
    if isinstance(pool, StaticPool):
        pool = _one_at_a_time(pool, engine.dialect)
    pool._reset_on_return = ResetStyle.reset_none
    return pool


def is_autocommit_undone(engine: sa.Engine) -> bool:
    """Return whether something on the app's engine may change a connection that is checked out.

    An ``isolation_level`` among the engine's execution options is such a listener, too.
    """
    return bool(engine.dispatch.engine_connect)


def _one_at_a_time(pool: StaticPool, dialect: sa.Dialect) -> Pool:
    """Make a pool of one connection which, unlike :class:`StaticPool`, one user has at a time."""

    def creator() -> Any:
        connection = pool.recreate().connect()
        connection.detach()
        return connection.dbapi_connection

    heard = [
        (listener, name)
        for name in ("checkout", "checkin", "reset")
        for listener in getattr(pool.dispatch, name)
    ]
    return QueuePool(creator, pool_size=1, max_overflow=0, events=heard, dialect=dialect)


class _Autocommit:
    """Turns autocommit on, after all that the app's own listeners do."""

    def __init__(self, engine: sa.Engine, pool: Pool) -> None:
        self._engine = engine
        self._heard = list(pool.dispatch.connect)

    def turn_on(self, connection: Any, record: ConnectionPoolEntry) -> None:
        """Make a new connection one of the sessions' own."""
        record.info[OWN] = True
        # Those that the app has added since the pool was made.
        for listener in self._engine.pool.dispatch.connect:
            if listener not in self._heard:
                listener(connection, record)
        # What the app's own listeners did to the connection counts.
        connection.commit()
        self.turn_on_again(connection)
        if getattr(connection, "autocommit", None) is False:  # sqlite3 since Python 3.12
            connection.autocommit = True

    def turn_on_again(self, connection: Any, *_: object) -> None:
        """Turn autocommit on."""
        self._engine.dialect.set_isolation_level(connection, "AUTOCOMMIT")
