"""A cache that a Flask app and a live Django share, of each kind, and each test alone in it."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches as django_caches

from flask_dj_session.caches import Cache, CachedStore, make_cache
from flask_dj_session.caches.client import Client
from flask_dj_session.settings import Settings
from flask_dj_session.settings.caches import session_cache

from ..conftest import MakeSite, Site
from ..databases import CACHE_VARIABLES
from ..live_django import LiveDjango

BACKENDS = "django.contrib.sessions.backends."
ENGINE = BACKENDS + "cached_db"
_DJANGOS = "django.core.cache.backends."

#: of every kind: what CACHES says, but for the place
KINDS: dict[str, dict[str, Any]] = {
    "redis": {"BACKEND": _DJANGOS + "redis.RedisCache"},
    "django_redis": {"BACKEND": "django_redis.cache.RedisCache"},
    "memcached": {"BACKEND": _DJANGOS + "memcached.PyMemcacheCache"},
    "bmemcached": {"BACKEND": "django_bmemcached.memcached.BMemcached"},
    "file": {"BACKEND": _DJANGOS + "filebased.FileBasedCache"},
}
if find_spec("pylibmc"):  # as make test-drivers has it
    KINDS["pylibmc"] = {"BACKEND": _DJANGOS + "memcached.PyLibMCCache"}
EVERY_CACHE = pytest.mark.parametrize("kind", KINDS)

Caches = dict[str, dict[str, Any]]


@pytest.fixture
def kind() -> str:
    """Return the kind of the cache, unless a test is parametrised with it."""
    return "redis"


@pytest.fixture
def caches(kind: str, tmp_path: Path) -> Iterator[Caches]:
    """Return CACHES, with names that no other test has."""
    with lend(kind, tmp_path) as caches:
        yield caches


@contextmanager
def lend(kind: str, tmp_path: Path) -> Iterator[Caches]:
    """Lend CACHES, with names that no other test has."""
    entry = {**KINDS[kind], "LOCATION": place_of(kind, tmp_path), "KEY_PREFIX": uuid.uuid4().hex}
    yield {"default": entry}
    if kind.endswith("redis"):
        client = cache_of({"default": entry}).guarded.client
        if names := list(client.names(entry["KEY_PREFIX"]) or ()):
            client.delete(names)
        client.close()


def place_of(kind: str, folder: Path) -> str:
    """Return LOCATION, or skip the test."""
    if kind == "file":
        return str(folder / "cache")
    if CACHE_VARIABLES[kind] not in os.environ:
        pytest.skip(f"{CACHE_VARIABLES[kind]} is not set")
    return os.environ[CACHE_VARIABLES[kind]]


def cache_of(caches: Caches, engine: str = ENGINE, **settings: Any) -> Cache:
    """Return a cache as an app has it."""
    config = {"SESSION_ENGINE": engine, "SESSION_CACHE_ALIAS": "default", "CACHES": caches}
    entry = session_cache({**config, **settings})
    assert entry is not None
    return make_cache(entry)


@pytest.fixture
def site(make_cached: MakeSite) -> Site:
    """Return an app with the cache."""
    return make_cached()


@pytest.fixture
def make_cached(make_site: MakeSite, caches: Caches) -> Iterator[MakeSite]:
    """Return what makes apps with the cache; keywords go into ``app.config``."""
    made: list[Site] = []

    def make(**config: Any) -> Site:
        site = make_site(**{"SESSION_ENGINE": ENGINE, "CACHES": caches, **config})
        made.append(site)
        return site

    yield make
    for site in made:
        with site.app.app_context():
            store: Any = site.sessions.store
        store.cache.guarded.client.close()


@pytest.fixture
def django(django: LiveDjango, caches: Caches) -> Iterator[LiveDjango]:
    """Return a Django on the same database and cache."""
    with django.settings(SESSION_ENGINE=ENGINE, CACHES=caches):
        yield django
        for cache in django_caches.all(initialized_only=True):
            cache.close()


def put(client: Client, name: str, value: bytes, seconds: float = 60) -> None:
    """Put something into a cache, whatever is there."""
    assert client.swap(name, value, seconds, lambda there: True)


DjangoStore = Callable[..., Any]


@pytest.fixture
def django_store(django: LiveDjango) -> DjangoStore:
    """Return Django's SessionStore of the cache."""
    from django.contrib.sessions.backends.cached_db import SessionStore

    return SessionStore  # type: ignore[no-any-return]


def store_of(site: Site) -> CachedStore:
    """Return the store of an app."""
    with site.app.app_context():
        store = site.sessions.store
    assert isinstance(store, CachedStore)
    return store


def settings_of(site: Site) -> Settings:
    """Return the settings of an app."""
    with site.app.app_context():
        return site.sessions.settings
