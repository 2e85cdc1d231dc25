"""The database stops in the middle, and comes back: who is told what, and what is counted."""

from __future__ import annotations

from functools import partial

from .counted import Counted, all_visit, answers_of, visiting_while
from .servers import STOPS, PrivateServer
from .site import Site, require


async def the_database_stops(site: Site, server: PrivateServer) -> list[str]:
    """Stop the database under load in each way, and once more while nobody asks."""
    visitors = [Counted(site.port) for _ in range(site.visitors)]
    each = max(site.each // 10, 2)
    said = []
    for how in STOPS:
        await all_visit(visitors, each, expected=200)
        await visiting_while(visitors, partial(server.stop, how))
        await all_visit(visitors, 2, expected=500)
        await visiting_while(visitors, server.start)
        await all_visit(visitors, each, expected=200)
        answers = answers_of(visitors)
        counts = f"{answers[200]} visits counted, {answers[500]} errors while it was down"
        said.append(f"stopped {how} and started: {counts}, none after")
    said.append(await _restarted_unseen(site, server, visitors))
    return said


async def _restarted_unseen(site: Site, server: PrivateServer, visitors: list[Counted]) -> str:
    """Restart the database between requests: the first request to each worker can fail."""
    server.stop("in order")
    server.start()
    errors = 0
    for visitor in visitors:
        errors += await visitor.visit() != 200
    require(errors <= site.workers, f"{errors} requests have failed, of one visitor at a time.")
    await all_visit(visitors, 2, expected=200)
    return f"restarted between requests: {errors} errors, at most one for each worker"
