"""What the commands tell of a row: read by the app's codec, or why it cannot be read."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import click

from ..errors import DecodeError
from ..store import Store, StoredRow
from ..wire import Reading, SessionCodec
from .words import SHOWN, iso, printable, shortened


class ReadRow(NamedTuple):
    """A stored row and its reading."""

    stored: StoredRow
    reading: Reading | None
    #: why there is no reading
    error: DecodeError | None = None

    @property
    def user_id(self) -> str | None:
        """The id of the user who is logged in, as text, since Django 1.4 stored an int."""
        user_id = self.reading.data.get("_auth_user_id") if self.reading else None
        return None if user_id is None else str(user_id)

    @property
    def form(self) -> str:
        """The form of the text, or why it cannot be read."""
        return self.reading.form if self.reading else f"unreadable: {self.error}"

    def facts(self, now: datetime, *, full: bool = False) -> dict[str, Any]:
        """Tell all of the row but the data, for programs."""
        key = self.stored.session_key
        return {
            "session_key": key if full else shortened(key),
            "user_id": self.user_id,
            "expire_date": iso(self.stored.expire_date),
            "expired": self.stored.has_expired(now),
            "form": self.reading.form if self.reading else None,
            "error": str(self.error) if self.error else None,
            "size": self.stored.size,
        }


def read(stored: StoredRow, codec: SessionCodec) -> ReadRow:
    """Read a row; one that cannot be read is no error here."""
    try:
        return ReadRow(stored, codec.read(stored.session_data))
    except DecodeError as error:
        return ReadRow(stored, None, error)


def only_row(store: Store, prefix: str) -> StoredRow:
    """Return the row whose key begins with *prefix*.

    :raises click.ClickException: where there is none, or more than one.
    """
    prefix = prefix.removesuffix("…")
    if len(prefix) < SHOWN:
        raise click.ClickException(f"Give {SHOWN} characters of the key, or more.")
    if "\0" in prefix:
        raise click.ClickException("No session key has a NUL.")
    rows = store.starting_with(prefix)
    if not rows:
        raise click.ClickException(f"No session has a key that begins with {_quoted(prefix)}.")
    if len(rows) > 1:
        raise click.ClickException(
            f"{len(rows)} sessions have keys that begin with {_quoted(prefix)}. Give more of it."
        )
    return rows[0]


def _quoted(prefix: str) -> str:
    return f"'{printable(prefix[:SHOWN])}…'" if len(prefix) > SHOWN else f"'{printable(prefix)}'"
