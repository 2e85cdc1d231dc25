"""``flask sessions show``: one session and its data."""

from __future__ import annotations

import click

from ..errors import DecodeError
from ..presentation.formatting import counted, iso, key_name, shortened
from ..presentation.read_rows import ReadRow, read
from ..wire import Reading
from .choice import only_row
from .command import SiteCommand, codec, site
from .output import say, say_json


@click.command("show", cls=SiteCommand)
@click.argument("key")
@click.option("--json", "json_", is_flag=True, help="Write a JSON object.")
def show(key: str, json_: bool) -> None:
    """Show a session and its data.

    KEY is a session key, or 6 characters or more of its beginning.
    """
    row = read(only_row(site().store, key), codec())
    if json_:
        say_json({**row.facts(site().now()), **_reading_facts(row.reading)})
    else:
        _print(row)
    if row.error is not None:
        raise DecodeError(f"The session cannot be read. {row.error}.")


def _reading_facts(reading: Reading | None) -> dict[str, object]:
    if reading is None:
        return {"key": None, "serializer": None, "signed_at": None, "data": None}
    return {
        "key": key_name(reading.key_index),
        "serializer": reading.serializer,
        "signed_at": reading.signed_at and iso(reading.signed_at),
        "data": reading.data,
    }


def _print(row: ReadRow) -> None:
    ending = " (expired)" if row.stored.has_expired(site().now()) else ""
    say(f"key      {shortened(row.stored.session_key)}")
    say(f"expires  {iso(row.stored.expire_date)}{ending}")
    say(f"size     {counted(row.stored.size, 'character')}")
    if row.reading is not None:
        say(f"user     {'-' if row.user_id is None else row.user_id}")
        say(f"read     {_how(row.reading)}")
        say_json(row.reading.data)


def _how(reading: Reading) -> str:
    when = f" at {iso(reading.signed_at)}" if reading.signed_at else ""
    packed = ", compressed" if reading.compressed else ""
    return (
        f"{reading.form} format, signed by {key_name(reading.key_index)}{when},"
        f" {reading.serializer}{packed}"
    )
