"""How sessions talk to the database: apart from the app's transactions, and never in its way."""

from __future__ import annotations

import gc
import multiprocessing
import os
import sqlite3
import sys
import threading
import time
import traceback
import weakref
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.pool import NullPool, QueuePool

from flask_dj_session.errors import DatabaseHeldError, MissingTableError
from flask_dj_session.store import AutocommitEngine
from flask_dj_session.store.own import OwnConnections

from ..conftest import NOW, MakeSite, Site

_BUSY_TIMEOUT = 5.0  # seconds; the driver's default


def _count(session: Any) -> str:
    session["n"] = session.get("n", 0) + 1
    return str(session["n"])


def _counter() -> str:
    return _count(request.session)  # type: ignore[attr-defined]


def _with_note_table(site: Site) -> sa.Table:
    table = sa.Table("note", site.db.metadata, sa.Column("text", sa.String(50)))
    with site.app.app_context():
        table.create(site.db.engine)
    return table


def _notes(site: Site, table: sa.Table) -> int:
    with site.app.app_context():
        return len(site.db.session.execute(sa.select(table)).all())


def _add_note(db: SQLAlchemy, table: sa.Table) -> None:
    db.session.execute(sa.insert(table).values(text="uncommitted"))


def test_a_session_commits_and_rolls_back_nothing_of_the_apps(make_site: MakeSite) -> None:
    site = make_site()
    table = _with_note_table(site)

    @site.app.get("/")
    def view() -> str:
        answer = _counter()
        request.session.save()  # type: ignore[attr-defined]
        _add_note(site.db, table)
        site.db.session.rollback()
        return answer

    client = site.client
    assert [client.get("/").text for _ in range(2)] == ["1", "2"]
    assert _notes(site, table) == 0


def test_an_object_of_the_apps_is_not_expired_by_a_session(make_site: MakeSite) -> None:
    site = make_site()
    with site.app.app_context():
        row = site.sessions.model(session_key="12345678", session_data="", expire_date=NOW)
        site.db.session.add(row)
        site.db.session.commit()
        assert row.session_data == ""
        session = site.sessions.session()
        session["a"] = 1
        session.save()
        assert not sa.inspect(row).expired


