"""Django's RedisCache and django-redis on redis-py: the same servers, pools and commands."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

#: makes redis-py's client of the server with a number
Connect = Callable[[int], Any]


class RedisClient:
    """One Redis, perhaps with replicas: the first server is written to, the others are read.

    :param connect: makes the client of a server, by its place in LOCATION.
    :param number: how many servers there are.
    :param milliseconds: whether timeouts are sent in these, as django-redis does.
    """

    def __init__(self, connect: Connect, number: int = 1, *, milliseconds: bool = False) -> None:
        self._connect = connect
        self._number = number
        self._milliseconds = milliseconds
        self._made: dict[int, Any] = {}

    def get(self, name: str) -> Any:
        """Return what is under *name*; None where there is nothing."""
        return self._reader.get(name)

    def set(self, name: str, value: bytes, seconds: float) -> None:
        """Put a value under *name*."""
        if seconds < self._least:
            self.delete([name])
        else:
            self._writer.set(name, value, **self._timeout(seconds))

    def add(self, name: str, value: bytes, seconds: float) -> bool:
        """Put a value under *name* if nothing is there."""
        if seconds < self._least:
            return not self._writer.exists(name)
        return bool(self._writer.set(name, value, nx=True, **self._timeout(seconds)))

    def replace(self, name: str, value: bytes, seconds: float) -> bool:
        """Put a value under *name* if something is there."""
        if seconds < self._least:
            return bool(self.delete([name]))
        return bool(self._writer.set(name, value, xx=True, **self._timeout(seconds)))

    def touch(self, name: str, seconds: float) -> bool:
        """Let an entry end in so many seconds."""
        if seconds < self._least:
            return bool(self.delete([name]))
        return bool(self._writer.expire(name, int(seconds)))

    def delete(self, names: Sequence[str]) -> int:
        """Remove entries."""
        return int(self._writer.delete(*names))

    def seconds_left(self, name: str) -> float | None:
        """Return how long an entry stays."""
        left = self._reader.pttl(name)
        return left / 1000 if left > 0 else None

    def names(self, beginning: str) -> Iterator[str]:
        """Yield the names with a beginning, without holding up the server."""
        pattern = "".join(f"[{one}]" if one in "*?[" else one for one in beginning) + "*"
        for name in self._writer.scan_iter(match=pattern.replace("\\", "\\\\"), count=1000):
            yield name.decode("utf-8", "replace") if isinstance(name, bytes) else name

    def close(self) -> None:
        """Close the connections."""
        for client in self._made.values():
            client.connection_pool.disconnect()

    def has_answered(self, error: Exception) -> bool:
        """Return whether *error* is an answer of the server's."""
        return any(kind.__name__ == "ResponseError" for kind in type(error).__mro__)

    @property
    def _least(self) -> float:
        return 0.001 if self._milliseconds else 1

    def _timeout(self, seconds: float) -> dict[str, int]:
        return {"px": int(seconds * 1000)} if self._milliseconds else {"ex": int(seconds)}

    @property
    def _writer(self) -> Any:
        return self._client(0)

    @property
    def _reader(self) -> Any:
        # Django 5.2, core/cache/backends/redis.py: _get_connection_pool_index
        last = self._number - 1
        return self._client(random.randint(1, last) if last else 0)  # noqa: S311 - any will do

    def _client(self, index: int) -> Any:
        client = self._made.get(index)
        if client is None:
            client = self._made.setdefault(index, self._connect(index))
        return client
