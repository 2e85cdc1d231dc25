"""``flask sessions decode``: a ``session_data`` text taken apart step by step, as by hand."""

from __future__ import annotations

import sys

import click

from ..errors import DecodeError
from ..presentation.explain import Steps, steps_of
from .command import SiteCommand, codec
from .output import say, say_json


@click.command("decode", cls=SiteCommand)
@click.argument("text", required=False)
@click.option(
    "--unverified",
    is_flag=True,
    help="Show the data even if none of the keys signed it. Anyone may have written it.",
)
@click.option("--json", "json_", is_flag=True, help="Write a JSON object.")
def decode(text: str | None, unverified: bool, json_: bool) -> None:
    """Decode a session_data TEXT. Show each step, and which key signed it.

    With "-" for TEXT, or without it in a pipe, the command reads the text from standard input.
    """
    steps = steps_of(_given(text), codec(), unverified=unverified)
    if json_:
        say_json(steps.facts)
    else:
        _print(steps)
    if steps.error is not None:
        raise DecodeError(f"{steps.error}.")


def _given(text: str | None) -> str:
    if text is not None and text != "-":
        return text.strip()
    if text is None and sys.stdin.isatty():
        raise click.UsageError("Missing argument 'TEXT'.")
    return sys.stdin.read().strip()


def _print(steps: Steps) -> None:
    for label, said in steps.lines:
        say(f"{label:10} {said}")
    data = steps.facts["data"]
    if data is not None:
        say_json(data)
