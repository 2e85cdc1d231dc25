"""An SQLite database in memory: one connection, the app's and the sessions', in many threads."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier, Event
from typing import Any

import pytest
import sqlalchemy as sa
from flask import request
from sqlalchemy import event
from sqlalchemy.pool import SingletonThreadPool

from flask_dj_session.errors import DatabaseHeldError, MissingTableError, UpdateError

from ..conftest import MakeSite, Site
from .test_own import counts


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    return make_site(SQLALCHEMY_DATABASE_URI="sqlite://")


@pytest.fixture
def table(site: Site) -> sa.Table:
    table = sa.Table("note", site.db.metadata, sa.Column("text", sa.String(50)))
    with site.app.app_context():
        table.create(site.db.engine)
    return table


def _visit(_: int, site: Site) -> list[str]:
    client = site.client
    return [client.get("/").text for _ in range(10)]


def test_many_threads_count_exactly(site: Site) -> None:
    counts(site, 1)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(_visit, range(16), [site] * 16))
    assert answers == [[str(n) for n in range(1, 11)]] * 16


def test_a_row_that_is_no_text_is_read_and_the_app_s_connection_is_left_as_it_was(
    site: Site,
) -> None:
    key = "nomatterwhose"
    with site.app.app_context():
        with site.db.engine.begin() as connection:
            raw: Any = connection.connection.dbapi_connection
            before = raw.text_factory, raw.isolation_level
            connection.exec_driver_sql(
                f"INSERT INTO django_session VALUES ('{key}', CAST(x'ff' AS TEXT), '2999-01-01')"
            )
        row = site.sessions.store.row(key)
    assert row is not None
    assert row.session_data == "\udcff"
    assert (raw.text_factory, raw.isolation_level) == before


def test_what_the_app_s_engine_is_told_later_counts_here_too(site: Site) -> None:
    with site.app.app_context():
        engine = site.sessions.store.engine
        with engine.connect():
            pass
        site.db.engine.update_execution_options(tag="later")
        with engine.connect() as lent:
            assert lent.get_execution_options()["tag"] == "later"


def test_the_apps_listeners_hear_of_no_transaction_that_is_none(site: Site) -> None:
    heard: list[str] = []
    with site.app.app_context():
        for name in ("begin", "commit", "rollback"):
            sa.event.listen(site.db.engine, name, lambda *_, name=name: heard.append(name))
    assert counts(site) == ["1", "2", "3"]
    assert heard == []


def test_a_table_is_made_on_the_one_connection(site: Site) -> None:
    with site.app.app_context():
        with site.sessions.store.engine.begin(table="tea") as lent:
            lent.exec_driver_sql("CREATE TABLE tea (leaves int)")
        assert "tea" in sa.inspect(site.db.engine).get_table_names()


def test_so_they_do_where_views_read_the_database(site: Site, table: sa.Table) -> None:
    @site.app.get("/")
    def view() -> str:
        session: Any = request.session  # type: ignore[attr-defined]
        session["n"] = session.get("n", 0) + 1
        site.db.session.execute(sa.select(table)).all()
        return str(session["n"])

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(_visit, range(8), [site] * 8))
    assert answers == [[str(n) for n in range(1, 11)]] * 8


@pytest.mark.parametrize("visits", [0, 1], ids=["a new visitor", "one who reads before"])
def test_another_requests_transaction_is_waited_for_and_left_alone(
    site: Site, table: sa.Table, visits: int
) -> None:
    counts(site, 1)
    client = site.client
    for _ in range(visits):
        client.get("/")
    began, saved, end = Barrier(2), Event(), Event()

    def other() -> None:
        with site.app.app_context():
            site.db.session.execute(sa.insert(table).values(text="uncommitted"))
            began.wait(20)
            assert not saved.wait(0.05)
            site.db.session.rollback()
            end.wait(20)

    with ThreadPoolExecutor(1) as threads:
        done = threads.submit(other)
        began.wait(20)
        answer = client.get("/").text
        saved.set()
        end.set()
        done.result(20)
    assert answer == str(visits + 1)
    with site.app.app_context():
        assert site.db.session.execute(sa.select(table)).all() == []
        assert len(site.rows()) == 2


def test_ones_own_is_an_error_at_once(
    site: Site, table: sa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(seconds: float) -> None:
        raise AssertionError("waits for itself")

    with site.app.app_context():
        site.db.session.execute(sa.insert(table).values(text="uncommitted"))
        monkeypatch.setattr(time, "sleep", never)
        with pytest.raises(DatabaseHeldError) as caught:
            site.sessions.session().save()
        assert not caught.value.by_another
        site.db.session.rollback()
        site.sessions.session().save()


def test_ones_own_is_known_as_such_after_another_has_ended_its_own(
    site: Site, table: sa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    with site.app.app_context() as first:
        site.db.session.execute(sa.insert(table).values(text="committed"))
        site.db.session.commit()
    test_ones_own_is_an_error_at_once(site, table, monkeypatch)
    assert first.app is site.app  # it was there all the time, so the other was not taken for it


def test_who_only_reads_in_anothers_transaction_has_not_begun_it(
    site: Site, table: sa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, end = Event(), Event()

    def other() -> None:
        with site.app.app_context():
            site.db.session.execute(sa.select(table)).all()
            read.set()
            end.wait(20)

    with site.app.app_context(), ThreadPoolExecutor(1) as threads:
        site.db.session.execute(sa.insert(table).values(text="uncommitted"))
        done = threads.submit(other)
        try:
            assert read.wait(20)
            clock = [1000.0]
            monkeypatch.setattr(time, "monotonic", lambda: clock[0])
            monkeypatch.setattr(time, "sleep", lambda seconds: clock.append(clock.pop() + seconds))
            with pytest.raises(DatabaseHeldError) as caught:
                site.sessions.session().save()
        finally:
            end.set()
        done.result(20)
        assert not caught.value.by_another
        site.db.session.rollback()


def test_one_that_does_not_end_is_said_to_be_anothers(
    site: Site, table: sa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: clock.append(clock.pop() + seconds))
    with site.app.app_context():
        site.db.session.execute(sa.insert(table).values(text="uncommitted"))
        with (
            site.app.app_context(),
            pytest.raises(DatabaseHeldError, match="another request") as caught,
        ):
            site.sessions.session().save()
        assert caught.value.by_another
        assert 1005 <= clock[0] < 1005.1  # the driver's own patience
        site.db.session.rollback()


def test_one_that_was_begun_on_the_driver_is_not_taken_for_ones_own(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: clock.append(clock.pop() + seconds))
    with site.app.app_context(), closing(site.db.engine.raw_connection()) as connection:
        connection.cursor().execute("UPDATE django_session SET session_data = 'x'").close()
        with pytest.raises(DatabaseHeldError) as caught:
            site.sessions.session().save()
        assert caught.value.by_another


def test_an_error_of_ours_rolls_nothing_of_the_apps_back(site: Site, table: sa.Table) -> None:
    with site.app.app_context():
        site.db.session.execute(sa.text("DROP TABLE django_session"))
        site.db.session.execute(sa.insert(table).values(text="uncommitted"))
        with pytest.raises(MissingTableError):
            site.sessions.store.exists("12345678")
        site.db.session.commit()
        assert site.db.session.execute(sa.select(table)).all() == [("uncommitted",)]


@pytest.mark.parametrize("ended_by", ["commit", "rollback", "close"])
def test_what_is_lent_ends_no_transaction_of_the_apps(
    site: Site, table: sa.Table, ended_by: str
) -> None:
    with site.app.app_context():
        for end, left in ((site.db.session.rollback, 0), (site.db.session.commit, 1)):
            site.db.session.execute(sa.insert(table).values(text="uncommitted"))
            with site.sessions.store.engine.connect() as connection:
                getattr(connection.connection.dbapi_connection, ended_by)()
            end()
            assert len(site.db.session.execute(sa.select(table)).all()) == left


def test_a_deleted_row_is_not_written_again(site: Site) -> None:
    with site.app.app_context():
        session = site.sessions.session()
        session["a"] = 1
        session.save()
        key = str(session.session_key)
        store = site.sessions.store
        assert [store.delete(key), store.delete(key), store.exists(key)] == [True, False, False]
        with pytest.raises(UpdateError):
            session.save()


def test_an_interrupted_statement_does_not_close_the_database(site: Site) -> None:
    interrupts = [KeyboardInterrupt()]

    def interrupt(*_: object) -> None:
        if interrupts:
            raise interrupts.pop()

    with site.app.app_context():
        site.sessions.session().save()
        event.listen(site.db.engine, "after_cursor_execute", interrupt)
        with pytest.raises(KeyboardInterrupt):
            site.sessions.store.count()
        assert site.sessions.store.count() == 1


def test_after_a_connection_that_the_app_has_given_up_there_is_another(site: Site) -> None:
    with site.app.app_context():
        store = site.sessions.store
        with site.db.engine.connect() as connection:
            connection.invalidate()
        assert store.create_table() is True  # since the database went with the connection
        assert store.count() == 0


def test_a_database_in_memory_of_each_thread_is_the_apps(make_site: MakeSite) -> None:
    site = make_site(table=False)
    engine = sa.create_engine("sqlite://", poolclass=SingletonThreadPool)
    with site.app.app_context():
        engines: Any = site.db.engines
        before, engines[None] = engines[None], engine
        site.db.create_all()
        assert counts(site) == ["1", "2", "3"]
        assert len(site.rows()) == 1
        site.db.session.remove()
        engines[None] = before
    engine.dispose()


@pytest.mark.process
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_child_of_a_fork_uses_the_copy_that_it_has(site: Site) -> None:
    with site.app.app_context():
        site.sessions.session().save()
        if (child := os.fork()) == 0:
            os._exit(site.sessions.store.count())
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
