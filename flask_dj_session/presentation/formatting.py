"""How keys, dates, numbers and data are written for people and for programs."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timezone
from typing import Any, TypeVar

#: how many characters of a session key are shown
SHOWN = 6

_MAX_DEPTH = 50
_MAX_VALUES = 100_000
_MORE = "…"

_Item = TypeVar("_Item")


def shortened(session_key: object) -> str:
    """Show the beginning of a key; whoever has all of it has the visitor's session."""
    key = session_key if isinstance(session_key, (str, bytes)) else str(session_key)
    return printable(key[:SHOWN]) + "…"


def printable(text: object) -> str:
    """Write what stands in the database so that no terminal obeys it."""
    text = text_of(text)
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def text_of(value: object) -> str:
    """Write *value* as ``str()`` does, or name its class where that fails."""
    return _written(str, value)


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


def plain(value: Any) -> Any:
    """Turn *value* into what JSON knows; ``…`` stands where it is too deep or too much to show."""
    return _plain(value, 0, itertools.count(1))


def _plain(value: Any, depth: int, count: Iterator[int]) -> Any:
    if value is None or type(value) in (bool, str):
        return value
    if not isinstance(value, (dict, list, tuple)):
        return value if _is_number(value) else _repr(value)
    if depth == _MAX_DEPTH:
        return _MORE
    if isinstance(value, dict):
        items = _cut(value.items(), (_MORE, _MORE), count)
        return {_key(key): _plain(item, depth + 1, count) for key, item in items}
    return [_plain(item, depth + 1, count) for item in _cut(value, _MORE, count)]


def _cut(items: Iterable[_Item], more: _Item, count: Iterator[int]) -> Iterator[_Item]:
    for item in items:
        if next(count) > _MAX_VALUES:
            yield more
            return
        yield item


def _key(key: object) -> str:
    return key if isinstance(key, str) else _repr(key)


def _is_number(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return type(value) is int and value.bit_length() < 10_000


def _repr(value: object) -> str:
    return _written(repr, value)


def _written(write: Callable[[object], str], value: object) -> str:
    try:
        return write(value)
    except Exception:  # an int of too many digits; sets in sets in sets; a repr of anybody's own
        return f"<{type(value).__name__}>"
