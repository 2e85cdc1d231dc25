"""Sessions in a Django site's cache: its wire and its clients, and stores in front of the table."""

from .cache_store import CacheStore
from .cached_store import Around, Cache, CachedStore
from .making import make_cache
from .sampling import SAMPLE, compare

__all__ = ["SAMPLE", "Around", "Cache", "CacheStore", "CachedStore", "compare", "make_cache"]
