"""A Flask app and a live Django with ``cached_db`` on one table and one cache."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
import time_machine
from django.core.cache import caches as django_caches
from flask import session

from ..conftest import MakeSite, Site
from ..live_django import LiveDjango
from .conftest import EVERY_CACHE, DjangoStore, store_of

pytestmark = EVERY_CACHE


@pytest.fixture(autouse=True)
def _stopped(clock: time_machine.Traveller) -> None:
    """Stop the time."""


@pytest.fixture
def site(django: LiveDjango, make_cached: MakeSite) -> Site:
    """Return an app on Django's table and cache."""
    return make_cached(table=False)


def _saved(site: Site, **data: Any) -> str:
    with site.app.app_context():
        ours = site.sessions.session()
        ours.update(data)
        ours.save()
        assert ours.session_key is not None
        return ours.session_key


def _entry(key: str) -> Any:
    return django_caches["default"].get("django.contrib.sessions.cached_db" + key)


def _is_wiped(site: Site, key: str) -> None:
    """Take the row away behind everybody's back."""
    store = store_of(site)
    super(type(store), store).delete_keys([key])


def test_django_reads_from_the_cache_what_flask_has_saved(
    site: Site, django_store: DjangoStore
) -> None:
    key = _saved(site, num_visits=1)
    _is_wiped(site, key)
    assert dict(django_store(key).items()) == {"num_visits": 1}


def test_flask_reads_from_the_cache_what_is_long_enough_to_be_packed_there(
    site: Site, django_store: DjangoStore
) -> None:
    theirs = django_store()
    theirs["note"] = "again and " * 500
    theirs.save()
    _is_wiped(site, theirs.session_key)
    with site.app.app_context():
        assert site.sessions.session(theirs.session_key)["note"] == "again and " * 500


def test_flask_reads_from_the_cache_what_django_has_saved(
    site: Site, django_store: DjangoStore
) -> None:
    theirs = django_store()
    theirs["cart"] = {"a": [1, 2.5, None, True]}
    theirs.save()
    _is_wiped(site, theirs.session_key)
    with site.app.app_context():
        assert site.sessions.session(theirs.session_key)["cart"] == {"a": [1, 2.5, None, True]}


def test_django_sees_at_once_what_flask_changes(site: Site, django_store: DjangoStore) -> None:
    theirs = django_store()
    theirs["num_visits"] = 1
    theirs.save()
    with site.app.app_context():
        ours = site.sessions.session(theirs.session_key)
        ours["num_visits"] += 1
        ours.save()
    assert django_store(theirs.session_key)["num_visits"] == 2


def test_flask_sees_at_once_what_django_changes(site: Site, django_store: DjangoStore) -> None:
    key = _saved(site, num_visits=1)
    theirs = django_store(key)
    theirs["num_visits"] += 1
    theirs.save()
    with site.app.app_context():
        assert site.sessions.session(key)["num_visits"] == 2


def test_who_is_logged_out_here_is_so_there(site: Site, django_store: DjangoStore) -> None:
    key = _saved(site, user=1)
    assert django_store(key).get("user") == 1
    with site.app.app_context():
        site.sessions.session(key).flush()
    assert django_store(key).get("user") is None
    assert _entry(key) is None


def test_who_is_logged_out_there_is_so_here(site: Site, django_store: DjangoStore) -> None:
    key = _saved(site, user=1)
    django_store(key).flush()
    with site.app.app_context():
        assert site.sessions.session(key).get("user") is None


def test_a_new_key_takes_the_entry_along(site: Site, django_store: DjangoStore) -> None:
    key = _saved(site, user=1)
    with site.app.app_context():
        ours = site.sessions.session(key)
        ours.cycle_key()
        assert ours.session_key is not None
        assert ours.session_key != key
    assert _entry(key) is None
    assert _entry(ours.session_key) == {"user": 1}


