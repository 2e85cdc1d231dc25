"""What only SQLite needs: telling whether a request stands in its own way. No statements on rows.

One connection at a time may write to an SQLite file, and sessions are written on another one
than the app's. So a view that returns with an uncommitted write of its own would make its own
session wait for it until the busy timeout. That is found out here, and said at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.pool import ConnectionPoolEntry

from ..errors import DatabaseHeldError

#: returns what stands for the running request: equal within one, and different in another
OwnerOf = Callable[[], object]

#: marks the connections of sessions, whose pool has the listeners of the app's
OWN = "flask_dj_session"


class _Held(NamedTuple):
    owner: object
    connection: Any
    changes: int


class HeldConnections:
    """Knows which connections of the app's pool are in use, and by which request.

    :param engine: the app's engine.
    :param owner: returns what stands for the running request.
    """

    def __init__(self, engine: sa.Engine, owner: OwnerOf) -> None:
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
            self._owner(), connection, getattr(connection, "total_changes", 0)
        )

    def _on_checkin(self, connection: Any, record: object) -> None:
        self._held.pop(id(record), None)

    def by_this_owner(self) -> list[_Held]:
        """List the connections that the running request has checked out."""
        if not self._held:
            return []
        owner = self._owner()
        return [held for held in list(self._held.values()) if held.owner == owner]

    def refuse_own_lock(self, held: list[_Held], table: str, error: Exception) -> None:
        """Raise where one of *held* is what locks the database; return where another is.

        :raises DatabaseHeldError: from *error*.
        """
        if any(_locks_writers(one) for one in held):
            raise DatabaseHeldError(table) from error


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
    """Return whether *error* says that another connection is writing."""
    # Not by the class, which is another one where the driver is sqlcipher or pysqlite3.
    return "locked" in str(error.orig)


def is_undecodable(error: Exception) -> bool:
    """Return whether *error* says that a text is no UTF-8; it has the text in it."""
    return "Could not decode to UTF-8" in str(getattr(error, "orig", None))
