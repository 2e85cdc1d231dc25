"""What only SQLite needs: telling whether a request stands in its own way. No statements on rows.

One connection at a time may write to an SQLite file, and sessions are written on another one
than the app's. So a view that returns with an uncommitted write of its own would make its own
session wait for it until the busy timeout. That is found out here, and said at once.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.pool import ConnectionPoolEntry

from ..errors import DatabaseHeldError

#: marks the connections of sessions, whose pool has the listeners of the app's
OWN = "flask_dj_session"


class _Held(NamedTuple):
    owner: object
    connection: Any
    changes: int


class HeldConnections:
    """Knows which connections of the app's pool are in use, and by which request.

    :param engine: the app's engine.
    :param owner: returns what stands for the running request, or None outside of one.
    """

    def __init__(self, engine: sa.Engine, owner: Callable[[], object]) -> None:
        self._owner = owner
        self._held: dict[int, _Held] = {}
        #: on the pool of *engine* and on those made like it
        self.listeners = (self._on_checkout, self._on_checkin)
        event.listen(engine, "checkout", self._on_checkout)
        event.listen(engine, "checkin", self._on_checkin)

    def _on_checkout(self, connection: Any, record: ConnectionPoolEntry, proxy: object) -> None:
        if OWN in record.info:
            return
        self._held[id(record)] = _Held(
            self._current_owner(), connection, getattr(connection, "total_changes", 0)
        )

    def _on_checkin(self, connection: Any, record: object) -> None:
        self._held.pop(id(record), None)

    def _current_owner(self) -> object:
        owner = self._owner()
        return threading.get_ident() if owner is None else owner

    def by_this_owner(self) -> list[_Held]:
        """List the connections that the running request has checked out."""
        if not self._held:
            return []
        owner = self._current_owner()
        return [held for held in list(self._held.values()) if held.owner is owner]

    def refuse_own_lock(self, held: list[_Held], table: str, error: Exception) -> None:
        """Raise where one of *held* is what locks the database; return where another is.

        :raises DatabaseHeldError: from *error*.
        """
        if any(_locks_writers(one) for one in held):
            raise DatabaseHeldError(table) from error

    @contextmanager
    def commit_alone(self, connection: sa.Connection, table: str) -> Iterator[None]:
        """Commit what is done inside, on a connection that is the app's as well.

        :raises DatabaseHeldError: where that would commit something of the app.
        """
        raw: Any = connection.connection.dbapi_connection
        if raw.in_transaction:
            raise DatabaseHeldError(table)
        try:
            yield
        except BaseException:
            raw.rollback()
            raise
        raw.commit()


def _locks_writers(held: _Held) -> bool:
    raw = held.connection
    if not raw.in_transaction:
        return False
    # Python begins a transaction of its own at the first write only. One that the app began
    # may be reading yet, which is in nobody's way in WAL mode.
    implicit = raw.isolation_level is not None
    return implicit or raw.total_changes != held.changes or _journal_mode(raw) != "wal"


def _journal_mode(raw: Any) -> str:
    return str(raw.execute("PRAGMA journal_mode").fetchone()[0])


def is_locked(error: sa.exc.OperationalError) -> bool:
    """Tell whether *error* says that another connection is writing."""
    original = error.orig
    return isinstance(original, sqlite3.OperationalError) and "locked" in str(original)
