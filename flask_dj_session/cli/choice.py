"""The row that a person means by the beginning of its key."""

from __future__ import annotations

import click

from ..presentation.formatting import SHOWN, printable
from ..store import Store, StoredRow


def only_row(store: Store, prefix: str) -> StoredRow:
    """Return the row whose key begins with *prefix*.

    :raises click.ClickException: where there is none, or more than one.
    """
    prefix = prefix.removesuffix("…")
    if len(prefix) < SHOWN:
        raise click.ClickException(f"Give {SHOWN} characters of the key, or more.")
    if "\0" in prefix:
        raise click.ClickException("No session key contains a NUL character.")
    rows = store.starting_with(prefix)
    if not rows:
        raise click.ClickException(f"No session has a key that begins with {_quoted(prefix)}.")
    if len(rows) > 1:
        raise click.ClickException(
            f"{len(rows)} sessions have keys that begin with {_quoted(prefix)}. Give more"
            " characters."
        )
    return rows[0]


def _quoted(prefix: str) -> str:
    return f"'{printable(prefix[:SHOWN])}…'" if len(prefix) > SHOWN else f"'{printable(prefix)}'"
