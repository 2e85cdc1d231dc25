"""``python -m faults.run``: every check under gunicorn, on every database that can be had.

SQLite is always there; PostgreSQL and MariaDB are the servers of TEST_POSTGRESQL_URL and
TEST_MARIADB_URL. Servers that are stopped, and disks that run full, are made for the purpose.
"""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext

from benchmarks import databases
from benchmarks.contenders.ours_site import make_table
from benchmarks.server import serve

from .cache import the_cache_stops
from .checks import CHECKS
from .disk import database_on, small_disk, the_disk_runs_full
from .interruptions import requests_are_interrupted
from .outage import the_database_stops
from .redis import private_redis
from .servers import KINDS, NotPossibleError, private_server
from .site import CheckError, Site, require
from .tabs import nothing_is_lost_between_tabs

Check = Callable[[str, Namespace], Iterator[str]]

_LINES = 60  # of the log, where a check fails
_SMALL, _LARGE = 12, 48  # megabytes; an empty database of PostgreSQL has 8


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the checks, print a line for each, and return how many have failed."""
    options = _options(arguments)
    failed = sum(
        not _passes(_CHECKS[name], database, options)
        for database in options.databases
        for name in options.checks
    )
    if failed:
        print(f"{failed} have failed.", file=sys.stderr)
    return failed


def _options(arguments: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(prog="python -m faults.run", description=__doc__)
    available = databases.available(databases.KINDS)
    parser.add_argument("--databases", nargs="+", choices=available, default=available)
    parser.add_argument("--checks", nargs="+", choices=_CHECKS, default=list(_CHECKS))
    parser.add_argument("--visitors", type=int, default=64)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=8)
    return parser.parse_args(arguments)


def _passes(check: Check, database: str, options: Namespace) -> bool:
    try:
        for said in check(database, options):
            print(f"{database}: {said}", flush=True)
    except NotPossibleError as error:
        print(f"{database}: skipped, {error}: {_named(check)}", flush=True)
    except CheckError as error:
        print(f"{database}: FAILED: {_named(check)}: {error}", flush=True)
        return False
    return True


def _named(check: Callable[..., object]) -> str:
    return check.__name__.replace("_", " ").strip()


def under_load(database: str, options: Namespace) -> Iterator[str]:
    """Run what needs no fault but a killed worker."""
    with databases.lend(database) as make, _served(make("check"), options) as (site, _):
        for check in CHECKS:
            try:
                yield f"{_named(check)}: {asyncio.run(check(site))}"
            except CheckError as error:
                raise CheckError(f"{_named(check)}: {error}") from error


def the_database_is_stopped(database: str, options: Namespace) -> Iterator[str]:
    """Stop and start a server; SQLite has none."""
    if database not in KINDS:
        return
    with (
        private_server(database) as server,
        _served(server.make_database("site"), options) as (site, log),
    ):
        yield from asyncio.run(the_database_stops(site, server))
        _require_discreet(log, site)


def the_cache_is_stopped(database: str, options: Namespace) -> Iterator[str]:
    """Stop and start a Redis in front of the table, which comes back empty, or with all it had."""
    for keeps in False, True:
        # What a worker could not remove there, it alone knows: docs/how-to/caches.md.
        workers = 1 if keeps else options.workers
        with (
            databases.lend(database) as make,
            private_redis(keeps=keeps) as cache,
            _served(make("cached"), options, "cached", workers, cache=cache.url) as (site, log),
        ):
            for said in asyncio.run(the_cache_stops(site, cache)):
                yield f"a cache that comes back {'with all it had' if keeps else 'empty'}, {said}"
            _require_discreet(log, site, "The cache 'default' failed")


def the_disk_is_full(database: str, options: Namespace) -> Iterator[str]:
    """Let the disk of the database run full."""
    of_server = private_server(database) if database in KINDS else nullcontext()
    with (
        small_disk(_SMALL) as disk,
        of_server as server,
        _served(database_on(disk, server), options, size="20kB") as (site, log),
    ):
        yield asyncio.run(the_disk_runs_full(site, lambda: disk.grow(_LARGE)))
        _require_discreet(log, site)


def requests_are_ended(database: str, options: Namespace) -> Iterator[str]:
    """End requests in the middle of their statements."""
    with databases.lend(database) as make:
        yield from requests_are_interrupted(
            database, make("check"), max(options.requests // 10, 1000)
        )


def tabs_of_one_visitor(database: str, options: Namespace) -> Iterator[str]:
    """Let one visitor ask many things at once, where changes are merged; then Django, too."""
    requests = max(options.requests // 20, 200)
    with (
        databases.lend(database) as make,
        _served(make("tabs"), options, contender="merging") as (site, _),
        _served(site.url, options, contender="django_merging") as (beside, _),
    ):
        for ports in [site.port], [site.port, beside.port]:
            yield asyncio.run(nothing_is_lost_between_tabs(site, ports, requests))


_CHECKS: dict[str, Check] = {
    "load": under_load,
    "tabs": tabs_of_one_visitor,
    "stopped": the_database_is_stopped,
    "cache": the_cache_is_stopped,
    "full": the_disk_is_full,
    "interrupted": requests_are_ended,
}


@contextmanager
def _served(
    url: str,
    options: Namespace,
    contender: str = "ours",
    workers: int = 0,
    **how: str,
) -> Iterator[tuple[Site, list[str]]]:
    """Lend a served site with its table, and the log of its errors.

    :param workers: where it is not as many as the options say.
    :param how: what else ``serve`` takes.
    """
    make_table(url)
    workers, threads, log = workers or options.workers, options.threads, list[str]()
    with serve(contender, url, workers=workers, threads=threads, log=log.append, **how) as port:
        try:
            yield Site(port, url, options.visitors, options.requests, workers), log
        except CheckError:
            sys.stderr.writelines(log[-_LINES:])
            raise


def _require_discreet(log: list[str], site: Site, told: str = "sqlalchemy.exc.") -> None:
    """See that the errors are logged, and that no log tells the key of a session."""
    text = "".join(log)
    require(told in text, "That something was down is not logged.")
    require(not any(key in text for key in site.stored()), "The log tells session keys.")


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
