"""Requests that something else ends while a cache is asked: a time limit, a killed greenlet."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from flask_dj_session.caches.client import is_error_of
from flask_dj_session.errors import UpdateError
from flask_dj_session.wire import CachedText

from ..conftest import NOW, MakeSite, Site
from ..faults.conftest import add_views, ask, key_of
from ..faults.interrupting import AtEachLine, GivenUp, TooLate
from .conftest import BACKENDS, EVERY_CACHE, store_of

#: where something happens: at the package's own lines, and at those of the libraries
ROOMS = ("caches", "store/store.py")
LIBRARIES = [
    str(Path(find_spec(name).origin).parent)  # type: ignore[union-attr, arg-type]
    for name in ("redis", "pymemcache")
]
ERRORS = pytest.mark.parametrize("error", [GivenUp, TooLate])

# A client that was given up is closed when nobody has it any more; Python warns of its sockets.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def site(make_cached: MakeSite) -> Iterator[Site]:
    yield add_views(make_cached())
    gc.collect()


def _is_there(site: Site, client: FlaskClient) -> bool:
    return key_of(client) in [row.session_key for row in site.rows()]


def _data_of_row(site: Site, client: FlaskClient) -> Any:
    (row,) = [row for row in site.rows() if row.session_key == key_of(client)]
    with site.app.app_context():
        return row.get_decoded()


def _delete_row(site: Site, key: str) -> None:
    """Delete a row behind the cache's back."""
    with site.app.app_context(), site.db.engine.begin() as connection:
        table = site.sessions.store.table
        connection.execute(sa.delete(table).where(table.c.session_key == key))


@pytest.mark.slow
@EVERY_CACHE
@ERRORS
def test_wherever_a_visit_is_interrupted_cache_and_table_agree_afterwards(
    site: Site, error: type[BaseException]
) -> None:
    at, bob = AtEachLine(error, *ROOMS), site.client
    for number in count(1):
        ann = site.client
        assert ask(ann).text == "1"
        with suppress(GivenUp, TooLate), at:
            ask(ann)
        assert ask(bob).text == str(number), at.place
        # What was interrupted may have been counted; then the table has it, and the cache no less.
        row = _data_of_row(site, ann)["n"]
        assert ask(ann, "/read").text == str(row), at.place
        assert ask(ann).text == str(row + 1), at.place
        if not at.place:
            break
    assert number > 20


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["redis", "memcached"])
def test_wherever_a_library_is_interrupted_the_next_visitor_gets_their_own(site: Site) -> None:
    at, bob = AtEachLine(GivenUp, *LIBRARIES), site.client
    for number in count(1):
        ann = site.client
        assert ask(ann).text == "1"
        with suppress(GivenUp), at:
            ask(ann)
        assert ask(bob).text == str(number), at.place
        assert ask(ann, "/read").text == str(_data_of_row(site, ann)["n"]), at.place
        if not at.place:
            break
    assert number > 50


@pytest.mark.slow
@EVERY_CACHE
@ERRORS
def test_wherever_a_logout_is_interrupted_a_session_without_a_row_has_ended(
    site: Site, error: type[BaseException]
) -> None:
    at = AtEachLine(error, *ROOMS)
    while True:
        ann = site.client
        assert ask(ann).text == "1"
        key = key_of(ann)
        with suppress(GivenUp, TooLate), at:
            ask(ann, "/logout")
        ann.set_cookie("sessionid", key)
        expected = "1" if _is_there(site, ann) else "None"
        assert ask(ann, "/read").text == expected, at.place
        if not at.place:
            break


@EVERY_CACHE
def test_the_end_of_a_time_limit_is_no_failure_of_the_cache(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ann = site.client
    ask(ann)
    guarded = store_of(site).cache.guarded

    def too_late(name: str) -> Any:
        raise TooLate

    with monkeypatch.context() as patch:
        patch.setattr(guarded.client, "get", too_late)
        assert ask(ann).status == 500
    assert "failed" not in caplog.text
    assert ask(ann).text == "2"


@EVERY_CACHE
def test_an_entry_goes_with_its_row_where_a_save_finds_that_it_is_gone(site: Site) -> None:
    ann = site.client
    ask(ann)
    key, store = key_of(ann), store_of(site)
    _delete_row(site, key)
    with site.app.app_context():
        assert isinstance(store.load(key, NOW), CachedText)
        with pytest.raises(UpdateError):
            store.update(key, "text", NOW)
        assert store.load(key, NOW) is None


def test_the_end_of_a_time_limit_is_no_failure_of_a_cache_alone_either(
    make_cached: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = add_views(make_cached(SESSION_ENGINE=BACKENDS + "cache", table=False))
    with site.app.app_context():
        client: Any = site.sessions.store.cache.guarded.client  # type: ignore[attr-defined]
    given_up: list[bool] = []

    def too_late(name: str) -> Any:
        raise TooLate

    with monkeypatch.context() as patch, site.app.app_context():
        patch.setattr(client, "get", too_late)
        patch.setattr(client, "give_up", lambda: given_up.append(True))
        with pytest.raises(TooLate):
            site.sessions.store.load("12345678", NOW)
    assert given_up == [True]


class OwnOSError(OSError):
    """As a package that takes the place of sockets may have one."""


@pytest.mark.parametrize(
    ("error", "is_own"),
    [
        (ConnectionRefusedError(), True),
        (OwnOSError(), True),
        (RuntimeError("Too many objects"), True),
        (TooLate(), False),
    ],
    ids=repr,
)
def test_errors_of_connections_are_told_from_others(error: Exception, is_own: bool) -> None:
    assert is_error_of(error, "redis") is is_own
