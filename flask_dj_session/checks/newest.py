"""What was signed last. Settings change, and what was signed before proves nothing of today."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile
from typing import Generic, TypeVar

Fact = TypeVar("Fact")

#: how many are remembered
_MOST = 10
#: if so many are alike, it is no chance
_ENOUGH = 3


@dataclass
class Newest(Generic[Fact]):
    """Remembers a fact of each of the rows that were signed last.

    :param most: of how many rows.
    """

    most: int = _MOST
    _heap: list[tuple[datetime, int, Fact]] = field(default_factory=list)
    _count: int = 0

    def add(self, signed_at: datetime, fact: Fact) -> None:
        """Take a row in."""
        heap = self._heap
        if len(heap) == self.most and signed_at <= heap[0][0]:
            return
        self._count += 1
        entry = (signed_at, self._count, fact)
        if len(heap) < self.most:
            heapq.heappush(heap, entry)
        else:
            heapq.heapreplace(heap, entry)

    @property
    def facts(self) -> list[Fact]:
        """The facts, that of the newest row first."""
        return [fact for _, _, fact in self._entries]

    @property
    def _entries(self) -> list[tuple[datetime, int, Fact]]:
        return sorted(self._heap, key=_order, reverse=True)

    def have_been(self, alike: Callable[[Fact], bool]) -> datetime | None:
        """Tell since when the newest rows are *alike*; None where too few are, to be no chance."""
        run = [moment for moment, _, _ in takewhile(lambda each: alike(each[2]), self._entries)]
        return run[-1] if len(run) >= _ENOUGH else None

    def are(self, alike: Callable[[Fact], bool]) -> bool:
        """Return whether the newest rows are *alike*: the last three, or else most of them."""
        found = [alike(fact) for fact in self.facts]
        if len(set(found[:_ENOUGH])) == 1:
            return found[0]
        return sum(found) * 2 > len(found)


def _order(entry: tuple[datetime, int, object]) -> tuple[datetime, int]:
    return entry[:2]
