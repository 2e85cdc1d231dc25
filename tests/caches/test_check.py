"""Faults of a cache as somebody meets them, and what ``flask sessions check`` says of each."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest

from flask_dj_session.store import Store

from ..conftest import MakeSite, Site
from .conftest import EVERY_CACHE, KINDS, Caches, put, store_of
from .test_alone import ENGINE as ALONE

MakeVisits = Callable[[Site], list[str]]


@pytest.fixture(autouse=True)
def _no_settings_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the environment name no Django settings."""
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)


def check(site: Site) -> str:
    """Return what the command prints of the cache."""
    printed = site.app.test_cli_runner().invoke(args=["sessions", "check"]).output
    lines = printed.splitlines()
    found = [number for number, line in enumerate(lines) if "cache" in line.lower()]
    return "\n".join(lines[min(found, default=0) :])


def visits(site: Site, number: int = 3) -> list[str]:
    """Let the site have visitors, and return their keys."""
    keys = []
    with site.app.app_context():
        for _ in range(number):
            ours = site.sessions.session()
            ours["num_visits"] = 1
            ours.save()
            keys.append(ours.session_key or "")
    return keys


def put_entry(site: Site, key: str, value: Any) -> None:
    """Put something into the cache behind everybody's back."""
    cache = store_of(site).cache
    put(cache.guarded.client, cache.names.of(key), value, 600)


@EVERY_CACHE
def test_what_agrees_is_in_order(site: Site) -> None:
    visits(site)
    # What other tests have in the same server meanwhile is a note, which may come before it.
    assert "ok    In the cache 'default', 3 entries have the data of the row." in check(site)


@EVERY_CACHE
def test_a_row_that_was_written_past_the_cache(site: Site) -> None:
    first, *_ = visits(site)
    put_entry(site, first, pickle.dumps({"num_visits": 7}))
    assert "wrong In the cache 'default', 1 entry has other data than the row." in check(site)


def test_rows_that_were_deleted_past_the_cache(site: Site) -> None:
    first, *_ = visits(site)
    store = store_of(site)
    Store.delete_keys(store, [first])
    store.cache.guarded.delete([store.cache.names.of(first)])
    assert "rows are gone" not in check(site)
    put_entry(site, first, pickle.dumps({"num_visits": 1}))
    found = check(site)
    assert "wrong The cache 'default' has 1 entry of sessions whose rows are gone." in found
    assert "SESSION_CACHE_VERIFY = True" in found


@EVERY_CACHE
def test_entries_that_nobody_can_read(site: Site) -> None:
    for key in visits(site):
        put_entry(site, key, b"\x00 of another serializer")
    assert "wrong In the cache 'default', 3 entries cannot be read" in check(site)


@pytest.mark.parametrize(
    "other", [{"VERSION": 2}, {"KEY_PREFIX": "x{}"}], ids=["version", "prefix"]
)
def test_another_prefix_or_version(
    make_cached: MakeSite, caches: Caches, other: dict[str, Any]
) -> None:
    site = make_cached()
    visits(site)
    entry = {**caches["default"], **other}
    entry["KEY_PREFIX"] = entry["KEY_PREFIX"].format(caches["default"]["KEY_PREFIX"])
    twin = make_cached(CACHES={"default": entry}, table=False)
    found = check(twin)
    assert "wrong The cache 'default' has " in found
    assert "under another KEY_PREFIX or VERSION" in found


@pytest.mark.parametrize("kind", ["memcached", "file"])
def test_a_cache_that_is_not_the_sites(site: Site) -> None:
    cache = store_of(site).cache
    keys = visits(site)
    cache.guarded.delete([cache.names.of(key) for key in keys])
    found = check(site)
    assert found.startswith("note  The cache 'default' has nothing of 3 rows that were looked up.")


def test_a_cache_that_is_down(make_cached: MakeSite) -> None:
    entry = {**KINDS["redis"], "LOCATION": "redis://:hush@127.0.0.1:1/0"}
    site = make_cached(CACHES={"default": entry})
    visits(site)
    found = check(site)
    assert "wrong The cache 'default' does not answer (ConnectionError)." in found
    assert "hush" not in found


def test_a_cache_alone_is_asked_whether_it_answers(make_site: MakeSite, caches: Caches) -> None:
    site = make_site(SESSION_ENGINE=ALONE, CACHES=caches, table=False)
    assert check(site).startswith("ok    The sessions are in the cache default alone, which answ")
    with site.app.app_context():
        site.sessions.store.cache.guarded.client.close()  # type: ignore[attr-defined]
    entry = {**KINDS["redis"], "LOCATION": "redis://127.0.0.1:1/0"}
    down = make_site(SESSION_ENGINE=ALONE, CACHES={"default": entry}, table=False)
    assert "failed (ConnectionError)." in check(down)


@EVERY_CACHE
@pytest.mark.parametrize(
    "key",
    ["'a key with spaces'", "CAST(x'6162636465666768ff' AS TEXT)", "x'6162636465666768'"],
)
def test_a_key_of_another_program_is_no_cache_that_is_down(site: Site, key: str) -> None:
    visits(site)
    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.exec_driver_sql(
            f"INSERT INTO django_session SELECT {key}, session_data, expire_date"
            " FROM django_session LIMIT 1"
        )
    assert "ok    In the cache 'default', 3 entries have the data of the row." in check(site)
