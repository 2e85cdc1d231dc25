"""What the commands write: all of it goes through here, so that no terminal obeys it."""

from __future__ import annotations

import json
from typing import Any

import click

from ..presentation.formatting import as_json, printable


def say(line: object, *, err: bool = False) -> None:
    """Write a line; one it stays, whatever stands in it."""
    click.echo(printable(line), err=err)


def say_json(value: Any) -> None:
    """Write *value* as JSON, in ASCII and over several lines."""
    click.echo(as_json(value))


def say_all(facts: Any) -> None:
    """Write *facts*, which JSON knows, to the end, however much they are; for programs."""
    click.echo(json.dumps(facts, indent=2))
