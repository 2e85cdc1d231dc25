"""The cache stops in the middle, and comes back: nobody is told, and nobody notices."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from benchmarks.load import Answer, Visitor

from .counted import Counted, all_visit, answers_of, visiting_while
from .redis import Redis
from .servers import STOPS
from .site import Site, require

#: how often it is looked whether somebody is back, since each worker may think otherwise
_LOOKS = 6


class Leaver:
    """A visitor who comes, and logs out later."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._visitor = Visitor(port)
        self._cookie = ""

    async def come(self) -> None:
        """Begin a session, which is then in the cache, too."""
        _require_200(await self._visitor.get("count"))
        self._cookie = self._visitor.cookie

    async def leave(self) -> None:
        """Log out."""
        _require_200(await self._visitor.get("logout"))

    async def stays_away(self) -> None:
        """Look whether the old cookie leads to the session that has ended."""
        for _ in range(_LOOKS):
            answer = await Visitor(self._port, self._cookie).get("read")
            _require_200(answer)
            require(answer.body == "0", "A session that was logged out is back.")

    @property
    def key(self) -> str:
        """The session's key."""
        return self._cookie.partition("=")[2]


def _require_200(answer: Answer) -> None:
    require(answer.status == 200, f"The answer was {answer.status}.")


async def the_cache_stops(site: Site, cache: Redis) -> list[str]:
    """Stop the cache under load in each way, and start it; people come and leave meanwhile."""
    visitors = [Counted(site.port) for _ in range(site.visitors)]
    said = []
    for how in STOPS:
        said.append(f"stopped {how} and started: {await _stopped(how, site, cache, visitors)}")
        said.append(f"{how}, and one has noticed: {await _noticed(how, site, cache, visitors)}")
    return said


async def _stopped(how: str, site: Site, cache: Redis, visitors: Sequence[Counted]) -> str:
    each = _each(site)
    early, late = ([Leaver(site.port) for _ in visitors] for _ in range(2))
    await asyncio.gather(*(one.come() for one in early))
    await all_visit(visitors, each, expected=200)
    require(len(cache.names()) >= len(visitors), "The cache is not used.")
    await visiting_while(visitors, partial(cache.stop, how))
    await all_visit(visitors, 2, expected=200)
    await asyncio.gather(*(one.leave() for one in early))
    await visiting_while(visitors, cache.start)
    await asyncio.gather(all_visit(visitors, each, expected=200), _come_and_leave(late))
    return await _nothing_is_lost(site, visitors, [*early, *late])


async def _noticed(how: str, site: Site, cache: Redis, visitors: Sequence[Counted]) -> str:
    """Restart the cache, and let one worker know: it rests, while the others use the cache."""
    leavers = [Leaver(site.port) for _ in visitors]
    cache.stop(how)
    await visitors[0].visit()
    cache.start()
    visits = all_visit(visitors, _each(site), expected=200)
    await asyncio.gather(visits, _come_and_leave(leavers))
    return await _nothing_is_lost(site, visitors, leavers)


def _each(site: Site) -> int:
    """Return how many visits each makes before a stop, after it, and after the other one."""
    return max(site.each // (3 * len(STOPS)), 2)


async def _nothing_is_lost(
    site: Site, visitors: Sequence[Counted], leavers: Sequence[Leaver]
) -> str:
    await asyncio.gather(*(one.stays_away() for one in leavers))
    back = {one.key for one in leavers} & site.stored()
    require(not back, f"{len(back)} sessions that were logged out are in the table.")
    answers = answers_of(visitors)
    require(set(answers) == {200}, f"The answers were {dict(answers)}.")
    return f"{answers[200]} visits counted, none failed; {len(leavers)} logged out, none is back"


async def _come_and_leave(leavers: Sequence[Leaver]) -> None:
    async def visit(one: Leaver) -> None:
        await one.come()
        await one.leave()
        await one.stays_away()

    await asyncio.gather(*map(visit, leavers))
