"""The caches on Memcached, by pymemcache; PyLibMCCache and django-bmemcached with one server."""

from __future__ import annotations

import os
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..errors import CacheValueError
from ..settings import CacheEntry
from ..store.raw import is_utf8
from ..wire import MAX_UNPACKED
from .client import is_error_of
from .imports import library, refusal
from .values import Pickles

#: seconds after which Memcached takes a time for a date
_LONGEST = 60 * 60 * 24 * 30
_LONGEST_NAME = 250
# What pymemcache, pylibmc and bmemcached say of a value.
_IS_PICKLE, _IS_PACKED = 1, 8

# Unlike Django: a server that does not answer holds nobody up for longer than that.
_TIMEOUTS = {"connect_timeout": 1.0, "timeout": 2.0}
#: options of pylibmc's that change nothing on the wire for one server
_OF_PYLIBMC = ("binary", "username", "password", "behaviors")
#: with one of these, a server asks who it is, which pymemcache does not say
_SASL = ("username", "password")
#: options of bmemcached that make other entries; None is what everybody has
_OTHER_ENTRIES = ("compression", "pickler", "unpickler")


class _Raw:
    """Leaves values as they are, but for what pylibmc and bmemcached have packed."""

    def serialize(self, key: Any, value: bytes) -> tuple[bytes, int]:
        return value, _IS_PICKLE

    def deserialize(self, key: Any, value: bytes, flags: int) -> Any:
        if flags & _IS_PACKED:
            value = _unpacked(value)
        # What is no pickle was put there by somebody else, and is none of ours.
        return value if flags & _IS_PICKLE else _Foreign(value)


class _Foreign(str):
    """What is no pickle: no bytes, so that nobody tries."""

    def __new__(cls, _value: bytes) -> _Foreign:
        return super().__new__(cls)


