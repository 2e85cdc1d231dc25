"""Django's RedisCache and django-redis on redis-py: the same servers, pools and commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .at_hand import ConnectionsAtHand, may_stay_at_hand
from .client import is_error_of

#: makes redis-py's client
Connect = Callable[[], Any]
#: runs a command, and returns the answer
Run = Callable[..., Any]


class RedisClient:
    """One Redis: the first server of LOCATION, which is written to.

    :param connect: makes its client.
    :param milliseconds: whether timeouts are sent in these, as django-redis does.
    """

    # Unlike Django: no replica is read. It knows later what was changed and who has logged out, and
    # as long as it is cut off, not at all.
    def __init__(self, connect: Connect, *, milliseconds: bool = False) -> None:
        self._connect = connect
        self._unit, self._in_a_second = ("PX", 1000) if milliseconds else ("EX", 1)
        self._made: tuple[Any, Run] | None = None
        #: whether SET may answer with what was there: since Redis 6.2
        self._set_answers = True

    def get(self, name: str) -> Any:
        """Return what is under *name*; None where there is nothing."""
        return self._run("GET", name)

    def swap(
        self, name: str, value: bytes, seconds: float, is_known: Callable[[Any], bool]
    ) -> bool:
        """Put a value in the place of a known one, or remove what is there."""
        is_put = self._units(seconds) >= 1 and is_known(self._swapped(name, value, seconds))
        if not is_put:
            self.delete([name])
        return is_put

    def _swapped(self, name: str, value: bytes, seconds: float) -> Any:
        """Put a value under *name*, and return what was there."""
        command = ("SET", name, value, *self._timeout(seconds))
        if self._set_answers:
            try:
                return self._run(*command, "GET", get=True)
            except Exception as error:
                if not (self.has_answered(error) and "syntax" in str(error)):
                    raise
                self._set_answers = False
        there = self.get(name)
        self._run(*command)
        return there

    def add(self, name: str, value: bytes, seconds: float) -> bool:
        """Put a value under *name* if nothing is there."""
        if self._units(seconds) < 1:
            return not self._run("EXISTS", name)
        return bool(self._run("SET", name, value, *self._timeout(seconds), "NX"))

    def replace(self, name: str, value: bytes, seconds: float) -> bool:
        """Put a value under *name* if something is there."""
        if self._units(seconds) < 1:
            return bool(self.delete([name]))
        return bool(self._run("SET", name, value, *self._timeout(seconds), "XX"))

    def touch(self, name: str, seconds: float) -> bool:
        """Let an entry end in so many seconds."""
        if self._units(seconds) < 1:
            return bool(self.delete([name]))
        return bool(self._run("EXPIRE", name, int(seconds)))

    def delete(self, names: Sequence[str]) -> int:
        """Remove entries."""
        return int(self._run("DEL", *names))

    def seconds_left(self, name: str) -> float | None:
        """Return how long an entry stays."""
        left = self._run("PTTL", name)
        return left / 1000 if left > 0 else None

    def names(self, beginning: str) -> Iterator[str]:
        """Yield the names with a beginning, without holding up the server."""
        pattern = "".join(f"[{one}]" if one in "*?[" else one for one in beginning) + "*"
        client, _ = self._ready()
        for name in client.scan_iter(match=pattern.replace("\\", "\\\\"), count=1000):
            yield name.decode("utf-8", "replace") if isinstance(name, bytes) else name

    def close(self) -> None:
        """Close the connections."""
        if self._made is not None:
            self._made[0].connection_pool.disconnect()

    def give_up(self) -> None:
        """Make another client for whoever asks next; who uses this one goes on with it."""
        self._made = None

    def has_failed(self, error: Exception) -> bool:
        """Return whether *error* is one of redis-py's, or of its connections."""
        return is_error_of(error, "redis")

    def has_answered(self, error: Exception) -> bool:
        """Return whether *error* is an answer of the server's."""
        return any(kind.__name__ == "ResponseError" for kind in type(error).__mro__)

    def _timeout(self, seconds: float) -> tuple[str, int]:
        return self._unit, self._units(seconds)

    def _units(self, seconds: float) -> int:
        return int(seconds * self._in_a_second)

    def _run(self, *command: Any, **options: Any) -> Any:
        return self._ready()[1](*command, **options)

    def _ready(self) -> tuple[Any, Run]:
        if self._made is None:
            client = self._connect()
            at_hand = may_stay_at_hand(client)
            run = ConnectionsAtHand(client).run if at_hand else client.execute_command
            self._made = client, run
        return self._made
