"""How the expired rows are found; what is removed stands in the store's contract."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from flask_dj_session.errors import DatabaseHeldError
from flask_dj_session.store import Store
from flask_dj_session.store.clearing import postgresql, sqlite, time_budget
from flask_dj_session.store.clearing.throttle import rows_of_next
from flask_dj_session.store.pragmas import pragma

from ..conftest import NOW, MakeSite, Site
from .conftest import store_of

_IN_MEMORY = {"SQLALCHEMY_DATABASE_URI": "sqlite://"}


def _fill(store: Store, expired: int) -> None:
    for number in range(expired):
        store.insert(f"expired-{number:03}", "text", NOW - timedelta(seconds=1 + number))


def _statements(site: Site) -> list[tuple[str, Any]]:
    seen: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, text: str, parameters: Any, *_: Any) -> None:
        seen.append((text, parameters))

    event.listen(site.sessions.store.engine.app_engine, "before_cursor_execute", note)
    return seen


@pytest.fixture
def short_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a stretch on SQLite be four rows long."""
    monkeypatch.setattr(sqlite, "STRETCH", 4)
    monkeypatch.setattr(sqlite, "SHORT_STRETCH", 4)


@pytest.mark.usefixtures("short_stretches")
@pytest.mark.parametrize("table", ["numbered", "WITHOUT ROWID"])
def test_no_statement_goes_through_the_whole_table(make_site: MakeSite, table: str) -> None:
    site = make_site()
    with site.app.app_context():
        store = site.sessions.store
        if table == "WITHOUT ROWID":
            _make_without_numbers(store)
        _fill(store, expired=9)
        statements = _statements(site)
        list(store.clear_expired(NOW, batch_size=2))
        assert sum("DELETE" in text for text, _ in statements) == 5
        for text, parameters in [one for one in statements if "expire_date" in one[0]]:
            with store.engine.connect() as connection:
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", parameters).all()
            details = [row.detail for row in plan]
            assert not [line for line in details if line.startswith("SCAN django_session")]
            searches = [line for line in details if line.startswith("SEARCH django_session")]
            assert searches
            assert all("(rowid=?)" in line or "(expire_date" in line for line in searches)


def _make_without_numbers(store: Store) -> None:
    with store.engine.connect() as connection:
        (made,) = connection.execute(
            sa.text("SELECT sql FROM sqlite_master WHERE name = 'django_session'")
        ).one()
        (index,) = connection.execute(
            sa.text("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql NOT NULL")
        ).one()
        connection.exec_driver_sql("DROP TABLE django_session")
        connection.exec_driver_sql(f"{made} WITHOUT ROWID")
        connection.exec_driver_sql(index)


@pytest.mark.parametrize(("journal_mode", "lists"), [("wal", 1), ("delete", 3)])
def test_longer_stretches_are_listed_where_writers_need_not_wait_for_that(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch, journal_mode: str, lists: int
) -> None:
    monkeypatch.setattr(sqlite, "STRETCH", 9)
    monkeypatch.setattr(sqlite, "SHORT_STRETCH", 2)
    site = make_site()
    with site.app.app_context():
        store = site.sessions.store
        with store.engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA journal_mode = {journal_mode}")
        _fill(store, expired=5)
        statements = _statements(site)
        assert sum(store.clear_expired(NOW, batch_size=1)) == 5
    assert sum("json_group_array" in text for text, _ in statements) == lists


@pytest.mark.usefixtures("short_stretches")
def test_each_stretch_is_removed_in_the_order_of_the_keys(make_site: MakeSite) -> None:
    store = store_of(make_site())
    for number, key in enumerate(["late", "d", "b", "a", "c"]):
        store.insert(f"{key}-expired", "text", NOW - timedelta(seconds=1 + number))
    batches = store.clear_expired(NOW, batch_size=2)
    left = [[row.session_key for row in _rows(store)] for _ in batches]
    assert left == [
        ["c-expired", "d-expired", "late-expired"],
        ["late-expired"],
        [],
    ]


def _rows(store: Store) -> list[Any]:
    return [row for page in store.pages(size=100) for row in page]


