"""The site's own cache: a function that lends one, and no class."""

from typing import Any

from django_bmemcached.memcached import BMemcached

_made: dict[str, BMemcached] = {}


def one_for_all(location: str, params: dict[str, Any]) -> BMemcached:
    """Return the same cache to every thread, since it has a connection for each of them."""
    return _made.setdefault(location, BMemcached(location, params))
