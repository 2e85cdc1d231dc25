"""What is in the sessions: the same for each contender, and in each run."""

from __future__ import annotations

import json
import random
from typing import Any

SIZES = ["small", "20kB"]

_LARGE = 20_000


def filling(size: str) -> list[dict[str, Any]]:
    """Return what a session of *size* holds besides its counter.

    The large one is a basket of 20 kB as JSON. Half of that is random, so that it compresses as
    real data does: to about half.
    """
    return [] if size == "small" else _basket()


def _basket() -> list[dict[str, Any]]:
    chance = random.Random(20)
    items: list[dict[str, Any]] = []
    length = 0
    while length < _LARGE:
        item = {
            "product": f"{chance.getrandbits(128):032x}{chance.getrandbits(128):032x}",
            "name": "A product of the shop",
            "quantity": chance.randrange(1, 10),
            "price": "19.90",
        }
        items.append(item)
        length += len(json.dumps(item, separators=(",", ":"))) + 1
    return items
