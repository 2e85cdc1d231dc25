"""Two requests at once, and moved ends, with a cache in front of the table."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine

from ..conftest import MakeSite
from .conftest import EVERY_CACHE, put, store_of

pytestmark = EVERY_CACHE


@pytest.mark.parametrize("is_cached", [True, False])
def test_two_tabs_lose_nothing(make_cached: MakeSite, is_cached: bool) -> None:
    site = make_cached(SESSION_CONCURRENCY="merge")
    with site.app.app_context():
        first = site.sessions.session()
        first["a"] = 0
        first.save()
        key, cache = first.session_key or "", store_of(site).cache
        if not is_cached:
            cache.guarded.delete([cache.names.of(key)])
        tabs = [site.sessions.session(key) for _ in range(2)]
        for number, tab in enumerate(tabs):
            tab[f"tab {number}"] = tab["a"] + number
        for tab in tabs:
            tab.save()
        expected = {"a": 0, "tab 0": 0, "tab 1": 1}
        assert dict(site.sessions.session(key)) == expected
        cache.guarded.delete([cache.names.of(key)])
        assert dict(site.sessions.session(key)) == expected


def test_an_entry_that_is_older_than_its_row_loses_nothing(make_cached: MakeSite) -> None:
    site = make_cached(SESSION_CONCURRENCY="merge")
    store = store_of(site)
    with site.app.app_context():
        first = site.sessions.session()
        first["a"] = 0
        first.save()
        key, name = first.session_key or "", store.cache.names.of(first.session_key or "")
        old = store.cache.guarded.get(name)
        first["b"] = 1
        first.save()
        put(store.cache.guarded.client, name, old)
        other = site.sessions.session(key)
        other["c"] = 2
        other.save()
        assert dict(site.sessions.session(key)) == {"a": 0, "b": 1, "c": 2}


def test_a_new_key_takes_along_what_another_tab_has_stored(make_cached: MakeSite) -> None:
    site = make_cached(SESSION_CONCURRENCY="merge")
    with site.app.app_context():
        first = site.sessions.session()
        first["a"] = 0
        first.save()
        login, other = (site.sessions.session(first.session_key) for _ in range(2))
        login["user"] = 1
        other["b"] = 1
        other.save()
        login.cycle_key()
        assert dict(site.sessions.session(login.session_key)) == {"a": 0, "b": 1, "user": 1}
        assert dict(site.sessions.session(first.session_key)) == {}


def test_the_end_of_row_and_entry_is_moved(
    make_cached: MakeSite, clock: time_machine.Traveller, kind: str
) -> None:
    site = make_cached(SESSION_TOUCH_AFTER=60, SESSION_COOKIE_AGE=3600)
    store: Any = store_of(site)
    with site.app.app_context():
        first = site.sessions.session()
        first["a"] = 0
        first.save()
        key = first.session_key or ""
        clock.shift(600)
        if kind.endswith("redis"):  # whose server's clock goes on by itself
            store.cache.guarded.touch(store.cache.names.of(key), 3000)
        later = site.sessions.session(key)
        assert later["a"] == 0
        assert later.touch()
        left = store.cache.guarded.seconds_left(store.cache.names.of(key))
        assert left is None or 3599 < left <= 3600
        assert not site.sessions.session(key).touch()
    (row,) = site.rows()
    assert (row.expire_date - later._now()).total_seconds() == 3600


def test_an_end_that_another_request_has_brought_forward_is_not_moved(
    make_cached: MakeSite, clock: time_machine.Traveller
) -> None:
    site = make_cached(SESSION_TOUCH_AFTER=60, SESSION_COOKIE_AGE=3600)
    with site.app.app_context():
        first = site.sessions.session()
        first["a"] = 0
        first.save()
        reader, other = (site.sessions.session(first.session_key) for _ in range(2))
        assert reader["a"] == 0
        other.set_expiry(300)
        other.save()
        (saved,) = site.rows()
        clock.shift(120)
        assert not reader.touch()
        assert site.sessions.session(first.session_key)["_session_expiry"] == 300
    assert [row.expire_date for row in site.rows()] == [saved.expire_date]
