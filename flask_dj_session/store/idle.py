"""Connections at hand between two statements, without a visit to their pool; no statements here.

Checking a connection out of SQLAlchemy's pool and in again costs more than a statement on SQLite
does. So some stay checked out. The pool still counts them and makes them, and whoever has to wait
for one gets it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy.pool import Pool, PoolProxiedConnection, QueuePool

#: when this process first had a connection, among what the pool keeps beside it
_SINCE = "flask_dj_session.since"


class IdleConnections:
    """Keeps idle connections of *pool* checked out, at most as many as the pool itself would keep.

    :param own_listeners: listeners on the pool that need not see each use of a connection.
    """

    def __init__(self, pool: Pool, own_listeners: Collection[Callable[..., Any]] = ()) -> None:
        self._pool = pool
        self._kept: deque[PoolProxiedConnection] = deque()
        self._limit = _most_kept(pool) if _may_skip_checkout(pool, own_listeners) else 0
        #: seconds after which the app wants connections made anew; below 0 where it does not
        self._recycle = pool._recycle
        self._lock = threading.Lock()
        self._waiting = 0

    def take(self, lent: list[PoolProxiedConnection]) -> None:
        """Put a connection into *lent*, for one user, who gives it back or closes it.

        Not returned: if the user is interrupted at the very return, nobody would have it.

        :raises sqlalchemy.exc.TimeoutError: where all are in use.
        """
        try:
            lent.append(self._kept.pop())
            if self._recycle < 0 or not self._is_too_old(lent[-1]):
                return
            lent.pop().close()
        except IndexError:
            pass
        with self.waiting():
            lent.append(self.at_hand() or self._pool.connect())

    def at_hand(self) -> PoolProxiedConnection | None:
        """Return a connection, where one need not be waited for."""
        try:
            connection = self._kept.pop()
        except IndexError:
            return None
        if self._recycle >= 0 and self._is_too_old(connection):
            # The pool makes it anew for whoever asks next.
            connection.close()
            return None
        return connection

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Have connections go to the pool while somebody may be waiting for it."""
        with self._lock:
            self._waiting += 1
        try:
            yield
        finally:
            with self._lock:
                self._waiting -= 1

    def give_back(self, lent: list[PoolProxiedConnection]) -> None:
        """Keep the connection in *lent*, which nobody uses any more and which is in order."""
        if self._waiting or not self._limit:
            lent.pop().close()
        elif len(self._kept) >= self._limit:
            # The pool, too, closes what it has made beyond its size.
            lent[-1].detach()
            lent.pop().close()
        else:
            if self._recycle >= 0:
                lent[-1].info.setdefault(_SINCE, time.time())
            self._kept.append(lent.pop())
            if self._waiting:
                # Who began to wait after the question above may have looked here too early.
                self.close()

    def close(self) -> None:
        """Give the pool what is kept."""
        with suppress(IndexError):
            while True:
                self._kept.pop().close()

    def _is_too_old(self, connection: PoolProxiedConnection) -> bool:
        return bool(time.time() - connection.info[_SINCE] > self._recycle)


def _most_kept(pool: Pool) -> float:
    assert isinstance(pool, QueuePool)
    return pool.size() or float("inf")


def _may_skip_checkout(pool: Pool, own_listeners: Collection[Callable[..., Any]]) -> bool:
    """Return whether the app wants nothing to be done each time a connection is checked out."""
    if type(pool) is not QueuePool or pool._pre_ping:
        return False
    dispatch = pool.dispatch
    listeners = [*dispatch.checkout, *dispatch.checkin, *dispatch.reset]
    return all(listener in own_listeners for listener in listeners)
