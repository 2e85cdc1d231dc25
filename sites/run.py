"""``python -m sites.run``: real sites as they stand, and the table of what agreed."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from interop.conversation import other_side
from interop.database import fresh_database, knock
from interop.reasons import NotRunError
from interop.scenarios import DisagreementError

from .app_side import AppSide, served
from .catalogue import SITES, Site
from .course_app import app_py
from .places import Place
from .servers import cache_server, find_program
from .table import Row, markdown, remarks, summary
from .walk import SiteSide, Step, Walk, steps_for

_SITE_SIDE = Path(__file__).with_name("site_side.py")


def try_site(site: Site, folder: Path) -> Row:
    """Install a site and walk it; whatever happens, the table goes on."""
    row = Row(site.name, database=site.storage)
    place = Place(site)
    try:
        knock(site.kind)
        if site.cache:
            find_program(site.cache)  # before anything is installed
        installing = place.install()
        began = time.monotonic()
        place.begin_project()
        with prepared(site, place, folder) as walk:
            row.django, row.python = walk.there.django, walk.there.python
            row.said = walk.here.said
            for step in steps_for(site):
                _take(step, walk, row)
                if row.seconds is None and row.agreed:
                    row.seconds = installing + time.monotonic() - began
    except NotRunError as error:
        row.not_run = str(error)
        row.failed = error.is_failure(strict=_is_strict(), required=True)
    except Exception as error:
        row.disagreed["beginning"] = _words_of(error)
    return row


def _take(step: Step, walk: Walk, row: Row) -> None:
    name = step.__name__.replace("_", " ")
    if name in walk.site.not_possible:
        row.not_possible[name] = walk.site.not_possible[name]
        return
    try:
        step(walk)
        row.agreed.append(name)
    except Exception as error:
        row.disagreed[name] = _words_of(error)


@contextmanager
def prepared(site: Site, place: Place, folder: Path) -> Iterator[Walk]:
    """Lend both sides, ready to be visited."""
    with ExitStack() as stack:
        database = stack.enter_context(fresh_database(site.kind, folder))
        cache = stack.enter_context(cache_server(site.cache, folder)) if site.cache else ""
        stack.enter_context(place.variables(database, cache))
        command = [str(place.python), "-W", "ignore", str(_SITE_SIDE)]
        there = stack.enter_context(other_side(command, SiteSide, place.project))
        for name, *arguments in site.before:
            there.done("command", name=name, arguments=arguments)
        there.start()
        here = _app_beside(site, place)
        here.share_login(**({"user_model": site.user_model(here.db)} if site.user_model else {}))
        stack.enter_context(served(here))
        course = stack.enter_context(app_py(place.python, place.project)) if site.app_py else None
        yield Walk(site, there, here, lambda: _app_beside(site, place), course)


def _app_beside(site: Site, place: Place) -> AppSide:
    return AppSide(site.module, place.python, place.project)


def _words_of(error: Exception) -> str:
    """Tell what differs, or what was raised on our side."""
    if isinstance(error, DisagreementError):
        return str(error)
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"


def _is_strict() -> bool:
    return os.environ.get("CI") == "true"


def chosen(names: Iterable[str]) -> list[Site]:
    """Return the sites of these names; all, where there are none.

    :raises SystemExit: for a name of no site.
    """
    by_name = {site.name: site for site in SITES}
    for name in names:
        if name not in by_name:
            raise SystemExit(f"There is no site {name!r}. There are: {', '.join(by_name)}.")
    return [by_name[name] for name in names] or list(SITES)


def main() -> int:
    """Run it all; 1 where anything disagreed, or was not tried that should have been."""
    parser = argparse.ArgumentParser(prog="python -m sites.run", description=__doc__)
    parser.add_argument("sites", nargs="*", help="their names; by default all")
    parser.add_argument("--list", action="store_true", help="name the sites, and end")
    parser.add_argument("--markdown", metavar="FILE", type=Path, help="write the table here, too")
    arguments = parser.parse_args()
    sites = chosen(arguments.sites)
    if arguments.list:
        sys.stdout.writelines(f"{site.name}: {', '.join(site.requirements)}\n" for site in sites)
        return 0
    with TemporaryDirectory() as folder:
        rows = [_told(try_site(site, Path(folder))) for site in sites]
    sys.stdout.write(markdown(rows) + "\n")
    if arguments.markdown:
        arguments.markdown.write_text(markdown(rows), encoding="utf-8")
    return report(rows)


def _told(row: Row) -> Row:
    """Say at once what came of a site, for it takes long until the next one is walked."""
    sys.stderr.write(f"{row.site}: {' | '.join(row.cells[1:])}\n")
    sys.stderr.writelines(f"  at the start: {one}\n" for one in row.said)
    sys.stderr.writelines(f"  {line}\n" for line in remarks([row]))
    return row


def report(rows: list[Row]) -> int:
    """Write what is wrong below the table, and the counts; return the exit code."""
    counts = summary(rows)
    sys.stdout.writelines(f"{line}\n" for line in remarks(rows))
    sys.stdout.write(", ".join(f"{count} {what}" for what, count in counts.items()) + "\n")
    wrong = counts["disagreed"] or any(row.failed for row in rows)
    return 1 if wrong or not counts["agreed"] else 0


if __name__ == "__main__":
    sys.exit(main())
