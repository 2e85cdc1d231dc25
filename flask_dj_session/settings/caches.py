"""Django's CACHES: which of them has the sessions, and what this package knows of its kind.

Nothing is connected here. What makes a cache of an entry is in ``caches``.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ..description import Description
from ..errors import SettingError
from .defaults import BACKENDS, DEFAULTS
from .origin import description_in

Kind = Literal["redis", "django_redis", "memcached", "bmemcached", "file", "none"]

CACHED_DB = BACKENDS + "cached_db"
CACHE = BACKENDS + "cache"
CACHE_ENGINES = frozenset({CACHED_DB, CACHE})
#: what Django's two store classes put before a session's key
_PREFIXES = {
    CACHED_DB: "django.contrib.sessions.cached_db",
    CACHE: "django.contrib.sessions.cache",
}

_KINDS: dict[str, Kind] = {
    "django.core.cache.backends.redis.RedisCache": "redis",
    "django_redis.cache.RedisCache": "django_redis",
    "django.core.cache.backends.memcached.PyMemcacheCache": "memcached",
    "django.core.cache.backends.memcached.PyLibMCCache": "memcached",
    "django_bmemcached.memcached.BMemcached": "bmemcached",
    "django.core.cache.backends.filebased.FileBasedCache": "file",
    "django.core.cache.backends.dummy.DummyCache": "none",
}
#: clients of Memcached that do not choose between servers as pymemcache does
_CHOOSE_OTHERWISE = {
    "django.core.cache.backends.memcached.PyLibMCCache": "PyLibMCCache",
    "django_bmemcached.memcached.BMemcached": "BMemcached",
}
_OF_ONE_PROCESS = "django.core.cache.backends.locmem.LocMemCache"
#: what only counts for metrics, and keeps all as the class of Django's that it stands around
_COUNTING = "django_prometheus.cache.backends."
_KNOWN = (
    "Django's RedisCache, PyMemcacheCache, PyLibMCCache and FileBasedCache, django-redis and"
    " django-bmemcached"
)


@dataclass(frozen=True)
class CacheEntry:
    """The entry of CACHES that has the sessions.

    :param alias: SESSION_CACHE_ALIAS.
    :param kind: whose wire it has; ``none`` for Django's DummyCache.
    :param prefix: what the store class puts before a session's key.
    :param locations: LOCATION, in Django's order.
    :param key_function: KEY_FUNCTION; None for Django's own.
    """

    alias: str
    kind: Kind
    prefix: str
    locations: tuple[Any, ...] = field(repr=False)  # which may hold a password
    key_prefix: str = ""
    version: Any = 1
    key_function: Any = None
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    max_entries: int = 300
    cull_frequency: int = 3


def session_cache(config: Mapping[str, Any]) -> CacheEntry | None:
    """Return the cache of the sessions; None where they have none, or none that is served.

    :raises SettingError: for one that cannot be served.
    """
    engine = config["SESSION_ENGINE"]
    if engine not in _PREFIXES or not is_given(config["CACHES"]):
        return None
    description = description_in(config)
    alias, entry = _chosen(config)
    kind = _kind(alias, entry, engine, description)
    if kind == "none":
        _refuse_dummy(alias, engine)
        return None
    options = _mapping(alias, "OPTIONS", entry.get("OPTIONS") or {})
    return CacheEntry(
        alias,
        kind,
        _prefix(engine, description),
        _locations(alias, kind, entry),
        str(entry.get("KEY_PREFIX", "")),
        entry.get("VERSION", 1),
        entry.get("KEY_FUNCTION"),
        options,
        _whole(entry.get("MAX_ENTRIES", options.get("MAX_ENTRIES")), 300),
        _whole(entry.get("CULL_FREQUENCY", options.get("CULL_FREQUENCY")), 3),
    )


def check_cache_alone(config: Mapping[str, Any]) -> None:
    """Refuse what takes a table where the sessions are in a cache alone.

    :raises SettingError: for that.
    """
    if config["SESSION_ENGINE"] == CACHE and config["SESSION_CONCURRENCY"] == "merge":
        raise SettingError(
            "SESSION_CONCURRENCY",
            "is 'merge', which compares with a row, and the sessions are in a cache alone",
            f"Set it to 'overwrite', or let the site have the engine '{CACHED_DB}'.",
        )


def warn_of_cache(config: Mapping[str, Any]) -> None:
    """Say what is stale where the site has a cache and this app has none."""
    if config["SESSION_ENGINE"] == CACHED_DB and not is_given(config["CACHES"]):
        warnings.warn(
            "'SESSION_ENGINE' is 'cached_db': Django sees that a session was changed or ended here"
            " only when its cache entry expires. Set 'CACHES' to the site's, and this app keeps"
            " the entries up to date.",
            stacklevel=5,
        )


def is_given(caches: Any) -> bool:
    """Return whether *caches* is more than what Django has where nobody sets it."""
    return bool(caches) and caches != DEFAULTS["CACHES"]


def _chosen(config: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    caches, alias = config["CACHES"], config["SESSION_CACHE_ALIAS"]
    if not isinstance(caches, Mapping):
        raise SettingError("CACHES", "is not a dict", "Give it as in the Django project.")
    if alias not in caches:
        raise SettingError(
            "SESSION_CACHE_ALIAS",
            f"is {alias!r}, and 'CACHES' has no such entry",
            f"It has: {', '.join(map(repr, caches)) or 'none'}. Name one of them.",
        )
    return alias, _mapping(alias, "BACKEND", caches[alias])


def _mapping(alias: str, what: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        name = (
            f"has under {alias!r} {'no dict' if what == 'BACKEND' else f'{what} that is no dict'}"
        )
        raise SettingError("CACHES", name, "Give it as in the Django project.")
    return value


def _kind(
    alias: str, entry: Mapping[str, Any], engine: str, description: Description | None
) -> Kind:
    backend = entry.get("BACKEND")
    classes = [_plain_name(one) for one in _classes(alias, backend, description)]
    if _OF_ONE_PROCESS in classes:
        raise _refusal(
            alias,
            f"{backend!r}, which each process has for itself: no other program sees it, not even"
            " the site's own other processes",
            "Let the site have a cache that is shared, such as Redis, or the engine"
            f" '{BACKENDS}db'.{_without(engine)}",
        )
    known = next((one for one in classes if one in _KINDS), None)
    if known is None:
        hint = f"Known are {_KNOWN}.{_without(engine)}"
        raise _refusal(alias, f"{backend!r}, of which this package knows nothing", hint)
    client = _CHOOSE_OTHERWISE.get(known)
    if client and len(_split(entry.get("LOCATION"), ";,")) > 1:
        raise _refusal(
            alias,
            f"'{client}' with several servers, and it does not choose between them as pymemcache"
            " does",
            "Let the site have PyMemcacheCache, or one server.",
        )
    return _KINDS[known]


def _without(engine: str) -> str:
    return " With 'CACHES' None, this app works on the table alone." if engine == CACHED_DB else ""


def _classes(alias: str, backend: Any, description: Description | None) -> Sequence[str]:
    told = (description.session or {}) if description is not None else {}
    if told.get("cache_alias") == alias and told.get("cache_classes"):
        return list(told["cache_classes"])
    return [str(backend)]


def _plain_name(backend: str) -> str:
    if backend.startswith(_COUNTING):
        return "django.core.cache.backends." + backend.removeprefix(_COUNTING)
    return backend


def _prefix(engine: str, description: Description | None) -> str:
    told = (description.session or {}) if description is not None else {}
    return str(told.get("cache_key_prefix") or _PREFIXES[engine])


def _locations(alias: str, kind: Kind, entry: Mapping[str, Any]) -> tuple[Any, ...]:
    separators = {"redis": ";,", "memcached": ";,", "bmemcached": ";,", "django_redis": ","}.get(
        kind, ""
    )
    found = _split(entry.get("LOCATION"), separators)
    if not found or not all(found):
        raise _refusal(alias, "no LOCATION", "Give it as in the Django project.")
    return tuple(found)


def _split(location: Any, separators: str) -> list[Any]:
    if isinstance(location, os.PathLike):
        return [os.fspath(location)]
    if isinstance(location, str):
        return re.split(f"[{separators}]", location) if separators else [location]
    return list(location) if isinstance(location, Iterable) else []


def _whole(value: Any, default: int) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):  # as Django does
        return default


def _refuse_dummy(alias: str, engine: str) -> None:
    if engine == CACHE:
        raise _refusal(alias, "Django's DummyCache, which keeps nothing", "Name another cache.")


def _refusal(alias: str, problem: str, hint: str) -> SettingError:
    return SettingError("CACHES", f"has under {alias!r} {problem}", hint)