def _unpacked(value: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        unpacked = unpacker.decompress(value, MAX_UNPACKED)
    except zlib.error:
        return b""
    return unpacked if unpacker.eof else b""


def memcached_client(entry: CacheEntry) -> MemcachedClient:
    """Return the client of an entry.

    :raises SettingError: for options that cannot be served, and for a missing package.

    # Django 5.2, core/cache/backends/memcached.py: PyMemcacheCache
    """
    pymemcache = library(entry, "pymemcache")
    _refuse_sasl(entry)
    options = {name: it for name, it in entry.options.items() if name not in _OF_PYLIBMC}
    if "serde" in options or "serializer" in options:
        raise refusal(entry, "OPTIONS", "a serde that is not Django's own")
    return MemcachedClient(pymemcache, list(entry.locations), options)


def bmemcached_client(entry: CacheEntry) -> MemcachedClient:
    """Return the client of an entry of django-bmemcached.

    :raises SettingError: for options that cannot be served, and for a missing package.

    # django-bmemcached 0.3, memcached.py: BMemcached
    """
    pymemcache = library(entry, "pymemcache")
    _refuse_sasl(entry)
    for name in _OTHER_ENTRIES:
        if entry.options.get(name) is not None:
            raise refusal(entry, "OPTIONS", f"the option {name!r}, which makes other entries")
    timeout = entry.options.get("socket_timeout")
    options = {"timeout": timeout} if timeout else {}
    return MemcachedClient(pymemcache, list(entry.locations), options)


def _refuse_sasl(entry: CacheEntry) -> None:
    # Otherwise each request would go on without a cache, and Django would believe old entries.
    if any(entry.options.get(name) for name in _SASL):
        raise refusal(entry, "OPTIONS", "a user for Memcached (SASL), which pymemcache cannot name")


def bmemcached_values(entry: CacheEntry) -> Pickles:
    """Return how bmemcached writes values."""
    # python-binary-memcached 0.33, client/constants.py: PICKLE_PROTOCOL
    return Pickles(int(entry.options.get("pickle_protocol", 0)))


class MemcachedClient:
    """One or more Memcacheds.

    :param pymemcache: the package.
    :param servers: as LOCATION has them.
    :param options: of its ``HashClient``.
    """

    def __init__(self, pymemcache: Any, servers: list[Any], options: dict[str, Any]) -> None:
        self._pymemcache = pymemcache
        self._servers = servers
        self._options = {
            "allow_unicode_keys": True,
            "default_noreply": False,
            "use_pooling": True,
            **_TIMEOUTS,
            **options,
            # An error is never hidden: who has asked must know that nothing was done.
            "ignore_exc": False,
            "retry_timeout": -1,
            # Unlike Django: no server is given up for another, since other processes would look for
            # the same name elsewhere.
            "retry_attempts": sys.maxsize,
            "serde": _Raw(),
        }
        self._made: tuple[int, Any] = (0, None)

    def get(self, name: str) -> Any:
        """Return what is under *name*; None where there is nothing."""
        return self._client.get(checked_name(name))

    def swap(
        self, name: str, value: bytes, seconds: float, is_known: Callable[[Any], bool]
    ) -> bool:
        """Put a value in the place of a known one; otherwise, nothing is left there."""
        there, token = self._client.gets(checked_name(name))
        is_put = is_known(there) and self._put(name, value, _timeout(seconds), token)
        if not is_put:
            self._client.delete(name)
        return is_put

    def _put(self, name: str, value: bytes, timeout: int, token: Any) -> bool:
        if token is None:
            return bool(self._client.add(name, value, timeout))
        return bool(self._client.cas(name, value, token, timeout))

    def add(self, name: str, value: bytes, seconds: float) -> bool:
        """Put a value under *name* if nothing is there."""
        return bool(self._client.add(checked_name(name), value, _timeout(seconds)))

    def replace(self, name: str, value: bytes, seconds: float) -> bool:
        """Put a value under *name* if something is there."""
        return bool(self._client.replace(checked_name(name), value, _timeout(seconds)))

    def touch(self, name: str, seconds: float) -> bool:
        """Let an entry end in so many seconds."""
        return bool(self._client.touch(checked_name(name), _timeout(seconds)))

    def delete(self, names: Sequence[str]) -> int:
        """Remove entries; under a name that it does not take, there is none."""
        return sum(bool(self._client.delete(name)) for name in names if takes_name(name))

    def seconds_left(self, name: str) -> None:
        """Return None: Memcached's old commands do not tell."""

    def names(self, beginning: str) -> Iterator[str] | None:
        """Return None: it cannot be asked for what it has."""
        return None

    def close(self) -> None:
        """Close the connections."""
        if self._made[1] is not None:
            self._made[1].close()
            self._made = (0, None)

    def give_up(self) -> None:
        """Make another client for whoever asks next; who uses this one goes on with it."""
        self._made = (0, None)

    def has_failed(self, error: Exception) -> bool:
        """Return whether *error* is one of pymemcache's, or of its connections."""
        return is_error_of(error, "pymemcache")

    def has_answered(self, error: Exception) -> bool:
        """Return whether *error* is an answer of the server's."""
        kinds = {kind.__name__ for kind in type(error).__mro__}
        return bool(kinds & {"MemcacheServerError", "MemcacheClientError"})

    @property
    def _client(self) -> Any:
        owner, client = self._made
        if client is None or owner != os.getpid():  # a child does not talk on its parent's lines
            client = self._pymemcache.HashClient(self._servers, **self._options)
            self._made = os.getpid(), client
        return client


def checked_name(name: str) -> str:
    """Return *name* if Memcached takes it.

    :raises CacheValueError: where it does not, as Django does.
    """
    if not takes_name(name):
        raise CacheValueError("has a name that Memcached does not take")
    return name


def takes_name(name: str) -> bool:
    """Return whether there can be an entry of that name."""
    if not is_utf8(name) or len(name.encode()) > _LONGEST_NAME:
        return False
    return not any(ord(one) < 33 or ord(one) == 127 for one in name)


def _timeout(seconds: float) -> int:
    # Django 5.2, core/cache/backends/memcached.py: get_backend_timeout
    if int(seconds) <= 0:
        return -1
    if seconds > _LONGEST:
        seconds += int(time.time())
    return int(seconds)
