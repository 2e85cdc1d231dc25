"""Connections to a Redis that stay at hand between two commands.

For each command, redis-py's client takes a connection out of its pool, looks whether it is in
order, measures, and puts it back. That takes longer than the command. So connections stay taken
out, as those to the database do. The pool still makes and counts them.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from importlib import import_module
from typing import Any

#: seconds after which the server may have closed a connection, so that the pool looks at it first
_FRESH = 1.0
#: options of redis-py's that say when a command is tried again
_RETRIES = ("retry", "retry_on_error", "retry_on_timeout")


def may_stay_at_hand(client: Any) -> bool:
    """Return whether a *client* of redis-py's is a plain one, with a plain pool.

    One that was told when to try again is left to do that by itself.
    """
    redis = import_module("redis")
    pool = client.connection_pool
    is_plain = type(client) is redis.Redis and type(pool) is redis.ConnectionPool
    if not is_plain or client.connection is not None or getattr(pool, "cache", None) is not None:
        return False
    return not any(pool.connection_kwargs.get(option) for option in _RETRIES)


class ConnectionsAtHand:
    """Runs commands on connections of the pool of a *client*.

    :param clock: seconds that only grow.
    """

    def __init__(self, client: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        redis = import_module("redis")
        self._client = client
        self._pool = client.connection_pool
        self._lost, self._refused = redis.ConnectionError, redis.ResponseError
        self._owner = os.getpid()
        #: each with the time at which it was last used
        self._kept: deque[tuple[Any, float]] = deque()

    def run(self, *command: Any, **options: Any) -> Any:
        """Return the server's answer as it has come.

        Where a connection is lost, the client runs the command, and tries again as it does.

        :param options: what the client has to know then, to read the answer.
        """
        connection = self._taken()
        try:
            connection.send_command(*command)
            answer = connection.read_response()
        except self._refused:
            self._keep(connection)
            raise
        except BaseException as error:
            connection.disconnect()
            self._pool.release(connection)
            if not isinstance(error, self._lost):
                raise
            self._give_back()
            return self._client.execute_command(*command, **options)
        self._keep(connection)
        return answer

    def _taken(self) -> Any:
        if self._owner != os.getpid():  # a child does not talk on its parent's lines
            self._owner, self._kept = os.getpid(), deque()
        while True:
            try:
                connection, used_at = self._kept.pop()
            except IndexError:
                return self._from_pool()
            if self._clock() - used_at < _FRESH:
                return connection
            self._pool.release(connection)

    def _from_pool(self) -> Any:
        try:
            return self._pool.get_connection()
        except TypeError:  # before redis-py 5.3, it asks which command it is for
            return self._pool.get_connection("_")

    def _keep(self, connection: Any) -> None:
        self._kept.append((connection, self._clock()))

    def _give_back(self) -> None:
        try:
            while True:
                self._pool.release(self._kept.pop()[0])
        except IndexError:
            pass
