"""Sessions in a Django site's cache: its wire and its clients, and stores in front of the table."""

from .cache_store import CacheStore
from .cached_store import Around, Cache, CachedStore
from .making import make_cache

__all__ = ["Around", "Cache", "CacheStore", "CachedStore", "make_cache"]
