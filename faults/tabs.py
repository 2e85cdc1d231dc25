"""Many requests of one visitor at once, at this package and at Django: nothing is lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

from benchmarks.load import Visitor

from .site import Site, require

#: how many requests of the visitor are under way at once
_TABS = 16


async def nothing_is_lost_between_tabs(site: Site, ports: Sequence[int], requests: int) -> str:
    """Count the visits of one visitor in many tabs; the sum is exact, and a logout stays."""
    visitor = Visitor(site.port)
    await visitor.get("begin")
    statuses = await _visit(visitor.cookie, ports, requests)
    require(set(statuses) == {200}, f"The answers were {dict(statuses)}.")
    counted = int((await visitor.get("read")).body)
    require(counted == requests + 1, f"Of {requests} visits, {counted - 1} were counted.")
    ended = await _logout_meanwhile(site, visitor, ports, requests // 4)
    where = f"{len(ports)} servers" if len(ports) > 1 else "a server"
    return (
        f"one visitor, {requests} visits in {_TABS} tabs at {where}, all counted;"
        f" {ended} interrupted by a logout, and the row stays away"
    )


async def _visit(cookie: str, ports: Sequence[int], requests: int) -> Counter[int]:
    statuses: Counter[int] = Counter()
    left = iter(range(requests))

    async def tab() -> None:
        for number in left:
            answer = await Visitor(ports[number % len(ports)], cookie).get("count")
            statuses[answer.status] += 1

    await asyncio.gather(*(tab() for _ in range(_TABS)))
    return statuses


async def _logout_meanwhile(
    site: Site, visitor: Visitor, ports: Sequence[int], requests: int
) -> int:
    key = visitor.cookie.partition("=")[2]
    visits = asyncio.create_task(_visit(visitor.cookie, ports, requests))
    await Visitor(site.port).get("untouched")
    answer = await Visitor(site.port, visitor.cookie).get("logout")
    require(answer.status == 200, f"The logout was answered with {answer.status}.")
    statuses = await visits
    require(set(statuses) <= {200, 400}, f"The answers were {dict(statuses)}.")
    require(key not in site.stored(), "The session that was logged out is back.")
    return statuses[400]
