"""Two requests whose rows are written in one order, and their entries in the other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import session
from flask.testing import FlaskClient

from ..conftest import MakeSite, Site
from .conftest import EVERY_CACHE, cache_of, lend, put, store_of

pytestmark = EVERY_CACHE


def _elsewhere(work: Callable[[], Any]) -> Any:
    """Do something as another request of another thread does."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def _between_row_and_entry(
    site: Site, monkeypatch: pytest.MonkeyPatch, work: Callable[[], Any]
) -> None:
    """Let another request do something when the next save has written its row."""
    store: Any = store_of(site)
    write_entry = store._saved

    def saved(*arguments: Any) -> None:
        monkeypatch.setattr(store, "_saved", write_entry)
        _elsewhere(work)
        write_entry(*arguments)

    monkeypatch.setattr(store, "_saved", saved)


@pytest.fixture(params=["overwrite", "merge"])
def site(request: pytest.FixtureRequest, make_cached: MakeSite) -> Site:
    """Return an app whose visitor sets an item, looks, leaves."""
    site = make_cached(SESSION_CONCURRENCY=request.param)

    @site.app.get("/set/<name>")
    def set_item(name: str) -> str:
        session[name] = 1
        return ""

    @site.app.get("/")
    def look() -> str:
        return " ".join(sorted(session))

    @site.app.get("/leave")
    def leave() -> str:
        session.clear()
        session.flush()  # type: ignore[attr-defined]
        return ""

    return site


def _between_row_and_filling(
    site: Site, monkeypatch: pytest.MonkeyPatch, work: Callable[[], Any]
) -> None:
    """Let another request do something when the next visit has read a row for the cache."""
    cache = store_of(site).cache.guarded
    fill = cache.fill

    def filled(*arguments: Any) -> bool:
        monkeypatch.setattr(cache, "fill", fill)
        _elsewhere(work)
        return fill(*arguments)

    monkeypatch.setattr(cache, "fill", filled)


def _without_entry(site: Site) -> tuple[FlaskClient, FlaskClient, Callable[[], None]]:
    """Return two browsers of one visitor, and what removes the entry, which is not there."""
    first, other, cache = site.client, site.client, store_of(site).cache
    first.get("/set/a")
    key = first.get_cookie("sessionid").value  # type: ignore[union-attr]
    other.set_cookie("sessionid", key)

    def forget() -> None:
        cache.guarded.delete([cache.names.of(key)])

    forget()
    return first, other, forget


@pytest.mark.parametrize("path", ["/set/b", "/leave"])
def test_what_was_read_before_another_has_written_does_not_stay(
    site: Site, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    first, other, forget = _without_entry(site)

    def change() -> None:
        other.get(path)
        forget()  # as Django does, or what has no more room

    _between_row_and_filling(site, monkeypatch, change)
    assert first.get("/").text == "a"
    assert first.get("/").text == ("a b" if path == "/set/b" else "")


@pytest.mark.parametrize("is_cached", [True, False])
def test_an_entry_is_not_older_than_its_row(
    site: Site, monkeypatch: pytest.MonkeyPatch, is_cached: bool
) -> None:
    first, other, _ = _without_entry(site)
    if is_cached:
        first.get("/")
    _between_row_and_entry(site, monkeypatch, lambda: other.get("/set/c"))
    first.get("/set/b")
    (row,) = site.rows()
    with site.app.app_context():
        assert first.get("/").text == " ".join(sorted(row.get_decoded()))


def test_who_has_left_does_not_come_back_by_an_entry(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = site.client
    first.get("/set/a")
    other = site.client
    other.set_cookie("sessionid", first.get_cookie("sessionid").value)  # type: ignore[union-attr]
    _between_row_and_entry(site, monkeypatch, lambda: other.get("/leave"))
    first.get("/set/b")
    assert site.rows() == []
    assert first.get("/").text == ""


@pytest.mark.parametrize("touch_after", [None, 60])
def test_a_session_that_only_one_request_changes_stays_in_the_cache(
    site: Site, touch_after: int | None
) -> None:
    site.app.config["SESSION_TOUCH_AFTER"] = touch_after
    store = store_of(site)
    first = site.client
    for name in "abc":
        first.get(f"/set/{name}")
        key = first.get_cookie("sessionid").value  # type: ignore[union-attr]
        raw = store.cache.guarded.get(store.cache.names.of(key))
        assert name in store.cache.values.loads(raw)


def test_only_what_is_known_is_replaced(kind: str, tmp_path: Any) -> None:
    with lend(kind, tmp_path) as caches:
        client = cache_of(caches).guarded.client
        name = f"{caches['default']['KEY_PREFIX']}:1:name"
        assert client.swap(name, b"1", 60, lambda there: there is None)
        assert client.swap(name, b"2", 60, lambda there: there == b"1")
        assert client.get(name) == b"2"
        assert not client.swap(name, b"3", 60, lambda there: there == b"1")
        assert client.get(name) is None
        assert not client.swap(name, b"3", 60, lambda there: there == b"1")
        assert client.get(name) is None
        put(client, name, b"4")
        client.swap(name, b"5", -1, lambda there: True)
        assert client.get(name) is None
        client.close()


def test_what_has_come_and_gone_since_nothing_was_there_is_noticed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, other, forget = _without_entry(site)
    # The entry comes while the first one reads, and has gone again before it is saved.
    _between_row_and_filling(site, monkeypatch, lambda: other.get("/"))

    def change() -> None:
        forget()
        other.get("/set/c")
        forget()

    _between_row_and_entry(site, monkeypatch, change)
    first.get("/set/b")
    (row,) = site.rows()
    with site.app.app_context():
        assert first.get("/").text == " ".join(sorted(row.get_decoded()))
