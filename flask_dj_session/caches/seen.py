"""What a request has last seen of the entries that it changes, so that it notices another's change.

Two requests write their rows one after the other, and their entries the other way round: then the
entry is older than its row, or the one of a session that has ended. Whoever writes an entry notices
that, since what is there is not what was seen before the row was written.

What was seen is kept in the context of the thread or greenlet. What an earlier request has left
there does no harm: it is what is in the cache, or it is not.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

#: how many entries a context keeps: a request has one session, or two while it gets another key
_MOST = 3

# A hash each, not the values: Python draws the key of its hashes, so that nobody chooses two values
# with the same.
_seen: ContextVar[tuple[tuple[int, str, int], ...]] = ContextVar("_seen", default=())


class Seen:
    """What has been seen of the entries of one cache."""

    def note(self, name: str, raw: Any) -> None:
        """Note what is under *name*: a raw value, or None where there is nothing."""
        _seen.set(((id(self), name, hash(raw)), *self._others(name)[: _MOST - 1]))

    def forget(self, name: str) -> None:
        """Note that nobody knows what is under *name*."""
        _seen.set(tuple(self._others(name)))

    def forget_nothing(self, name: str) -> None:
        """Do that if nothing was seen there: something has come since, and may have gone again."""
        if self.test_of(name)(None):
            self.forget(name)

    def _others(self, name: str) -> list[tuple[int, str, int]]:
        return [one for one in _seen.get() if one[1] != name or one[0] != id(self)]

    def test_of(self, name: str) -> Callable[[Any], bool]:
        """Return what tells whether a raw value is the one that was seen under *name*."""
        for number, other, seen in _seen.get():
            if number == id(self) and other == name:
                return lambda raw: hash(raw) == seen
        return lambda raw: False
