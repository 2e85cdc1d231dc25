"""Findings of the checks, and how they count in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Level = Literal["ok", "note", "wrong"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    No secret, session key (but for the first characters), signature or data is in it, but for
    the name of a backend.
    """

    #: ``wrong`` if this app and Django cannot read each other's sessions
    level: Level
    #: what is the case, a sentence
    text: str
    #: what to do about it, and nothing that does harm if the check is mistaken; empty where
    #: nothing need be done
    hint: str = ""


def differs(name: str, ours: Any, theirs: Any, *, is_decisive: bool) -> Finding:
    """Tell of a setting whose values are not the same.

    :param is_decisive: whether the one side does not find or read what the other wrote.
    """
    return Finding(
        "wrong" if is_decisive else "note",
        f"{name} is {ours!r} here, {theirs!r} in the Django settings.",
        f"Set {name} = {theirs!r}.",
    )


def count(number: int, one: str, many: str) -> str:
    """Write *number* with its noun and verb: ``1 row is``, ``2 rows are``."""
    return f"{number:,} {one if number == 1 else many}"


def rows(number: int) -> str:
    """Write *number* of rows."""
    return count(number, "row", "rows")


def at(moment: datetime) -> str:
    """Write a time (aware, in UTC) to the minute."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"
