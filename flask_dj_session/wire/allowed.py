"""All that a pickled session may name, and what is built for each name.

What is built does no more work than its arguments are long, and is whole: no date without a day,
no number of more digits than Python reads.
"""

from __future__ import annotations

import datetime
import decimal
import types
import uuid
from collections.abc import Callable
from typing import Any

from .opcodes import MAX_DIGITS
from .stand_ins import (
    UTC,
    Message,
    SafeBytes,
    SafeString,
    SafeText,
    SafeTextBase,
    SafeUnicode,
    pytz_utc,
)


def _from_state(kind: Callable[..., Any], *fields: str) -> Callable[..., Any]:
    """Build dates from the byte state of a pickle, which Python 2 wrote as text."""

    def build(state: Any, *rest: Any) -> Any:
        if isinstance(state, str):
            state = state.encode("utf-8", "surrogateescape")
        built = kind(state, *rest)
        # The state of most is taken unseen. Said in words, a 99th of May is an error.
        kind(*(getattr(built, field) for field in fields))
        return built

    return build


def _bytes_of_text(text: str, encoding: str) -> bytes:
    """Python 3's way to write bytes for Python 2: ``_codecs.encode(text, "latin1")``."""
    return text.encode({"latin1": "latin1", "latin-1": "latin1"}[encoding])


def _bytearray(source: Any = b"", encoding: str = "latin1") -> bytearray:
    if isinstance(source, str):
        return bytearray(source.encode("latin1"))
    if not isinstance(source, (bytes, bytearray)):
        raise TypeError("not bytes")
    return bytearray(source)


def _bytes() -> bytes:
    return b""


def _decimal(text: str) -> decimal.Decimal:
    if not isinstance(text, str) or len(text) > MAX_DIGITS:
        raise TypeError("not text, as decimals are pickled, or too much of it")
    return decimal.Decimal(text)


#: all that a pickled session may name, under the names of Python 3
ALLOWED: dict[tuple[str, str], Any] = {
    ("builtins", "set"): set,
    ("builtins", "frozenset"): frozenset,
    ("builtins", "bytearray"): bytearray,
    ("builtins", "bytes"): bytes,
    ("builtins", "complex"): complex,
    ("_codecs", "encode"): _bytes_of_text,
    ("datetime", "datetime"): datetime.datetime,
    ("datetime", "date"): datetime.date,
    ("datetime", "time"): datetime.time,
    ("datetime", "timedelta"): datetime.timedelta,
    ("datetime", "timezone"): datetime.timezone,
    ("decimal", "Decimal"): decimal.Decimal,
    ("uuid", "UUID"): uuid.UUID,
    ("uuid", "SafeUUID"): uuid.SafeUUID,
    ("pytz", "_UTC"): pytz_utc,
    ("django.utils.timezone", "UTC"): UTC,
    ("django.utils.safestring", "SafeString"): SafeString,
    ("django.utils.safestring", "SafeText"): SafeText,
    ("django.utils.safestring", "SafeBytes"): SafeBytes,
    ("django.utils.safestring", "SafeUnicode"): SafeUnicode,
    ("django.contrib.messages.storage.base", "Message"): Message,
}

_DATE = ("year", "month", "day")
_TIME = ("hour", "minute", "second", "microsecond")

# What is called in place of a class, where the class itself would take too much.
_BUILDERS: dict[Any, Callable[..., Any]] = {
    bytearray: _bytearray,
    bytes: _bytes,
    datetime.datetime: _from_state(datetime.datetime, *_DATE, *_TIME),
    datetime.date: _from_state(datetime.date, *_DATE),
    datetime.time: _from_state(datetime.time, *_TIME),
    decimal.Decimal: _decimal,
}

#: what a pickle makes without calling it, as a rule to give it its state in the next step
MADE_BLANK: tuple[type, ...] = (uuid.UUID, Message, SafeTextBase)


def builder_of(named: Any) -> Callable[..., Any]:
    """Return what to call where a pickle calls *named*.

    :raises TypeError: where it is none of what is on the list.
    """
    if not isinstance(named, (type, types.FunctionType)):
        raise TypeError("no name")
    return _BUILDERS.get(named, named)


def allowed(module: str, name: str) -> Any:
    """Return what stands for a name.

    :raises KeyError: where it is not on the list.
    """
    # Python 2's name; the others on the list are called the same there.
    return ALLOWED["builtins" if module == "__builtin__" else module, name]