def test_one_connection_of_the_apps_pool_held_by_the_view_is_enough(make_site: MakeSite) -> None:
    site = make_site(options={"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.1})

    @site.app.get("/")
    def view() -> str:
        site.db.session.execute(sa.text("SELECT 1"))
        with pytest.raises(sa.exc.TimeoutError), site.db.engine.connect():
            pass
        return _counter()

    client = site.client
    assert [client.get("/").text for _ in range(3)] == ["1", "2", "3"]


def test_connect_listeners_of_the_app_see_the_sessions_connections(make_site: MakeSite) -> None:
    site = make_site(table=False)
    seen: list[Any] = []
    with site.app.app_context():
        event.listen(site.db.engine, "connect", lambda connection, _: seen.append(connection))
        event.listen(site.db.engine, "do_connect", lambda *_: seen.append("do_connect"))
        site.sessions.create_table()
        with site.sessions.store.engine.connect() as connection:
            assert connection.connection.dbapi_connection in seen
    assert "do_connect" in seen


def test_a_creator_of_the_app_makes_the_sessions_connections(
    make_site: MakeSite, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere.sqlite3"
    site = make_site(
        options={"creator": lambda: sqlite3.connect(elsewhere, check_same_thread=False)}
    )
    site.app.add_url_rule("/", view_func=_counter)
    assert site.client.get("/").text == "1"
    connection = sqlite3.connect(elsewhere)
    assert connection.execute("SELECT count(*) FROM django_session").fetchone() == (1,)
    connection.close()


@pytest.mark.parametrize(
    "options",
    [
        {"isolation_level": "SERIALIZABLE"},
        {"execution_options": {"isolation_level": "SERIALIZABLE"}},
        {"execution_options": {"isolation_level": "AUTOCOMMIT"}},
        {"poolclass": NullPool},
        {"pool_pre_ping": True},
        {"pool_recycle": 0},
    ],
    ids=str,
)
def test_whatever_the_apps_engine_is_told_sessions_are_committed(
    make_site: MakeSite, database: Path, options: dict[str, Any]
) -> None:
    site = make_site(options=options)
    site.app.add_url_rule("/", view_func=_counter)
    client = site.client
    assert [client.get("/").text for _ in range(3)] == ["1", "2", "3"]
    connection = sqlite3.connect(database)
    assert connection.execute("SELECT count(*) FROM django_session").fetchone() == (1,)
    connection.close()


def test_an_app_that_begins_each_transaction_itself_begins_none_here(
    make_site: MakeSite, database: Path
) -> None:
    site = make_site(table=False)
    with site.app.app_context():
        event.listen(
            site.db.engine, "connect", lambda raw, _: setattr(raw, "isolation_level", None)
        )
        event.listen(site.db.engine, "begin", lambda connection: _begin(connection))
        site.sessions.create_table()
    site.app.add_url_rule("/", view_func=_counter)
    client = site.client
    assert [client.get("/").text for _ in range(2)] == ["1", "2"]
    connection = sqlite3.connect(database, timeout=0)
    connection.execute("DELETE FROM django_session")
    connection.rollback()
    connection.close()


def _begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN")


class _Pep249(sqlite3.Connection):
    """As one with ``autocommit=False``, which Python 3.12 has added."""

    autocommit: Any = False


def test_a_driver_that_is_told_to_commit_nothing_by_itself_commits_the_sessions(
    make_site: MakeSite,
) -> None:
    site = make_site(options={"connect_args": {"factory": _Pep249}})
    with site.app.app_context(), site.sessions.store.engine.connect() as connection:
        raw: Any = connection.connection.dbapi_connection
        assert raw.autocommit is True


def test_statements_show_in_echo_and_nothing_else_does(
    make_site: MakeSite, caplog: pytest.LogCaptureFixture
) -> None:
    site = make_site(SQLALCHEMY_ECHO=True)
    site.app.add_url_rule("/", view_func=_counter)
    client = site.client
    client.get("/")
    caplog.clear()
    client.get("/")
    lines = [
        record.getMessage().split()[0]
        for record in caplog.records
        if record.name.startswith("sqlalchemy.engine") and not record.getMessage().startswith("[")
    ]
    assert lines == ["SELECT", "UPDATE"]


def test_an_uncommitted_write_of_the_view_is_an_error_at_once(make_site: MakeSite) -> None:
    site = make_site()
    table = _with_note_table(site)

    @site.app.get("/")
    def view() -> str:
        _add_note(site.db, table)
        return _counter()

    began = time.monotonic()
    with pytest.raises(DatabaseHeldError, match=r"uncommitted write.*db\.session\.commit\(\)"):
        site.client.get("/")
    assert time.monotonic() - began < _BUSY_TIMEOUT
    assert site.rows() == []


def test_so_it_is_with_a_connection_that_the_view_opened_itself(make_site: MakeSite) -> None:
    site = make_site()
    table = _with_note_table(site)
    opened: list[sa.Connection] = []

    @site.app.get("/")
    def view() -> str:
        opened.append(site.db.engine.connect())
        opened[-1].execute(sa.insert(table).values(text="uncommitted"))
        return _counter()

    with pytest.raises(DatabaseHeldError):
        site.client.get("/")
    opened[0].close()


def test_the_view_is_answered_500_and_its_browser_gets_no_cookie(make_site: MakeSite) -> None:
    site = make_site(TESTING=False)
    table = _with_note_table(site)

    @site.app.get("/")
    def view() -> str:
        _add_note(site.db, table)
        return _counter()

    response = site.client.get("/")
    assert (response.status_code, "Set-Cookie" in response.headers) == (500, False)


def test_a_view_that_commits_or_only_reads_is_served(make_site: MakeSite) -> None:
    site = make_site()
    table = _with_note_table(site)

    @site.app.get("/")
    def view() -> str:
        _add_note(site.db, table)
        site.db.session.commit()
        site.db.session.execute(sa.select(table)).all()
        return _counter()

    client = site.client
    assert [client.get("/").text for _ in range(3)] == ["1", "2", "3"]
    assert _notes(site, table) == 3


@pytest.mark.slow
def test_the_lock_of_another_process_is_waited_for(make_site: MakeSite, database: Path) -> None:
    site = make_site()
    site.app.add_url_rule("/", view_func=_counter)
    other = sqlite3.connect(database, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")

    @site.app.before_request
    def hold_a_connection() -> None:
        site.db.session.execute(sa.text("SELECT 1"))
        threading.Timer(0.2, other.rollback).start()

    assert site.client.get("/").text == "1"
    other.close()


def test_the_busy_timeout_of_a_connection_is_as_it_was(make_site: MakeSite) -> None:
    site = make_site(options={"connect_args": {"timeout": 7}})
    table = _with_note_table(site)
    with site.app.app_context():
        _add_note(site.db, table)
        session = site.sessions.session()
        session["a"] = 1
        with pytest.raises(DatabaseHeldError):
            session.save()
        with site.sessions.store.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 7000


@pytest.mark.parametrize(
    "uri", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:a?mode=memory&cache=shared&uri=true"]
)
def test_a_database_in_memory_works(make_site: MakeSite, uri: str) -> None:
    site = make_site(table=False, SQLALCHEMY_DATABASE_URI=uri, SQLALCHEMY_ENGINE_OPTIONS=_pool(uri))
    with site.app.app_context(), site.db.engine.connect():  # keeps a shared cache alive
        site.sessions.create_table()
        site.app.add_url_rule("/", view_func=_counter)
        client = site.client
        assert [client.get("/").text for _ in range(3)] == ["1", "2", "3"]
        assert len(site.rows()) == 1


def _pool(uri: str) -> dict[str, Any]:
    return {"poolclass": sa.pool.QueuePool} if "shared" in uri else {}


def test_in_memory_an_uncommitted_write_is_neither_committed_nor_lost(make_site: MakeSite) -> None:
    site = make_site(SQLALCHEMY_DATABASE_URI="sqlite://")
    table = _with_note_table(site)
    with site.app.app_context():
        _add_note(site.db, table)
        session = site.sessions.session()
        session["a"] = 1
        with pytest.raises(DatabaseHeldError):
            session.save()
        assert site.sessions.session("12345678").load() == {}
        assert site.db.session.execute(sa.select(table)).all() == [("uncommitted",)]
        site.db.session.rollback()
        assert _notes(site, table) == 0


def test_with_the_apps_engine_go_the_sessions_connections(make_site: MakeSite) -> None:
    site = make_site()
    with site.app.app_context():
        engine = site.sessions.store.engine
        with engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
        site.db.engine.dispose()
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            raw.execute("SELECT 1")
        assert site.sessions.session("12345678").load() == {}


def _save_in_child(site: Site, key: str, answer: Any) -> None:
    with site.app.app_context():
        session = site.sessions.session(key)
        session["who"] = "child"
        session.save()
    answer.put("saved")


@pytest.mark.process
def test_after_a_fork_parent_and_child_use_connections_of_their_own(make_site: MakeSite) -> None:
    site = make_site()
    with site.app.app_context():
        session = site.sessions.session()
        session["who"] = "parent"
        session.save()
        fork = multiprocessing.get_context("fork")
        answer = fork.Queue()
        child = fork.Process(target=_save_in_child, args=(site, session.session_key, answer))
        child.start()
        assert answer.get(timeout=20) == "saved"
        child.join()
        assert site.sessions.session(session.session_key)["who"] == "child"
        session.save()


class _Connection(sqlite3.Connection):
    """One that can be watched."""


@pytest.mark.process
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_child_neither_uses_nor_closes_what_its_parent_has_open(make_site: MakeSite) -> None:
    site = make_site(options={"connect_args": {"factory": _Connection}})
    opened: list[weakref.ref[_Connection]] = []
    with site.app.app_context():
        event.listen(site.db.engine, "connect", lambda raw, _: opened.append(weakref.ref(raw)))
        site.sessions.store.engine.dispose()
        site.sessions.session().save()
        (parents,) = opened
        if (child := os.fork()) == 0:
            try:
                os._exit(_fate_in_child(site, parents, opened))
            finally:
                os._exit(99)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert site.sessions.store.count() == 2
        assert opened == [parents]


def _fate_in_child(
    site: Site, parents: weakref.ref[_Connection], opened: list[weakref.ref[_Connection]]
) -> int:
    """Use the store in a child of a fork, and return 0 where the parent's connection is intact."""
    site.sessions.session().save()
    gc.collect()
    connection = parents()
    if connection is None:
        return 1
    connection.execute("SELECT 1").close()  # which fails where it is closed
    return 0 if len(opened) == 2 else 2


def test_a_child_keeps_what_its_parent_has_open_once_and_not_with_each_statement(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with site.app.app_context(), monkeypatch.context() as patch:
        store, pid = site.sessions.store, os.getpid()
        store.exists("12345678")
        (parents,) = (
            one
            for one in gc.get_objects()
            # Not isinstance(), at which lazy objects of other libraries set themselves up.
            if type(one) is OwnConnections and one.bind is site.db.engine
        )
        patch.setattr(os, "getpid", lambda: pid + 1)  # as after a fork
        store.exists("12345678")
        before = sys.getrefcount(parents)
        for _ in range(3):
            store.exists("12345678")
        assert sys.getrefcount(parents) == before
        store.engine.dispose()


def test_what_a_parent_has_open_outlives_the_engine_of_its_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parents = _opened_by_a_parent(tmp_path, monkeypatch)
    gc.collect()
    connection = parents()
    assert connection is not None
    connection.close()


def _opened_by_a_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> weakref.ref[_Connection]:
    """Use an engine in two processes, and return the first one's connection."""
    opened: list[weakref.ref[_Connection]] = []
    connect_args = {"factory": _Connection}
    apps = sa.create_engine(f"sqlite:///{tmp_path / 'db.sqlite3'}", connect_args=connect_args)
    event.listen(apps, "connect", lambda raw, _: opened.append(weakref.ref(raw)))
    engine, pid = AutocommitEngine(lambda: apps, owner=lambda: 1), os.getpid()
    with monkeypatch.context() as patch:
        with engine.connect():
            pass
        patch.setattr(os, "getpid", lambda: pid + 1)  # as after a fork
        with engine.connect():
            pass
        engine.dispose()
    assert len(opened) == 2
    return opened[0]


@pytest.mark.process
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_fork_while_a_thread_opens_the_pool_does_not_hang_the_child(
    make_site: MakeSite,
) -> None:
    opening, opened = threading.Event(), threading.Event()

    class SlowPool(QueuePool):
        def recreate(self) -> QueuePool:
            if threading.current_thread() is not threading.main_thread():
                opening.set()
                opened.wait(20)
            return super().recreate()

    site = make_site(options={"poolclass": SlowPool})
    with site.app.app_context():
        session = site.sessions.session()
        session.save()
        site.sessions.store.engine.dispose()
    thread = threading.Thread(target=_visit, args=(site,))
    thread.start()
    assert opening.wait(20)
    fork = multiprocessing.get_context("fork")
    answer = fork.Queue()
    child = fork.Process(target=_save_in_child, args=(site, session.session_key, answer))
    child.start()
    try:
        assert answer.get(timeout=20) == "saved"
    finally:
        opened.set()
        thread.join()
        child.kill()
        child.join()


def _visit(site: Site) -> None:
    with site.app.app_context():
        site.sessions.store.exists("12345678")


def test_two_threads_that_begin_at_once_share_one_pool(make_site: MakeSite) -> None:
    site = make_site()
    site.app.add_url_rule("/", view_func=_counter)
    barrier = threading.Barrier(8)
    answers: list[str] = []

    def visit() -> None:
        barrier.wait()
        answers.append(site.client.get("/").text)

    threads = [threading.Thread(target=visit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["1"] * 8
    assert len(site.rows()) == 8


def test_an_app_whose_engine_is_another_by_now_has_its_sessions_there(tmp_path: Path) -> None:
    engines = [sa.create_engine(f"sqlite:///{tmp_path / name}") for name in ("first", "second")]
    present = [engines[0]]
    engine = AutocommitEngine(lambda: present[0], owner=lambda: 1)
    for number, each in enumerate(engines):
        with each.begin() as connection:
            connection.execute(sa.text("CREATE TABLE place (number integer)"))
            connection.execute(sa.text(f"INSERT INTO place VALUES ({number})"))
    for number, each in enumerate([*engines, engines[0]]):
        present[0] = each
        with engine.connect() as connection:
            assert connection.scalar(sa.text("SELECT number FROM place")) == number % 2
    engine.dispose()
    for each in engines:
        each.dispose()


def test_neither_key_nor_data_is_in_an_error_or_in_the_echo(
    make_site: MakeSite, caplog: pytest.LogCaptureFixture
) -> None:
    site = make_site(table=False, SQLALCHEMY_ECHO=True)
    with site.app.app_context(), pytest.raises(MissingTableError) as caught:
        site.sessions.store.insert("a-session-key", "its data", NOW)
    said = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert "INSERT INTO django_session" in said
    assert "a-session-key" not in said.replace('insert("a-session-key", "its data"', "")
    assert "its data" not in said.replace('insert("a-session-key", "its data"', "")


def test_the_sessions_connections_are_not_taken_for_the_apps(make_site: MakeSite) -> None:
    site = make_site(options={"connect_args": {"timeout": 0}})
    with site.app.app_context(), site.sessions.store.engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        with pytest.raises(sa.exc.OperationalError, match="locked"):
            site.sessions.session().save()
        connection.exec_driver_sql("ROLLBACK")


def test_the_apps_engine_does_not_run_slower_for_listeners_of_ours(make_site: MakeSite) -> None:
    site = make_site()
    with site.app.app_context():
        assert not site.db.engine._has_events


def test_an_error_of_the_driver_comes_as_sqlalchemys(make_site: MakeSite, database: Path) -> None:
    site = make_site()
    with site.app.app_context():
        session = site.sessions.session()
        session.save()
        site.db.engine.dispose()
        database.write_bytes(b"this is no database" * 100)
        with pytest.raises(sa.exc.DatabaseError, match="not a database"):
            session.load()


def test_a_view_that_writes_in_the_first_request_is_told_so_as_in_every_other(
    make_site: MakeSite,
) -> None:
    table = _with_note_table(make_site())
    site = make_site(table=False)  # as another process of the same site

    @site.app.get("/")
    def view() -> str:
        _add_note(site.db, table)
        return _counter()

    with pytest.raises(DatabaseHeldError):
        site.client.get("/")
