"""A cache that may be down: its errors are told once a minute, and what it missed is made good.

Where an entry could not be written or removed, it is older than its row. So its name is kept, it is
not believed, and it is removed as soon as the cache answers. What a process that ends has kept is
lost with it.

What is interrupted from elsewhere, as by the end of a time limit, may have been done or not. So its
name is kept in the same way, and its connection is not used again.

A cache that refuses at once is asked again at once. Otherwise this process would go on without it
for a while after it has come back, and others would believe what they have put there meanwhile.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from .client import Client

_logger = logging.getLogger("flask_dj_session.caches")

#: seconds in which a cache that lets visitors wait is not asked again
REST = 1.0
#: seconds after which an error counts as such
_LONG = 0.5
#: seconds between two lines in the log
_SILENCE = 60.0
#: how many names are kept at most
MOST_KEPT = 100_000
_AT_ONCE = 500
_FAILED: Any = object()

_Result = TypeVar("_Result")


class GuardedCache:
    """Asks a cache, and goes on without it where it fails.

    :param alias: its name in CACHES, for the log.
    :param clock: seconds that only grow.
    """

    def __init__(
        self, client: Client, alias: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.client = client
        self.alias = alias
        self._clock = clock
        self._owner = os.getpid()
        self._own_lock = threading.Lock()
        self._stale: dict[str, object] = {}  # and when each was kept
        self._rests_until = self._silent_until = float("-inf")

    @property
    def _lock(self) -> threading.Lock:
        if self._owner != os.getpid():  # a thread of the parent may hold it, for ever
            self._owner, self._own_lock = os.getpid(), threading.Lock()
        return self._own_lock

    @property
    def stale(self) -> tuple[str, ...]:
        """The names that are to be removed as soon as the cache answers."""
        return tuple(self._stale)

    def get(self, name: str) -> Any:
        """Return what is under *name*; None where there is nothing, or nothing to believe."""
        if self._stale and not self._make_good():
            return None  # it does not answer, so nobody need be asked twice
        return self._ask(lambda: self.client.get(name), None)

    def swap(
        self, name: str, value: bytes, seconds: float, is_known: Callable[[Any], bool]
    ) -> bool:
        """Put a value in the place of a known one, or see that what is there goes.

        :returns: whether the value is there.
        """
        return self._change([name], lambda: self.client.swap(name, value, seconds, is_known))

    def fill(self, name: str, value: bytes, seconds: float) -> bool:
        """Put a value under *name* if nothing is there; a value that is, is younger.

        :returns: whether the value is there.
        """
        return self._change([name], lambda: self.client.add(name, value, seconds))

    def touch(self, name: str, seconds: float) -> None:
        """Let an entry end in so many seconds."""
        self._change([name], lambda: self.client.touch(name, seconds))

    def delete(self, names: Sequence[str]) -> None:
        """Remove entries, now or as soon as that is possible."""
        for first in range(0, len(names), _AT_ONCE):
            some = names[first : first + _AT_ONCE]
            self._change(some, partial(self.client.delete, some))

    def seconds_left(self, name: str) -> float | None:
        """Return how long an entry stays."""
        return self._ask(lambda: self.client.seconds_left(name), None)

    def _change(self, names: Sequence[str], change: Callable[[], Any]) -> bool:
        """Change entries, and return whether the cache says that it was done."""
        try:
            if self._stale and not self._make_good():
                self.distrust(names)  # it does not answer, so nobody need be asked twice
                return False
            answer = self._ask(change, _FAILED)
            if answer is _FAILED:
                # Unlike Django: this is no error, and it is made good.
                self.distrust(names)
                self._make_good()  # where it only refuses what was to be put there
        except BaseException:
            self.distrust(names)
            raise
        return answer is not _FAILED and bool(answer)

    def _make_good(self) -> bool:
        """Remove what is older than its row, and return whether nothing of it is left."""
        while kept := list(self._stale.items())[:_AT_ONCE]:
            delete = partial(self.client.delete, [name for name, _ in kept])
            if self._ask(delete, _FAILED) is _FAILED:
                return False
            with self._lock:
                for name, when in kept:
                    if self._stale.get(name) is when:  # another thread has not kept it anew
                        del self._stale[name]
        return True

    def distrust(self, names: Sequence[str]) -> None:
        """Believe no entry, and remove these before anything is asked again."""
        with self._lock:
            room = MOST_KEPT - len(self._stale)
            self._stale.update(dict.fromkeys(names[:room], object()))
        if room < len(names):
            _logger.error(
                "The cache %r has been down for so many changes that some of its entries will be"
                " older than their rows. Clear it before it is used again.",
                self.alias,
            )

    def _ask(self, question: Callable[[], _Result], otherwise: _Result) -> _Result:
        asked = self._clock()
        if asked < self._rests_until:
            return otherwise
        try:
            return question()
        except BaseException as error:
            if not (isinstance(error, Exception) and self.client.has_failed(error)):
                self.client.give_up()
                raise
            if not self.client.has_answered(error):
                self._rest_after(error, asked)
            self._tell(error)
            return otherwise

    def _rest_after(self, error: Exception, asked: float) -> None:
        now = self._clock()
        if now - asked > _LONG or any(
            kind.__name__ == "TimeoutError" for kind in type(error).mro()
        ):
            self._rests_until = now + REST

    def _tell(self, error: Exception) -> None:
        now = self._clock()
        if now < self._silent_until:
            return
        self._silent_until = now + _SILENCE
        # Not what the error says, which may hold a password.
        _logger.error(
            "The cache %r failed (%s). The table serves until it answers.",
            self.alias,
            type(error).__name__,
        )