def test_an_entry_that_is_gone_is_filled_from_the_table(
    site: Site, django_store: DjangoStore
) -> None:
    key = _saved(site, num_visits=1)
    django_caches["default"].delete("django.contrib.sessions.cached_db" + key)
    with site.app.app_context():
        assert site.sessions.session(key)["num_visits"] == 1
    assert _entry(key) == {"num_visits": 1}


@pytest.mark.parametrize("command", ["clear", "revoke", "all"])
def test_whatever_ends_a_session_takes_its_entry(
    command: str, site: Site, clock: time_machine.Traveller, django: LiveDjango
) -> None:
    key = _saved(site, num_visits=1)
    store = store_of(site)
    if command == "revoke":
        store.delete_keys([key])
    elif command == "all":
        store.delete_all()
    else:
        clock.shift(60 * 60 * 24 * 15)
        with site.app.app_context():
            assert site.sessions.clear_expired() == 1
    assert _entry(key) is None


@pytest.mark.parametrize(
    "key", ["'a key with spaces'", "'\x01\x7fcontrol'", "CAST(x'6162636465666768ff' AS TEXT)"]
)
@pytest.mark.parametrize("args", ["sessions revoke --all --yes", "clearsessions"])
def test_the_key_of_another_program_keeps_no_entry_of_others(
    args: str, key: str, site: Site, clock: time_machine.Traveller
) -> None:
    kept = _saved(site, num_visits=1)
    store = store_of(site)
    expired, columns = "2000-01-01 00:00:00", "session_key, session_data, expire_date"
    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.exec_driver_sql(
            f"INSERT INTO django_session ({columns}) VALUES ({key}, '', '{expired}')"
        )
    clock.shift(60 * 60 * 24 * 15)
    assert site.app.test_cli_runner().invoke(args=args.split()).exit_code == 0
    assert store.count() == 0
    assert store.cache.guarded.stale == ()
    assert store.cache.guarded.client.get(store.cache.names.of(kept)) is None


def test_a_visitor_goes_to_and_fro(site: Site, django: LiveDjango) -> None:
    from django.http import HttpResponse

    @site.app.get("/")
    def count() -> str:
        session["n"] = session.get("n", 0) + 1
        return str(session["n"])

    def twin(request: Any) -> HttpResponse:
        request.session["n"] = request.session.get("n", 0) + 1
        return HttpResponse(str(request.session["n"]))

    ours, theirs = site.client, django.client()
    with django.view(twin):
        answers = [ours.get("/").text]
        key = ours.get_cookie("sessionid").value  # type: ignore[union-attr]
        theirs.cookies["sessionid"] = key
        answers += [theirs.get("/").content.decode(), ours.get("/").text]
        answers += [theirs.get("/").content.decode()]
    assert answers == ["1", "2", "3", "4"]


@pytest.mark.parametrize("data", [{"num_visits": 1}, {"a": "é", "b": [1, {"c": None}]}, {"x": 2.5}])
def test_the_bytes_are_djangos(site: Site, data: dict[str, Any], django_store: DjangoStore) -> None:
    theirs = django_store()
    theirs.update(data)
    theirs.save()
    store = store_of(site)
    raw = store.cache.guarded.client.get(store.cache.names.of(theirs.session_key))
    assert raw == store.cache.values.dumps(pickle.loads(raw))
    assert store.cache.values.loads(raw) == data


@pytest.mark.parametrize("expiry", [None, 3600, 0])
def test_an_entry_stays_as_long_as_djangos(
    site: Site, expiry: int | None, django_store: DjangoStore
) -> None:
    store = store_of(site)
    theirs = django_store()
    theirs.set_expiry(expiry)
    theirs.save()
    with site.app.app_context():
        ours = site.sessions.session()
        ours.set_expiry(expiry)
        ours.save()
    client, names = store.cache.guarded.client, store.cache.names
    left = [client.seconds_left(names.of(one.session_key or "")) for one in (theirs, ours)]
    assert left[0] == left[1] or abs((left[0] or 0) - (left[1] or 0)) < 2
