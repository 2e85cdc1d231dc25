"""How keys, dates, numbers and data are written for people and for programs."""

from __future__ import annotations

import json
import math
from datetime import datetime, timezone
from typing import Any

#: how many characters of a session key are shown
SHOWN = 6

_MAX_DEPTH = 50


def shortened(session_key: object) -> str:
    """Show the beginning of a key; whoever has all of it has the visitor's session."""
    key = session_key if isinstance(session_key, (str, bytes)) else str(session_key)
    return printable(key[:SHOWN]) + "…"


def printable(text: object) -> str:
    """Write what stands in the database so that no terminal obeys it."""
    text = str(text)
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def iso(moment: datetime | None) -> str:
    """Write a date in UTC, to the second."""
    if moment is None:
        return "no date"
    return moment.astimezone(timezone.utc).isoformat(timespec="seconds")


def counted(number: int, noun: str) -> str:
    """Write a number and its noun."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def key_name(key_index: int) -> str:
    """Name the setting that holds a key."""
    return "SECRET_KEY" if key_index == 0 else f"SECRET_KEY_FALLBACKS[{key_index - 1}]"


def as_json(value: Any, *, indent: int | None = 2) -> str:
    """Write *value* as JSON, what JSON does not know by its ``repr()``."""
    return json.dumps(plain(value), indent=indent)


def plain(value: Any, depth: int = 0) -> Any:
    """Turn *value* into what JSON knows."""
    if value is None or type(value) in (bool, str):
        return value
    if isinstance(value, (dict, list, tuple)) and depth == _MAX_DEPTH:
        return "…"
    if isinstance(value, dict):
        return {_key(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, depth + 1) for item in value]
    return value if _is_number(value) else _repr(value)


def _key(key: object) -> str:
    return key if isinstance(key, str) else _repr(key)


def _is_number(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return type(value) is int and value.bit_length() < 10_000


def _repr(value: object) -> str:
    try:
        return repr(value)
    except (ValueError, RecursionError):  # an int of too many digits; sets in sets in sets
        return f"<{type(value).__name__}>"
