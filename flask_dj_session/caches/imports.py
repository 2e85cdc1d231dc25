"""What CACHES names by dotted names, and the packages that a kind of cache needs."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..errors import SettingError
from ..settings import CacheEntry

_EXTRAS = {"redis": "redis", "pymemcache": "memcached"}


def imported(entry: CacheEntry, what: str, name: Any) -> Any:
    """Return what a dotted name in *entry* means; what is none is returned as it is.

    :raises SettingError: where it cannot be imported.
    """
    if not isinstance(name, str):
        return name
    module, _, attribute = name.rpartition(".")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise SettingError(
            "CACHES",
            f"has under {entry.alias!r} the {what} {name!r}, which cannot be imported here",
            "Put its module on Python's path.",
        ) from error


def library(entry: CacheEntry, name: str) -> Any:
    """Import the package that a kind of cache needs.

    :raises SettingError: where it is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        extra = f"flask-dj-session[{_EXTRAS[package]}]" if package in _EXTRAS else package
        raise SettingError(
            "CACHES",
            f"has under {entry.alias!r} a cache that takes the package {package!r}, which is not"
            " installed here",
            f"Run \"pip install '{extra}'\".",
        ) from error


def refusal(entry: CacheEntry, part: str, problem: str) -> SettingError:
    """Return the error for a part of an entry that cannot be served."""
    return SettingError(
        "CACHES",
        f"has under {entry.alias!r} in {part} {problem}",
        "With 'CACHES' None and the engine 'cached_db', this app works on the table alone.",
    )
