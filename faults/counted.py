"""Visitors who compare what they are told with what they were told before."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from benchmarks.load import Visitor

from .site import require

#: in place of a status, where the connection ended without an answer
UNANSWERED = 0


class Counted:
    """A visitor whose visits may fail.

    A visit that failed may have been counted: its answer may be what was lost. One that was
    answered has been.
    """

    def __init__(self, port: int) -> None:
        self.answers: Counter[int] = Counter()
        self._visitor = Visitor(port)
        self._told = 0
        self._failed = 0

    async def visit(self) -> int:
        """Count a visit, and return the status."""
        try:
            answer = await self._visitor.get("count")
        except OSError:
            self._failed += 1
            self.answers[UNANSWERED] += 1
            return UNANSWERED
        self.answers[answer.status] += 1
        if answer.status == 200:
            self._take(int(answer.body))
        else:
            require(answer.status == 500, f"The answer was {answer.status}.")
            require("set-cookie" not in answer.headers, "An error came with a cookie.")
            self._failed += 1
        return answer.status

    def _take(self, told: int) -> None:
        most = self._told + self._failed + 1
        right = self._told < told <= most
        require(right, f"The count is {told}; it was {self._told}, {self._failed} failed.")
        self._told, self._failed = told, 0


async def all_visit(visitors: Sequence[Counted], times: int, *, expected: int) -> None:
    """Let each visit *times*, and be answered as *expected*."""

    async def visits(visitor: Counted) -> None:
        for _ in range(times):
            status = await visitor.visit()
            require(status == expected, f"The answer was {status} instead of {expected}.")

    await asyncio.gather(*map(visits, visitors))


async def visiting_while(visitors: Sequence[Counted], work: Callable[[], object]) -> None:
    """Let all ask on while *work* is done in a thread; they may be answered so or so."""
    done = asyncio.Event()
    asked = [asyncio.Event() for _ in visitors]

    async def visits(visitor: Counted, has_asked: asyncio.Event) -> None:
        while not done.is_set():
            await visitor.visit()
            has_asked.set()

    async def works() -> None:
        await asyncio.gather(*(one.wait() for one in asked))
        try:
            await asyncio.to_thread(work)
        finally:
            done.set()

    tasks: list[Coroutine[Any, Any, None]] = [*map(visits, visitors, asked), works()]
    await asyncio.gather(*tasks)


def answers_of(visitors: Sequence[Counted]) -> Counter[int]:
    """Return how often each status was answered since it was asked last."""
    answers = sum((visitor.answers for visitor in visitors), Counter[int]())
    for visitor in visitors:
        visitor.answers.clear()
    return answers
