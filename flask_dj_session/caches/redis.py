"""Django's RedisCache and django-redis on redis-py: the same servers, pools and commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .client import is_error_of

#: makes redis-py's client
Connect = Callable[[], Any]


class RedisClient:
    """One Redis: the first server of LOCATION, which is written to.

    :param connect: makes its client.
    :param milliseconds: whether timeouts are sent in these, as django-redis does.
    """

    # Unlike Django: no replica is read. It knows later what was changed and who has logged out, and
    # as long as it is cut off, not at all.
    def __init__(self, connect: Connect, *, milliseconds: bool = False) -> None:
        self._connect = connect
        self._milliseconds = milliseconds
        self._made: Any = None

    def get(self, name: str) -> Any:
        """Return what is under *name*; None where there is nothing."""
        return self._client.get(name)

    def set(self, name: str, value: bytes, seconds: float) -> None:
        """Put a value under *name*."""
        if seconds < self._least:
            self.delete([name])
        else:
            self._client.set(name, value, **self._timeout(seconds))

    def add(self, name: str, value: bytes, seconds: float) -> bool:
        """Put a value under *name* if nothing is there."""
        if seconds < self._least:
            return not self._client.exists(name)
        return bool(self._client.set(name, value, nx=True, **self._timeout(seconds)))

    def replace(self, name: str, value: bytes, seconds: float) -> bool:
        """Put a value under *name* if something is there."""
        if seconds < self._least:
            return bool(self.delete([name]))
        return bool(self._client.set(name, value, xx=True, **self._timeout(seconds)))

    def touch(self, name: str, seconds: float) -> bool:
        """Let an entry end in so many seconds."""
        if seconds < self._least:
            return bool(self.delete([name]))
        return bool(self._client.expire(name, int(seconds)))

    def delete(self, names: Sequence[str]) -> int:
        """Remove entries."""
        return int(self._client.delete(*names))

    def seconds_left(self, name: str) -> float | None:
        """Return how long an entry stays."""
        left = self._client.pttl(name)
        return left / 1000 if left > 0 else None

    def names(self, beginning: str) -> Iterator[str]:
        """Yield the names with a beginning, without holding up the server."""
        pattern = "".join(f"[{one}]" if one in "*?[" else one for one in beginning) + "*"
        for name in self._client.scan_iter(match=pattern.replace("\\", "\\\\"), count=1000):
            yield name.decode("utf-8", "replace") if isinstance(name, bytes) else name

    def close(self) -> None:
        """Close the connections."""
        if self._made is not None:
            self._made.connection_pool.disconnect()

    def give_up(self) -> None:
        """Make another client for whoever asks next; who uses this one goes on with it."""
        self._made = None

    def has_failed(self, error: Exception) -> bool:
        """Return whether *error* is one of redis-py's, or of its connections."""
        return is_error_of(error, "redis")

    def has_answered(self, error: Exception) -> bool:
        """Return whether *error* is an answer of the server's."""
        return any(kind.__name__ == "ResponseError" for kind in type(error).__mro__)

    @property
    def _least(self) -> float:
        return 0.001 if self._milliseconds else 1

    def _timeout(self, seconds: float) -> dict[str, int]:
        return {"px": int(seconds * 1000)} if self._milliseconds else {"ex": int(seconds)}

    @property
    def _client(self) -> Any:
        if self._made is None:
            self._made = self._connect()
        return self._made
