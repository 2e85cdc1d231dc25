"""From an entry of CACHES to the cache itself; nothing is connected before it is used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..settings import CacheEntry
from .cached_store import Cache
from .django_redis import django_redis_client, django_redis_values
from .file import FileClient
from .guarded import GuardedCache
from .imports import imported, refusal
from .keys import Names, djangos_own
from .memcached import bmemcached_client, bmemcached_values, memcached_client
from .pools import redis_client
from .values import Pickles, Values

_SERIALIZERS = (None, "django.core.cache.backends.redis.RedisSerializer")


def make_cache(entry: CacheEntry) -> Cache:
    """Return the cache of an entry.

    :raises SettingError: for options that cannot be served, and for a missing package.
    """
    make_client, make_values = _KINDS[entry.kind]
    function = djangos_own if entry.key_function is None else _function(entry)
    names = Names(entry.prefix, entry.key_prefix, entry.version, function)
    return Cache(GuardedCache(make_client(entry), entry.alias), names, make_values(entry))


def _function(entry: CacheEntry) -> Any:
    given = entry.key_function
    return given if callable(given) else imported(entry, "KEY_FUNCTION", given)


def _redis_values(entry: CacheEntry) -> Values:
    if entry.options.get("serializer") not in _SERIALIZERS:
        raise refusal(entry, "OPTIONS", "a serializer that is not Django's own")
    return Pickles()


def _pickles(entry: CacheEntry) -> Values:
    return Pickles()


_KINDS: dict[str, tuple[Callable[[CacheEntry], Any], Callable[[CacheEntry], Values]]] = {
    "redis": (redis_client, _redis_values),
    "django_redis": (django_redis_client, django_redis_values),
    "memcached": (memcached_client, _pickles),
    "bmemcached": (bmemcached_client, bmemcached_values),
    "file": (FileClient, _pickles),
}
