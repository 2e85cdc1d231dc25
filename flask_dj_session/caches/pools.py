"""redis-py's pools of connections, made as Django's RedisCache makes them, but never endless."""

from __future__ import annotations

from typing import Any

from ..settings import CacheEntry
from .imports import imported, library
from .redis import RedisClient

#: seconds, where neither OPTIONS nor the URL says so; Django waits for ever
# Unlike Django: a server that does not answer holds nobody up for longer than that.
TIMEOUTS = {"socket_connect_timeout": 1.0, "socket_timeout": 2.0}

_NOT_FOR_POOLS = ("serializer", "pool_class", "parser_class")


def redis_client(entry: CacheEntry) -> RedisClient:
    """Return the client of Django's own RedisCache.

    :raises SettingError: for a missing package, and what cannot be imported.

    # Django 5.2, core/cache/backends/redis.py: RedisCacheClient
    """
    redis = library(entry, "redis")
    options = {name: it for name, it in entry.options.items() if name not in _NOT_FOR_POOLS}
    kind = imported(entry, "pool_class", entry.options.get("pool_class")) or redis.ConnectionPool
    if parser := imported(entry, "parser_class", entry.options.get("parser_class")):
        options["parser_class"] = parser

    url = entry.locations[0]

    def connect() -> Any:
        return redis.Redis(connection_pool=kind.from_url(url, **with_timeouts(url, options)))

    return RedisClient(connect)


def with_timeouts(url: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return *options* with a timeout where nobody has set one."""
    given = {name: it for name, it in TIMEOUTS.items() if f"{name}=" not in url}
    return {**given, **options}
