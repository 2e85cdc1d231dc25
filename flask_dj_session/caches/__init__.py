"""Sessions in a Django site's cache: its wire and its clients, and stores in front of the table."""

from .cached_store import Around, Cache, CachedStore
from .making import make_cache

__all__ = ["Around", "Cache", "CachedStore", "make_cache"]
