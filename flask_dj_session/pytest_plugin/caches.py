"""Caches for one test each, as Django's CACHES says them; no fixtures here."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..caches import make_cache
from ..settings import CacheEntry

_DJANGOS = "django.core.cache.backends."
_SCHEMES = ("redis://", "rediss://", "unix://")
#: more than a test has: Django's files make room beyond 300
_MANY = 1_000_000

Caches = dict[str, dict[str, Any]]


@contextmanager
def lend(server: str, folder: Path) -> Iterator[Caches]:
    """Lend CACHES with an empty cache.

    :param server: the URL of a Redis, or host and port of a Memcached, where the names get a prefix
        that nobody else has; without one, the cache is files in *folder*.
    """
    if not server:
        yield {"default": _files(folder / "django_session_cache")}
        return
    kind = "redis.RedisCache" if server.startswith(_SCHEMES) else "memcached.PyMemcacheCache"
    prefix = f"test_django_session_{secrets.token_hex(8)}"
    yield {"default": {"BACKEND": _DJANGOS + kind, "LOCATION": server, "KEY_PREFIX": prefix}}
    if server.startswith(_SCHEMES):  # a Memcached cannot tell what it has
        _forget(server, prefix)


def _files(folder: Path) -> dict[str, Any]:
    return {
        "BACKEND": _DJANGOS + "filebased.FileBasedCache",
        "LOCATION": str(folder),
        "OPTIONS": {"MAX_ENTRIES": _MANY},
    }


def _forget(url: str, prefix: str) -> None:
    entry = CacheEntry("default", "redis", "", (url,), prefix)
    client = make_cache(entry).guarded.client
    if names := list(client.names(prefix) or ()):
        client.delete(names)
    client.close()
