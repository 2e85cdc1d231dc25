"""``flask clearsessions``: removes expired sessions, and makes no visitor wait for long."""

from __future__ import annotations

import click

from ..errors import NoTableError
from ..index import index_of
from ..presentation.formatting import counted
from ..store import Store
from ..store.clearing import LEAST_ROWS
from .command import SiteCommand, site, stopped
from .output import say
from .progress import Advance, progress


@click.command("clearsessions", cls=SiteCommand)
@click.option(
    "--batch-size",
    type=click.IntRange(min=1),
    metavar="N",
    help=(
        "How many rows to remove in one transaction; by default 1000, or up to 10,000 if the"
        " database is quick."
    ),
)
@click.option(
    "--pause",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="Seconds to wait between batches, to leave time for other programs (up to 0.03 by default"
    " on SQLite).",
)
@click.option("--dry-run", is_flag=True, help="Count only, and remove nothing.")
def clearsessions(batch_size: int | None, pause: float | None, dry_run: bool) -> None:
    """Remove the sessions that have expired.

    You can stop it at any time with Ctrl-C: the sessions removed so far stay removed.
    """
    store, now = site().store, site().now()
    if not store.has_table:
        say(str(NoTableError()))
        return
    if dry_run:
        number = store.count(expired_before=now)
        say(f"{counted(number, 'expired session')} would be removed.")
        return
    clearing = _Clearing(store, batch_size, pause)
    try:
        with progress(
            "Removing",
            length=lambda: store.count(expired_before=now),
            step=batch_size or LEAST_ROWS,
        ) as advance:
            clearing.run(advance)
    except KeyboardInterrupt:
        removed = counted(clearing.removed, "expired session")
        raise stopped(f"{removed} removed so far.") from None
    _clear_index()
    say(f"{counted(clearing.removed, 'expired session')} removed.")


def _clear_index() -> None:
    """Let the entries of rows go that are gone, whoever has removed these."""
    index = index_of(site())
    if index.columns is None and index.is_there():
        for _ in index.entries.clear_gone():
            pass


class _Clearing:
    """Counts what is removed, also where it is interrupted."""

    def __init__(self, store: Store, batch_size: int | None, pause: float | None) -> None:
        now = site().now()
        self._batches = store.clear_expired(now, batch_size=batch_size, pause=pause)
        self.removed = 0

    def run(self, advance: Advance) -> None:
        """Remove batch after batch."""
        for number in self._batches:
            self.removed += number
            advance(number)