def test_a_number_that_has_become_another_rows_leads_to_nothing(make_site: MakeSite) -> None:
    store = store_of(make_site())
    _fill(store, expired=3)
    batches = store.clear_expired(NOW, batch_size=2)
    assert next(batches) == 2
    store.delete("expired-002")
    store.insert("new-session-on-old-number", "text", NOW + timedelta(days=1))
    assert sum(batches) == 0
    assert store.exists("new-session-on-old-number")


@pytest.mark.parametrize(
    ("rows", "seconds_of_a_row", "expected"),
    [
        pytest.param(1000, 0.000030, 1333, id="quick"),
        pytest.param(1000, 0.0, 2000, id="twice as many at the most"),
        pytest.param(8000, 0.000001, 10_000, id="never more than 10,000"),
        pytest.param(4000, 0.000025, 1600, id="slow"),
        pytest.param(1000, 0.002, 1000, id="never less than 1000"),
    ],
)
def test_a_batch_grows_where_the_database_is_quick(
    rows: int, seconds_of_a_row: float, expected: int
) -> None:
    assert rows_of_next(rows, seconds_of_a_row) == expected


def test_by_default_a_batch_has_a_thousand_rows_and_more_where_that_is_quick(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_of(make_site())
    rows = [
        {"key": f"{number:032}", "end": str(NOW.replace(tzinfo=None))} for number in range(3001)
    ]
    with store.engine.connect() as connection:
        connection.execute(sa.text("INSERT INTO django_session VALUES (:key, 'text', :end)"), rows)
    monkeypatch.setattr(time, "monotonic", lambda: 0.0)
    assert list(store.clear_expired(NOW + timedelta(seconds=1))) == [1000, 2001]


@pytest.mark.usefixtures("short_stretches")
def test_a_row_that_the_database_keeps_is_not_tried_for_ever(make_site: MakeSite) -> None:
    store = store_of(make_site())
    _fill(store, expired=5)
    _keep(store, "expired-004")
    assert list(store.clear_expired(NOW, batch_size=2)) == [2, 1, 1]
    assert [row.session_key for row in _rows(store)] == ["expired-004"]


@pytest.mark.slow
@pytest.mark.usefixtures("short_stretches")
@pytest.mark.parametrize("batch_size", [1, 2, 3, 5])
@pytest.mark.parametrize("config", [{}, _IN_MEMORY], ids=["by number", "by date"])
def test_rows_of_the_same_date_are_all_cleared_and_none_beside_them(
    make_site: MakeSite, config: dict[str, str], batch_size: int
) -> None:
    site = make_site(**config)
    with site.app.app_context():
        store = site.sessions.store
        _fill_with_ties(store)
        for number in range(3):
            store.insert(f"ends-now-{number}", "text", NOW)
        removed = list(store.clear_expired(NOW, batch_size=batch_size))
        assert sum(removed) == 15
        assert max(removed) <= batch_size
        assert [row.session_key[:9] for row in _rows(store)] == ["ends-now-"] * 3


def _fill_with_ties(store: Store) -> None:
    """Add 15 rows that expired at three dates, in another order than that of their keys."""
    for number in reversed(range(15)):
        store.insert(f"expired-{number:03}", "text", NOW - timedelta(seconds=1 + number // 6))


@pytest.mark.usefixtures("short_stretches")
@pytest.mark.parametrize("config", [{}, _IN_MEMORY], ids=["by number", "by date"])
def test_a_row_that_stays_among_those_of_its_date_is_tried_once(
    make_site: MakeSite, config: dict[str, str]
) -> None:
    site = make_site(**config)
    with site.app.app_context():
        store = site.sessions.store
        _fill_with_ties(store)
        tried: list[str] = []
        with store.engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            raw.create_function("tried", 1, tried.append)
        _on_delete_of(store, "expired-003", "tried(old.session_key); SELECT RAISE(IGNORE)")
        assert sum(store.clear_expired(NOW, batch_size=2)) == 14
        assert tried == ["expired-003"]


def _keep(store: Store, session_key: str) -> None:
    _on_delete_of(store, session_key, "RAISE(IGNORE)")


def _on_delete_of(store: Store, session_key: str, raised: str) -> None:
    with store.engine.connect() as connection:
        connection.execute(
            sa.text(
                "CREATE TRIGGER kept BEFORE DELETE ON django_session"
                f" WHEN old.session_key = '{session_key}' BEGIN SELECT {raised}; END"
            )
        )


def test_a_database_in_memory_is_cleared_by_date(make_site: MakeSite) -> None:
    site = make_site(SQLALCHEMY_DATABASE_URI="sqlite://")
    with site.app.app_context():
        _fill(site.sessions.store, expired=3)
        assert list(site.sessions.store.clear_expired(NOW, batch_size=2)) == [2, 1]


@pytest.mark.parametrize(
    ("database_url", "config"),
    [("sqlite", {}), ("sqlite", _IN_MEMORY), ("postgresql", {})],
    indirect=["database_url"],
    ids=["by number", "by date", "by place"],
)
def test_between_any_two_batches_there_is_the_pause_that_is_asked_for(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch, config: dict[str, str]
) -> None:
    monkeypatch.setattr(postgresql, "BLOCKS", 1)
    site = make_site(**config)
    with site.app.app_context():
        store = site.sessions.store
        is_by_place = not store.engine.is_sqlite
        for number in range(100 if is_by_place else 6):
            store.insert(f"expired-{number:03}", "text" * 100, NOW - timedelta(days=1))
        if is_by_place:
            _set_on_connections(store, enable_indexscan="off", enable_bitmapscan="off")
        rests: list[float] = []
        monkeypatch.setattr(time, "monotonic", lambda: 0.0)
        monkeypatch.setattr(time, "sleep", rests.append)
        size = None if is_by_place else 2
        batches = list(store.clear_expired(NOW, batch_size=size, pause=7.0))
    assert len(batches) > 2
    assert rests == [7.0] * (len(batches) - 1)


def test_an_sqlite_without_json_is_cleared_by_date(make_site: MakeSite) -> None:
    site = make_site(table=False)
    with site.app.app_context():
        event.listen(site.db.engine, "connect", _refuse_json)
        site.sessions.create_table()
        _fill(site.sessions.store, expired=3)
        batches = site.sessions.store.clear_expired(NOW, batch_size=2)
        assert next(batches) == 2
        # The oldest two, and not the two with the first keys.
        assert site.sessions.store.exists("expired-000")
        assert list(batches) == [1]


def _refuse_json(connection: sqlite3.Connection, record: object) -> None:
    def authorize(action: int, first: object, name: object, *_: object) -> int:
        is_json = action == sqlite3.SQLITE_FUNCTION and str(name).startswith("json")
        return sqlite3.SQLITE_DENY if is_json else sqlite3.SQLITE_OK

    connection.set_authorizer(authorize)


def test_a_batch_is_removed_whole_or_not_at_all(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_budget, "PIECE", 2)
    store = store_of(make_site())
    _fill(store, expired=5)
    _on_delete_of(store, "expired-003", "RAISE(ABORT, 'never that one')")
    with pytest.raises(sa.exc.IntegrityError, match="never that one"):
        list(store.clear_expired(NOW))
    assert len(_rows(store)) == 5
    _write_at_once(store)


def test_a_view_that_has_written_is_told_so_where_it_clears(make_site: MakeSite) -> None:
    site = make_site(options={"connect_args": {"timeout": 0.05}})
    with site.app.app_context():
        _fill(site.sessions.store, expired=3)
        site.db.session.execute(sa.text("UPDATE django_session SET session_data = 'other'"))
        with pytest.raises(DatabaseHeldError, match="this request"):
            site.sessions.clear_expired()
        site.db.session.rollback()
        assert len(_rows(site.sessions.store)) == 3


def test_nobody_else_writes_between_the_statements_of_a_batch(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_of(make_site())
    _fill(store, expired=3)
    refused: list[str] = []

    def write(connection: Any, cursor: Any, text: str, *_: Any) -> None:
        if text.startswith("DELETE"):
            with pytest.raises(sqlite3.OperationalError, match="database is locked") as caught:
                _write_at_once(store)
            refused.append(str(caught.value))

    event.listen(store.engine.app_engine, "before_cursor_execute", write)
    assert list(store.clear_expired(NOW)) == [3]
    assert len(refused) == 1


def test_a_batch_that_cannot_be_committed_is_undone(make_site: MakeSite) -> None:
    store = store_of(make_site(SQLALCHEMY_ENGINE_OPTIONS={"connect_args": {"timeout": 0}}))
    _fill(store, expired=5)
    path = str(store.engine.app_engine.url.database)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM django_session").fetchone()
        with pytest.raises(sa.exc.OperationalError, match="database is locked"):
            list(store.clear_expired(NOW))
    assert len(_rows(store)) == 5
    _write_at_once(store)


def test_a_transaction_that_sqlite_has_undone_is_not_undone_again(make_site: MakeSite) -> None:
    store = store_of(make_site())
    _fill(store, expired=5)
    _on_delete_of(store, "expired-003", "RAISE(ROLLBACK, 'all of it')")
    with pytest.raises(sa.exc.IntegrityError, match="all of it"):
        list(store.clear_expired(NOW))
    assert len(_rows(store)) == 5
    _write_at_once(store)


def test_a_batch_that_is_interrupted_is_undone(make_site: MakeSite) -> None:
    store = store_of(make_site())
    _fill(store, expired=5)

    def interrupt(connection: Any, cursor: Any, text: str, *_: Any) -> None:
        if text == "COMMIT":
            raise KeyboardInterrupt

    event.listen(store.engine.app_engine, "before_cursor_execute", interrupt)
    with pytest.raises(KeyboardInterrupt):
        list(store.clear_expired(NOW))
    assert len(_rows(store)) == 5
    _write_at_once(store)


@pytest.mark.parametrize("name", ["before_execute", "before_cursor_execute"])
def test_a_batch_that_the_app_refuses_is_undone(make_site: MakeSite, name: str) -> None:
    store = store_of(make_site())
    _fill(store, expired=5)

    def refuse(*told: Any) -> None:
        if any(str(each).startswith("DELETE") for each in told):
            raise sa.exc.InvalidRequestError("not now")

    engine = store.engine.app_engine
    event.listen(engine, name, refuse)
    with pytest.raises(sa.exc.InvalidRequestError, match="not now"):
        list(store.clear_expired(NOW))
    event.remove(engine, name, refuse)
    assert len(_rows(store)) == 5
    _write_at_once(store)


def _write_at_once(store: Store) -> None:
    """Write on another connection, which fails if a transaction was left open."""
    path = str(store.engine.app_engine.url.database)
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as other:
        other.execute("UPDATE django_session SET session_data = 'other'")


@pytest.fixture
def wal_store(make_site: MakeSite) -> Store:
    """Return a store on a database in WAL mode, with 20 expired rows that the log has not."""
    store = store_of(make_site())
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    _fill(store, expired=20)
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint")
    return store


def _rows_beside_the_log(store: Store, tmp_path: Path) -> int:
    """Count the rows that the database's own file has."""
    copy = shutil.copy(str(store.engine.app_engine.url.database), tmp_path / "copy.sqlite3")
    with closing(sqlite3.connect(copy)) as connection:
        number: int = connection.execute("SELECT count(*) FROM django_session").fetchone()[0]
    return number


def test_the_log_that_clearing_fills_is_emptied_after_each_batch(
    wal_store: Store, tmp_path: Path
) -> None:
    left = [
        _rows_beside_the_log(wal_store, tmp_path)
        for _ in wal_store.clear_expired(NOW, batch_size=10)
    ]
    assert left == [10, 0]


def test_the_log_is_not_emptied_by_a_commit_for_whose_end_others_wait(
    wal_store: Store, tmp_path: Path
) -> None:
    left: list[int] = []

    def note(connection: Any, cursor: Any, text: str, *_: Any) -> None:
        if text == "COMMIT":
            left.append(_rows_beside_the_log(wal_store, tmp_path))

    event.listen(wal_store.engine.app_engine, "after_cursor_execute", note)
    assert list(wal_store.clear_expired(NOW, batch_size=10)) == [10, 10]
    assert left == [20, 10]


def test_what_others_write_meanwhile_is_brought_over_too(wal_store: Store, tmp_path: Path) -> None:
    for _ in wal_store.clear_expired(NOW):
        wal_store.insert("a-visitor", "text", NOW + timedelta(days=1))
    assert _rows_beside_the_log(wal_store, tmp_path) == 1


def test_a_log_that_cannot_be_emptied_is_no_error(wal_store: Store, tmp_path: Path) -> None:
    def refuse(action: int, first: object, *_: object) -> int:
        is_refused = action == sqlite3.SQLITE_PRAGMA and first == "wal_checkpoint"
        return sqlite3.SQLITE_DENY if is_refused else sqlite3.SQLITE_OK

    engine = wal_store.engine.app_engine
    event.listen(engine, "connect", lambda one, _: one.set_authorizer(refuse))
    wal_store.engine.dispose()
    # The last connection that is closed empties the log, so another one stays open.
    with closing(sqlite3.connect(str(engine.url.database))) as other:
        other.execute("SELECT count(*) FROM django_session").fetchone()
        assert sum(wal_store.clear_expired(NOW, batch_size=5)) == 20
        assert _rows_beside_the_log(wal_store, tmp_path) == 20


def test_a_log_that_the_app_empties_by_itself_is_left_to_it(
    make_site: MakeSite, wal_store: Store, tmp_path: Path
) -> None:
    site = make_site(table=False)
    with site.app.app_context():
        event.listen(site.db.engine, "connect", _leave_the_log_alone)
        assert sum(site.sessions.store.clear_expired(NOW)) == 20
        assert _rows_beside_the_log(wal_store, tmp_path) == 20


def _leave_the_log_alone(connection: sqlite3.Connection, record: object) -> None:
    connection.execute("PRAGMA wal_autocheckpoint = 0")


def _driven(store: Store) -> list[str]:
    """Return a list that will have what SQLite is given on connections opened from now on."""
    seen: list[str] = []
    engine = store.engine.app_engine
    event.listen(engine, "connect", lambda one, _: one.set_trace_callback(seen.append))
    store.engine.dispose()
    return seen


def test_nobody_is_waited_for_to_begin_the_log_anew(wal_store: Store) -> None:
    statements = _driven(wal_store)
    path = str(wal_store.engine.app_engine.url.database)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM django_session").fetchone()
        assert sum(wal_store.clear_expired(NOW)) == 20
    settings = [text for text in statements if "busy_timeout =" in text or "RESTART" in text]
    tried = [number for number, text in enumerate(settings) if "RESTART" in text]
    assert tried
    assert {settings[number - 1] for number in tried} == {"PRAGMA busy_timeout = 0"}


def test_after_some_refusals_it_is_tried_for_a_while_to_begin_the_log_anew(
    wal_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: clock.append(clock.pop() + seconds))
    statements, tried = _driven(wal_store), []
    path = str(wal_store.engine.app_engine.url.database)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM django_session").fetchone()
        for _ in wal_store.clear_expired(NOW, batch_size=2):
            tried.append(_restarts(statements))
        tried.append(_restarts(statements))
    # At first the reader is in nobody's way: all that he reads is in the database.
    assert [number > 90 for number in tried] == [number in {5, 10} for number in range(11)]
    assert set(tried) - {tried[5], tried[10]} == {1}


def test_a_log_that_refuses_with_an_error_is_tried_no_more_often_than_a_busy_one(
    wal_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, restarts, tried = [1000.0], [0], []
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: clock.append(clock.pop() + seconds))

    def refuse(action: int, first: object, second: object, *_: object) -> int:
        if action != sqlite3.SQLITE_PRAGMA or first != "wal_checkpoint":
            return sqlite3.SQLITE_OK
        restarts.append(restarts.pop() + (second == "RESTART"))
        return sqlite3.SQLITE_DENY

    engine = wal_store.engine.app_engine
    event.listen(engine, "connect", lambda one, _: one.set_authorizer(refuse))
    wal_store.engine.dispose()
    for _ in wal_store.clear_expired(NOW, batch_size=2):
        tried.append(restarts[0])
        restarts[0] = 0
    # For a tenth of a second, a thousandth apart.
    assert [90 < number < 110 for number in tried] == [number in {4, 9} for number in range(10)]
    assert {number for number in tried if number <= 90} == {1}


def _restarts(statements: list[str]) -> int:
    number = sum("RESTART" in text for text in statements)
    statements.clear()
    return number


def test_the_log_begins_anew_with_each_batch(wal_store: Store) -> None:
    before = _beginnings(wal_store)
    for number, _ in enumerate(wal_store.clear_expired(NOW, batch_size=2)):
        wal_store.insert(f"visitor-{number:03}", "text", NOW + timedelta(days=1))
    wal_store.insert("one-more", "text", NOW + timedelta(days=1))
    # By the visitor each time, since the batch is in the database by then, and by the next batch.
    assert _beginnings(wal_store) - before == 10 + 10 + 1


def _beginnings(store: Store) -> int:
    """Return how many times the log was begun anew; it says so in its header."""
    log = Path(f"{store.engine.app_engine.url.database}-wal")
    return int.from_bytes(log.read_bytes()[12:16], "big")


@pytest.mark.parametrize("has_log", [False, True])
def test_who_has_waited_for_the_list_of_rows_has_his_turn_before_they_are_removed(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch, has_log: bool
) -> None:
    # Without a log, nobody can write while somebody reads.
    store = store_of(make_site())
    _fill(store, expired=5)
    clock, done = [1000.0], []

    def note(connection: Any, cursor: Any, text: str, *_: Any) -> None:
        if "json_group_array" in text or text.startswith("DELETE"):
            clock[0] += 0.02
            done.append("listed" if "json_group_array" in text else "removed")

    def sleep(seconds: float) -> None:
        clock[0] += seconds
        done.append(f"rested {seconds:.3f}")

    with store.engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA journal_mode = {'WAL' if has_log else 'DELETE'}")
    event.listen(store.engine.app_engine, "after_cursor_execute", note)
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(time, "sleep", sleep)
    assert list(store.clear_expired(NOW)) == [5]
    assert done == ["listed", *([] if has_log else ["rested 0.020"]), "removed"]


def test_so_does_who_has_waited_for_the_log_to_begin_anew(
    wal_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, done = [1000.0], []

    def note(text: str) -> None:
        if "RESTART" in text:
            clock[0] += 0.02
            done.append("begun anew")
        elif text.startswith("DELETE"):
            done.append("removed")

    def sleep(seconds: float) -> None:
        clock[0] += seconds
        done.append(f"rested {seconds:.3f}")

    engine = wal_store.engine.app_engine
    event.listen(engine, "connect", lambda one, _: one.set_trace_callback(note))
    wal_store.engine.dispose()
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(time, "sleep", sleep)
    assert list(wal_store.clear_expired(NOW)) == [20]
    assert done == ["begun anew", "rested 0.020", "removed", "begun anew"]


def test_a_connection_that_has_cleared_is_as_it_was(wal_store: Store) -> None:
    before = _settings(wal_store)
    list(wal_store.clear_expired(NOW))
    assert _settings(wal_store) == before == ["-2000", "1000", "5000"]


def test_a_cache_that_the_app_has_set_is_left_to_it(make_site: MakeSite) -> None:
    site = make_site()
    caches: list[int] = []

    def note(connection: Any, cursor: sqlite3.Cursor, text: str, *_: Any) -> None:
        if "DELETE" in text:
            caches.append(cursor.connection.execute("PRAGMA cache_size").fetchone()[0])

    with site.app.app_context():
        store = site.sessions.store
        event.listen(site.db.engine, "before_cursor_execute", note)
        _fill(store, expired=1)
        assert list(store.clear_expired(NOW)) == [1]
        store.engine.dispose()
        event.listen(site.db.engine, "connect", lambda one, _: one.execute("PRAGMA cache_size=500"))
        _fill(store, expired=1)
        assert list(store.clear_expired(NOW)) == [1]
    assert caches == [-32_000, 500]


def _settings(store: Store) -> list[str]:
    with store.engine.connect() as connection:
        names = ["cache_size", "wal_autocheckpoint", "busy_timeout"]
        return [pragma(connection, name) for name in names]


@pytest.fixture
def postgresql_store(make_site: MakeSite) -> Store:
    """Return a store on PostgreSQL, with 40 rows, half of them expired."""
    store = store_of(make_site())
    _fill(store, expired=20)
    for number in range(20):
        store.insert(f"live-{number:03}", "text", NOW + timedelta(days=1))
    return store


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_table_that_would_be_read_whole_is_cleared_block_by_block(
    postgresql_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "BLOCKS", 1)
    for number in range(200):
        postgresql_store.insert(f"long-{number:03}", "text" * 100, NOW - timedelta(days=1))
    _set_on_connections(postgresql_store, enable_indexscan="off", enable_bitmapscan="off")
    with postgresql_store.engine.connect() as connection:
        (blocks,) = connection.exec_driver_sql(
            "SELECT pg_relation_size('django_session') / current_setting('block_size')::int"
        ).one()
    batches = list(postgresql_store.clear_expired(NOW))
    assert len(batches) == blocks > 5
    assert sum(batches) == 220
    assert len(_rows(postgresql_store)) == 20


@contextmanager
def _schema(store: Store, name: str) -> Iterator[None]:
    """Give a database of PostgreSQL a schema with a table of sessions."""
    with store.engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
        connection.exec_driver_sql(f"CREATE TABLE {name}.django_session (LIKE django_session)")
        try:
            yield
        finally:
            connection.exec_driver_sql(f"DROP SCHEMA {name} CASCADE")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_table_that_the_engine_translates_to_is_cleared_whatever_is_said_of_another(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "BLOCKS", 1)
    store = store_of(make_site())  # which is empty, and would be read whole
    translated = {"execution_options": {"schema_translate_map": {None: "tenant"}}}
    tenants = store_of(make_site(table=False, options=translated))
    with _schema(store, "tenant"):
        for number in range(100):
            tenants.insert(f"long-{number:03}", "text" * 100, NOW - timedelta(days=1))
        assert sum(tenants.clear_expired(NOW)) == 100
        assert _rows(tenants) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("settings", "batch_size", "way"),
    [
        pytest.param({"enable_seqscan": "off"}, None, "by date", id="an index leads to them"),
        pytest.param(
            {"enable_indexscan": "off", "enable_bitmapscan": "off"}, None, "ctid", id="not"
        ),
        pytest.param(
            {"enable_indexscan": "off"}, 7, "by date", id="batches of a size are asked for"
        ),
    ],
)
def test_postgresql_says_which_way_is_taken(
    make_site: MakeSite,
    postgresql_store: Store,
    settings: dict[str, str],
    batch_size: int | None,
    way: str,
) -> None:
    _set_on_connections(postgresql_store, **settings)
    statements: list[str] = []
    engine = postgresql_store.engine.app_engine
    event.listen(engine, "before_cursor_execute", lambda *seen: statements.append(seen[2]))
    assert sum(postgresql_store.clear_expired(NOW, batch_size=batch_size)) == 20
    deletes = [text for text in statements if text.startswith("DELETE")]
    assert {"ctid" in text for text in deletes} == {way == "ctid"}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("version", "way"),
    [((13, 23), "by date"), ((14, 0), "ctid"), ((15,), "ctid"), (None, "by date")],
)
def test_places_lead_to_expired_rows_on_postgresql_14_and_later_ones(
    postgresql_store: Store,
    monkeypatch: pytest.MonkeyPatch,
    version: tuple[int, ...] | None,
    way: str,
) -> None:
    _set_on_connections(postgresql_store, enable_indexscan="off", enable_bitmapscan="off")
    statements: list[str] = []
    engine = postgresql_store.engine.app_engine
    event.listen(engine, "before_cursor_execute", lambda *seen: statements.append(seen[2]))
    monkeypatch.setattr(engine.dialect, "server_version_info", version)
    assert sum(postgresql_store.clear_expired(NOW)) == 20
    deletes = [text for text in statements if text.startswith("DELETE")]
    assert {"ctid" in text for text in deletes} == {way == "ctid"}


def _set_on_connections(store: Store, **settings: str) -> None:
    """Set what PostgreSQL may do on connections that are opened from now on."""

    def set_each(connection: Any, record: object) -> None:
        for name, value in settings.items():
            connection.execute(f"SET {name} = {value}")

    event.listen(store.engine.app_engine, "connect", set_each)
    store.engine.dispose()
