"""What the doctor says: findings, and how it counts in words. No examinations here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "note", "wrong"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    No secret, session key (but for the first characters), signature or data is in it.
    """

    #: ``wrong`` where this app and Django will not understand each other
    level: Level
    #: what is the case, a sentence
    text: str
    #: what to do about it; empty where nothing need be done
    mend: str = ""


def count(number: int, one: str, many: str) -> str:
    """Write *number* with its noun and verb: ``1 row is``, ``2 rows are``."""
    return f"{number:,} {one if number == 1 else many}"


def rows(number: int) -> str:
    """Write *number* of rows."""
    return count(number, "row", "rows")
