"""The cache of the contenders that have one: a Redis, where each has names of its own.

It is the one of TEST_REDIS_URL, or what BENCH_CACHE names, which all workers of a site share.
"""

from __future__ import annotations

import os
from typing import Any

ENGINE = "django.contrib.sessions.backends.cached_db"


def redis_url() -> str:
    """Return where the Redis is."""
    return os.environ.get("BENCH_CACHE") or os.environ["TEST_REDIS_URL"]


def caches(name: str) -> dict[str, dict[str, Any]]:
    """Return CACHES for a contender."""
    backend = "django.core.cache.backends.redis.RedisCache"
    prefix = name if "BENCH_CACHE" in os.environ else f"bench-{os.getpid()}-{name}"
    return {"default": {"BACKEND": backend, "LOCATION": redis_url(), "KEY_PREFIX": prefix}}
