"""What must hold under load, whatever it costs: counts that are right, and rows that stay away."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Any

from benchmarks.load import Visitor, wait_for_workers

from .counted import UNANSWERED, Counted, all_visit, answers_of, visiting_while
from .site import Site, require


async def every_count_is_right(site: Site) -> str:
    """Count the visits of all visitors at once; after each request the count is as it should be."""
    workers: set[str] = set()

    async def visit(visitor: Visitor) -> None:
        for number in range(1, site.each + 1):
            workers.add(await _count(visitor, number))

    await asyncio.gather(*(visit(Visitor(site.port)) for _ in range(site.visitors)))
    return f"{site.visitors} visitors, {site.each} visits each, {len(workers)} workers"


async def no_row_comes_back(site: Site) -> str:
    """Log everybody out half-way, while a second tab of each counts on."""
    ended: set[str] = set()
    statuses: list[int] = []

    async def visit(visitor: Visitor) -> None:
        for number in range(1, site.each // 2 + 1):
            await _count(visitor, number)
        tabs = [Visitor(site.port, visitor.cookie) for _ in range(3)]
        ended.add(visitor.cookie.partition("=")[2])
        answers = await asyncio.gather(
            tabs[0].get("count"), tabs[1].get("count"), visitor.get("logout"), tabs[2].get("count")
        )
        statuses.extend(answer.status for answer in answers)
        visitor.cookie = ""
        for number in range(1, site.each - site.each // 2 - 3):
            await _count(visitor, number)

    await asyncio.gather(*(visit(Visitor(site.port)) for _ in range(site.visitors)))
    require(set(statuses) <= {200, 400}, f"The answers were {sorted(set(statuses))}.")
    back = ended & site.stored()
    require(not back, f"{len(back)} sessions that were logged out are back.")
    interrupted = statuses.count(400)
    return f"{len(ended)} logged out, {interrupted} requests interrupted by that, no row came back"


async def created_at_once(site: Site) -> str:
    """Begin sessions in all workers at once: each is a row of its own."""
    before = site.stored()
    keys: list[str] = []
    workers: set[str] = set()

    async def begin(number: int) -> None:
        visitor = Visitor(site.port)
        for _ in range(number):
            visitor.cookie = ""
            answer = await visitor.get("begin")
            require(answer.status == 200, f"The answer was {answer.status}.")
            keys.append(visitor.cookie.partition("=")[2])
            workers.add(answer.headers["x-worker"])

    await asyncio.gather(*(begin(max(site.each // 10, 2)) for _ in range(site.visitors)))
    added = site.stored() - before
    require(added == set(keys) and len(added) == len(keys), "Some sessions have no row.")
    return f"{len(keys)} sessions by {len(workers)} workers, a row for each"


async def a_killed_worker_loses_nothing(site: Site) -> str:
    """Kill a worker between requests; the counts go on."""
    visitors = [Visitor(site.port) for _ in range(site.visitors)]
    half = max(site.each // 10, 2)

    async def visits(numbers: range) -> set[str]:
        rounds = [[_count(one, number) for one in visitors] for number in numbers]
        return {worker for visit in rounds for worker in await asyncio.gather(*visit)}

    killed = min(await visits(range(1, half + 1)))
    os.kill(int(killed), signal.SIGKILL)
    await wait_for_workers(site.port, site.workers)  # gunicorn starts another
    left = await visits(range(half + 1, 2 * half + 1))
    require(killed not in left, "The killed worker has answered.")
    return f"{len(visitors)} visitors, {2 * half} visits each, none lost"


async def a_worker_is_killed_under_load(site: Site) -> str:
    """Kill a worker while all visitors ask; what was answered is counted."""
    visitors = [Counted(site.port) for _ in range(site.visitors)]
    each = max(site.each // 10, 2)
    await all_visit(visitors, each, expected=200)
    killed = (await Visitor(site.port).get("untouched")).headers["x-worker"]
    await visiting_while(visitors, lambda: os.kill(int(killed), signal.SIGKILL))
    await wait_for_workers(site.port, site.workers)
    await all_visit(visitors, each, expected=200)
    answers = answers_of(visitors)
    require(answers[500] == 0, f"{answers[500]} requests have failed at another worker.")
    return f"{answers[200]} visits counted, {answers[UNANSWERED]} not answered, none lost"


async def _count(visitor: Visitor, expected: int) -> str:
    """Count a visit, and return the worker that did."""
    answer = await visitor.get("count")
    right = (answer.status, answer.body) == (200, str(expected))
    require(right, f"The answer was {answer.status} {answer.body[:80]!r} instead of {expected}.")
    return answer.headers["x-worker"]


CHECKS: list[Callable[[Site], Coroutine[Any, Any, str]]] = [
    every_count_is_right,
    no_row_comes_back,
    created_at_once,
    a_killed_worker_loses_nothing,
    a_worker_is_killed_under_load,
]
