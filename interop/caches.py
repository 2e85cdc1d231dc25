"""The caches that the visitor meets: what CACHES says of each, and what a Django needs for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from .cache_servers import CachePlace, Folder, MemcachedServer, RedisServer

_DJANGOS = "django.core.cache.backends."

#: the Djangos that are tried with caches
WITH_CACHES = ((4, 2), (5, 2), (6, 1))

#: Django's engines with a cache
ENGINES = ("cached_db", "cache")


@dataclass(frozen=True, eq=False)
class CacheKind:
    """A kind of cache; *requirement* is what Django needs for it."""

    name: str
    backend: str
    place: type[CachePlace]
    requirement: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    def entry(self, place: CachePlace) -> dict[str, Any]:
        """Return what stands under CACHES["default"]."""
        entry: dict[str, Any] = {"BACKEND": self.backend, "LOCATION": place.location}
        return {**entry, "KEY_PREFIX": "interop", "OPTIONS": dict(self.options)}

    @property
    def is_ignored_when_down(self) -> bool:
        """Whether Django goes on without it; otherwise what it asks it is an error."""
        return bool(self.options.get("IGNORE_EXCEPTIONS"))


KINDS = (
    CacheKind("Redis", _DJANGOS + "redis.RedisCache", RedisServer, "redis"),
    CacheKind(
        "django-redis",
        "django_redis.cache.RedisCache",
        RedisServer,
        "django-redis",
        {"IGNORE_EXCEPTIONS": True},
    ),
    CacheKind("Memcached", _DJANGOS + "memcached.PyMemcacheCache", MemcachedServer, "pymemcache"),
    CacheKind("files", _DJANGOS + "filebased.FileBasedCache", Folder),
)


@contextmanager
def place_of(kind: CacheKind, folder: Path) -> Iterator[CachePlace]:
    """Lend an empty cache.

    :raises NotInstalledError: where its server is not on this machine.
    """
    place = kind.place(Path(mkdtemp(dir=folder)))
    place.start()
    try:
        yield place
    finally:
        place.stop()
