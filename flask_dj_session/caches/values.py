"""What is in an entry: Django's pickle of the data, read through the allow-list and bounded.

A cache is open to more programs than the database, and nothing in it is signed. So nothing is built
but what :mod:`.wire.pickles` allows, and nothing longer than a stated limit is looked at.
"""

from __future__ import annotations

import pickle
from typing import Any, Protocol

from ..errors import CacheValueError, DecodeError, EncodeError
from ..wire import MAX_UNPACKED, PickleSerializer

#: what JSON data is made of; such data is pickled as Python does it, and quickly
_PLAIN = (dict, list, str, int, float, bool, type(None))


class Values(Protocol):
    """Turns the data of sessions into what is in a cache, and back."""

    def dumps(self, data: dict[str, Any]) -> bytes:
        """Write *data*."""

    def loads(self, raw: Any) -> dict[str, Any]:
        """Read what a cache holds.

        :raises CacheValueError: where it is no data of a session.
        """


class Pickles:
    """The pickles of Django's own caches.

    :param protocol: of what is written; by default the highest of this Python, as in Django.
    """

    def __init__(self, protocol: int = pickle.HIGHEST_PROTOCOL) -> None:
        self.protocol = protocol
        self._bounded = PickleSerializer(protocol)

    def dumps(self, data: dict[str, Any]) -> bytes:
        """Pickle *data*.

        :raises CacheValueError: where it could not be read again.
        """
        if _is_plain(data):
            return pickle.dumps(data, self.protocol)
        try:
            return self._bounded.dumps(data)
        except EncodeError as error:
            raise CacheValueError("cannot be pickled") from error

    def loads(self, raw: Any) -> dict[str, Any]:
        """Read a pickle, and build nothing that is not on the allow-list.

        :raises CacheValueError: where it is no data of a session.
        """
        if not isinstance(raw, bytes):
            raise CacheValueError(f"is a {type(raw).__name__}")
        check_length(raw)
        try:
            return checked(self._bounded.loads(raw))
        except DecodeError as error:
            raise CacheValueError("cannot be unpickled") from error


def checked(value: Any) -> dict[str, Any]:
    """Return *value* if it is the data of a session.

    :raises CacheValueError: if it is none.
    """
    if type(value) is not dict:
        raise CacheValueError(f"holds a {type(value).__name__}")
    return value


def check_length(raw: bytes) -> None:
    """Refuse what is longer than a row may be.

    :raises CacheValueError: for that.
    """
    if len(raw) > MAX_UNPACKED:
        raise CacheValueError("is too long")


def _is_plain(value: Any) -> bool:
    kind = type(value)
    if kind is dict:
        return all(type(key) is str and _is_plain(item) for key, item in value.items())
    if kind is list:
        return all(map(_is_plain, value))
    return kind in _PLAIN
