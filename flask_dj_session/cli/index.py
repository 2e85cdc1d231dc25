"""``flask sessions index``: the table beside that of the sessions which says whose each is."""

from __future__ import annotations

import click

from ..index import SessionIndex, index_of
from ..index.filling import PAGE_SIZE, Filled, Filling
from ..presentation.formatting import counted
from ..store import Store
from .command import SiteCommand, site, stopped
from .output import say
from .progress import progress


@click.command("index", cls=SiteCommand)
@click.option("--verify", is_flag=True, help="Compare every entry with its row, and mend it.")
@click.option("--drop", is_flag=True, help="Remove the index. No session ends.")
@click.option("--yes", is_flag=True, help="Do not ask before removing it.")
def index(verify: bool, drop: bool, yes: bool) -> None:
    """Create the index of the sessions, or bring it up to date.

    With it, the sessions of a user are found without reading all rows. No visitor waits for it, and
    you can stop it at any time with Ctrl-C: the next run goes on.
    """
    if verify and drop:
        raise click.UsageError("Give one of --verify and --drop.")
    known, store = index_of(site()), site().store
    if known.columns is not None:
        say(f"Table '{store.table.name}' says by itself whose each session is. It needs no index.")
    elif drop:
        _drop(known, ask=not yes)
    else:
        _fill(known, store, verifies=verify)


def _drop(known: SessionIndex, *, ask: bool) -> None:
    name = known.entries.table.name
    if ask:
        click.confirm(f"Remove table '{name}'? No session ends.", abort=True)
    was_there = known.entries.drop()
    say(f"Table '{name}' removed." if was_there else f"Table '{name}' is not in the database.")


def _fill(known: SessionIndex, store: Store, *, verifies: bool) -> None:
    """Compare rows and entries, after making the table where it is missing."""
    store.count()  # the table of the sessions is there, or the error says how to make it
    if known.entries.create():
        say(f"Table '{known.entries.table.name}' created.")
    filling = Filling(store, known.entries, known.by_index)
    reader, cookie_age = known.reader(), site().settings.cookie_age
    try:
        if verifies or known.entries.looked_at() is None:
            with progress("Reading", length=store.count, step=PAGE_SIZE) as advance:
                filling.fill(reader, advance, verifies=verifies)
        else:
            filling.update(reader, cookie_age)
    except KeyboardInterrupt:
        raise stopped(f"{counted(filling.done.entered, 'session')} entered so far.") from None
    _tell(filling.done, verifies=verifies)


def _tell(done: Filled, *, verifies: bool) -> None:
    say(f"{counted(done.entered, 'session')} entered.")
    if verifies:
        mended = f"{_entries(done.mended)} had another user than its row, and was mended."
        say(mended if done.mended else "No entry had another user than its row.")
    if done.removed:
        say(f"{_entries(done.removed)} removed of sessions that are gone.")


def _entries(number: int) -> str:
    return f"{number} {'entry' if number == 1 else 'entries'}"
