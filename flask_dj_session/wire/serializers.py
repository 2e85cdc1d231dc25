"""Session data to bytes and back, as JSON; and where in the data a value stands that cannot be.

The JSON is Django's to the byte: ``json.dumps`` with its separators, ASCII only, so that Django,
which reads the bytes as latin-1, reads the same text. Pickles live in ``pickles``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Any, ClassVar, Protocol
from uuid import UUID

from ..errors import EncodeError, JSONError

# As json.dumps() does it, which makes an encoder for each call.
_encode = json.JSONEncoder(separators=(",", ":")).encode

#: what can be stored in place of what JSON cannot hold
_INSTEAD: dict[tuple[type, ...], str] = {
    (bytes, bytearray, memoryview): "text, such as 'base64.b64encode(...).decode()',",
    (date, time): "its 'isoformat()'",
    (timedelta,): "its 'total_seconds()'",
    (UUID,): "str() of it",
    (set, frozenset): "a list",
}

#: how deep a path in an error message goes
_MAX_DEPTH = 100


class Serializer(Protocol):
    """What Django's ``SESSION_SERIALIZER`` names: a class whose objects do both ways."""

    def dumps(self, obj: Any) -> bytes:
        """Write *obj* as bytes."""

    def loads(self, data: bytes) -> Any:
        """Read what ``dumps`` wrote."""


class JSONSerializer:
    """Django's default serializer.

    # Django 5.2, core/signing.py: JSONSerializer
    """

    name: ClassVar[str] = "json"

    def dumps(self, obj: Any) -> bytes:
        """Write *obj* as JSON.

        :raises EncodeError: naming the path of the first value that JSON cannot hold.
        """
        try:
            return _encode(obj).encode("ascii")
        except (TypeError, ValueError, RecursionError) as error:
            raise _encode_error(obj, error) from error

    def loads(self, data: bytes) -> Any:
        """Read JSON.

        :raises JSONError: where it is none.
        """
        try:
            return json.loads(data.decode("latin-1"))
        except (ValueError, RecursionError) as error:
            raise JSONError("The payload is not JSON") from error


def _encode_error(obj: Any, error: Exception) -> EncodeError:
    deepest = ""
    for path, value in _walk(obj, "", ()):
        if isinstance(value, _Deeper):
            deepest = deepest or path
        elif problem := _problem_of(value):
            return EncodeError(path, problem)
    if isinstance(error, RecursionError):
        name = deepest.partition("[")[0].partition(".")[0]
        return EncodeError(name, f"holds more than {_MAX_DEPTH} levels, which is too deep")
    return EncodeError("", f"cannot be written as JSON ({type(error).__name__})")


def _walk(value: Any, path: str, above: tuple[int, ...]) -> Iterator[tuple[str, Any]]:
    """Go through *value* and all that it holds, as deep as a path can be told."""
    if id(value) in above:
        yield path, _Endless()
        return
    if len(above) > _MAX_DEPTH:
        yield path, _Deeper()
        return
    yield path, value
    above = (*above, id(value))
    # Not isinstance(), which believes a proxy, where json does not.
    if issubclass(type(value), dict):
        for key, item in value.items():
            if not isinstance(key, (str, int, float, bool, type(None))):
                yield path, _BadKey(key)
            yield from _walk(item, path_of_item(path, key), above)
    elif issubclass(type(value), (list, tuple)):
        for index, item in enumerate(value):
            yield from _walk(item, f"{path}[{index}]", above)


def path_of_item(path: str, key: object) -> str:
    """Write the path of an item of a mapping: ``cart.items``, or ``cart['a key']``."""
    if isinstance(key, str) and key.isidentifier():
        return f"{path}.{key}" if path else key
    try:
        return f"{path}[{key!r}]"
    except ValueError:  # an int of too many digits
        return f"{path}[...]"


class _Endless:
    """Stands for a value that holds itself."""


class _Deeper:
    """Stands for a value that is deeper than a path is told."""


class _BadKey:
    """Stands for a key that is no text."""

    def __init__(self, key: object) -> None:
        self.type_name = type(key).__name__


def _problem_of(value: Any) -> str | None:
    """Say what keeps *value* itself (not what it holds) from being JSON."""
    if isinstance(value, _Endless):
        return "contains itself; store plain values instead"
    if isinstance(value, _BadKey):
        return f"has a key that is {_a(value.type_name)}; make it a string"
    kind = type(value)
    if issubclass(kind, (dict, list, tuple)):
        return None
    try:
        json.dumps(value)
    except TypeError:
        return f"is {_a(kind.__name__)}, which JSON cannot hold; store {_instead_of(value)} instead"
    except ValueError:
        return f"is {_a(kind.__name__)} that is too large for JSON"
    return None


def _instead_of(value: Any) -> str:
    """Say what can be stored in place of *value*; Flask's own sessions keep some such values."""
    kind = type(value)
    for kinds, instead in _INSTEAD.items():
        if issubclass(kind, kinds):
            return instead
    if hasattr(value, "casefold"):  # a translation, or another text that is made when it is read
        return "str() of it"
    return "a string or number"


def _a(noun: str) -> str:
    is_an = noun[:1] in "aeiouAEIOU" and not noun.startswith("UU")
    return f"{'an' if is_an else 'a'} {noun}"
