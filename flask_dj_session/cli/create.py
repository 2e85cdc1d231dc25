"""``flask sessions create-table``: the table of Django's migration."""

from __future__ import annotations

import click

from ..store import Store
from .command import SiteCommand, site
from .output import say


@click.command("create-table", cls=SiteCommand)
@click.option(
    "--record-migration",
    is_flag=True,
    help="Also record its migration in 'django_migrations', so that 'manage.py migrate' works"
    " afterwards.",
)
def create_table(record_migration: bool) -> None:
    """Create the table as Django's migration does. A table that exists is not changed."""
    store = site().store
    made = store.create_table()
    name = store.table.name
    say(f"Table '{name}' created." if made else f"Table '{name}' exists already.")
    if record_migration:
        _record(store)


def _record(store: Store) -> None:
    recorded = store.record_migration(site().now())
    say(
        "Migration 'sessions.0001_initial' recorded."
        if recorded
        else "Migration 'sessions.0001_initial' is recorded already."
    )
