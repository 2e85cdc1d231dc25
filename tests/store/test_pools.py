"""Pools of the app's engine that are of another kind than Flask-SQLAlchemy's own."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.pool import AssertionPool, NullPool, QueuePool, SingletonThreadPool, StaticPool

from ..conftest import MakeSite, Site
from ..databases import EVERY_DATABASE, EVERY_SERVER
from .test_own import counts, stored

_POOLS = [QueuePool, NullPool, SingletonThreadPool, StaticPool, AssertionPool]


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
@pytest.mark.parametrize("poolclass", _POOLS, ids=lambda pool: pool.__name__)
def test_what_is_stored_is_stored_with_every_pool(make_site: MakeSite, poolclass: Any) -> None:
    site = make_site(options={"poolclass": poolclass})
    assert counts(site) == ["1", "2", "3"]
    assert stored(site) == 1


@pytest.mark.parametrize("poolclass", _POOLS, ids=lambda pool: pool.__name__)
def test_sessions_in_a_file_have_connections_of_their_own_unless_the_app_has_just_one(
    make_site: MakeSite, poolclass: Any
) -> None:
    site = make_site(options={"poolclass": poolclass})
    with site.app.app_context():
        assert site.sessions.store.engine.is_own is (poolclass is not StaticPool)


class _Noted(sqlite3.Connection):
    """A connection that notes what is done to it."""

    log: ClassVar[list[str]] = []

    def commit(self) -> None:
        self.log.append("commit")
        super().commit()


def test_what_the_apps_own_listeners_have_done_to_a_connection_is_committed(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On SQLite to turn autocommit on commits, too; to a server, it has to be said.
    site = make_site(table=False, options={"connect_args": {"factory": _Noted}})
    with site.app.app_context():
        event.listen(site.db.engine, "connect", lambda raw, _: raw.log.append("the app's"))
        log: list[str] = []
        monkeypatch.setattr(_Noted, "log", log)
        with site.sessions.store.engine.connect():
            pass
    assert log[:2] == ["the app's", "commit"]


@pytest.mark.parametrize("database_url", EVERY_SERVER, indirect=True)
def test_the_one_connection_of_a_static_pool_is_used_by_one_thread_at_a_time(
    make_site: MakeSite,
) -> None:
    site = make_site(options={"poolclass": StaticPool})
    counts(site, 1)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: counts(site), range(24)))
    assert answers == [["1", "2", "3"]] * 24
    assert stored(site) == 25


@pytest.mark.parametrize("database_url", EVERY_SERVER, indirect=True)
def test_of_a_static_pool_sessions_have_one_connection_and_no_other(make_site: MakeSite) -> None:
    site = make_site(options={"poolclass": StaticPool})
    with site.app.app_context():
        engine = site.sessions.store.engine
        for _ in range(2):
            with engine.connect() as connection:
                pool: Any = connection.engine.pool
                pool._timeout = 0
                with pytest.raises(sa.exc.TimeoutError), engine.connect():
                    pass


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_listeners_on_a_static_pool_hear_the_sessions_connection(make_site: MakeSite) -> None:
    site = make_site(table=False, options={"poolclass": StaticPool})
    heard: list[str] = []
    with site.app.app_context():
        for name in ("connect", "checkout"):
            event.listen(site.db.engine, name, lambda *_, name=name: heard.append(name))
        site.sessions.create_table()
        heard.clear()
        site.db.engine.dispose()
    counts(site, 1)
    assert {"connect", "checkout"} <= set(heard)


@pytest.mark.parametrize("database_url", EVERY_SERVER, indirect=True)
def test_idle_connections_are_kept_where_they_are_recycled_after_a_while(
    make_site: MakeSite,
) -> None:
    site = make_site(options={"pool_recycle": 7200})
    counts(site)
    checked_out: list[Any] = []
    _listen_to_the_sessions_pool(site, checked_out)
    counts(site)
    assert checked_out == []


def _listen_to_the_sessions_pool(site: Site, seen: list[Any]) -> None:
    with site.app.app_context(), site.sessions.store.engine.connect() as connection:
        event.listen(connection.engine.pool, "checkout", lambda *_: seen.append("checkout"))
    counts(site)
    seen.clear()


def test_an_engine_that_takes_the_place_of_another_is_used(
    make_site: MakeSite, tmp_path: Any
) -> None:
    site = make_site()
    counts(site)
    other = sa.create_engine(f"sqlite:///{tmp_path / 'other.sqlite3'}")
    with site.app.app_context():
        engines: Any = site.db.engines
        before, engines[None] = engines[None], other
        site.sessions.create_table()
        assert counts(site) == ["1", "2", "3"]
        engines[None] = before
    assert counts(site) == ["1", "2", "3"]
    assert stored(site) == 2
    other.dispose()


def test_connections_to_an_engine_whose_place_was_taken_are_closed(
    make_site: MakeSite, tmp_path: Any
) -> None:
    site = make_site()
    other = sa.create_engine(f"sqlite:///{tmp_path / 'other.sqlite3'}")
    with site.app.app_context():
        store, engines = site.sessions.store, site.db.engines
        with store.engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
        assert not store.exists("12345678")
        engines[None] = other  # type: ignore[index]
        site.sessions.create_table()
        assert not store.exists("12345678")
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            raw.execute("SELECT 1")
    other.dispose()


class _Counting(sqlite3.Connection):
    """Counts what is rolled back, of all of its kind."""

    rollbacks = 0

    def rollback(self) -> None:
        type(self).rollbacks += 1
        super().rollback()


def test_what_commits_itself_is_not_rolled_back_when_it_is_given_back(make_site: MakeSite) -> None:
    # With this option each connection goes back to its pool.
    options = {"connect_args": {"factory": _Counting}, "pool_pre_ping": True}
    site = make_site(options=options)
    with site.app.app_context():
        store = site.sessions.store
        store.exists("12345678")
        before = _Counting.rollbacks
        assert not store.exists("12345678")
    assert _Counting.rollbacks == before
