"""Which connections are used again after an error; tests/faults interrupts statements."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import request
from sqlalchemy.dialects.sqlite import pysqlite

from flask_dj_session.errors import DatabaseHeldError
from flask_dj_session.store import AutocommitEngine
from flask_dj_session.store.driver import interruption_behind, is_in_order_after, is_known

from ..conftest import NOW, MakeSite, Site
from ..databases import EVERY_DATABASE
from .conftest import store_of


class _SoftLimitError(Exception):
    """As a task queue's soft time limit: no error of the driver, and none that ends a program."""


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    """Return a site with one connection for its sessions, and a visitor's name in each session."""
    site = make_site(options={"pool_size": 1, "max_overflow": 0, "pool_timeout": 5})

    @site.app.get("/<name>")
    def enter(name: str) -> str:
        _session()["name"] = name
        return name

    site.app.add_url_rule("/", "name", lambda: str(_session().get("name")))
    return site


def _session() -> Any:
    return request.session  # type: ignore[attr-defined]


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_a_connection_that_is_interrupted_while_it_is_lent_is_not_lent_again(site: Site) -> None:
    anna = site.client
    anna.get("/anna")
    with site.app.app_context():
        engine = site.sessions.store.engine
        first: list[Any] = []
        with pytest.raises(_SoftLimitError):
            _interrupt_while_lent(engine, first, _SoftLimitError())
        with engine.connect() as connection:
            assert connection.connection.dbapi_connection not in first
    assert anna.get("/").text == "anna"


class _Mixed(sqlite3.Cursor):
    """Meets what is no answer of the database, if it is told to."""

    error: sqlite3.Error | None = None

    def execute(self, *given: Any) -> Any:
        error, _Mixed.error = _Mixed.error, None
        if error is not None:
            raise error
        return super().execute(*given)


class _MixedConnection(sqlite3.Connection):
    def cursor(self, factory: Any = _Mixed) -> Any:
        return super().cursor(factory)


@pytest.mark.parametrize(
    ("error", "is_kept"),
    [
        (sqlite3.OperationalError("database is locked"), True),
        (sqlite3.InterfaceError("out of step"), False),
        (sqlite3.InternalError("out of step"), False),
    ],
    ids=repr,
)
@pytest.mark.parametrize("does", ["exists", "delete"])
def test_only_with_an_answer_of_the_database_a_connection_is_used_again(
    make_site: MakeSite, does: str, error: sqlite3.Error, is_kept: bool
) -> None:
    options = {"connect_args": {"factory": _MixedConnection}, "pool_size": 1, "max_overflow": 0}
    site = make_site(options=options)
    with site.app.app_context():
        store = site.sessions.store
        store.exists("a" * 32)
        with store.engine.connect() as connection:
            first = connection.connection.dbapi_connection
        _Mixed.error = error
        with pytest.raises(sa.exc.DBAPIError):
            getattr(store, does)("a" * 32)
        assert _Mixed.error is None
        with store.engine.connect() as connection:
            assert (connection.connection.dbapi_connection is first) is is_kept


@pytest.mark.parametrize(
    ("error", "is_kept"),
    [
        (sa.exc.InvalidRequestError("not now"), True),
        (DatabaseHeldError("django_session"), True),
        (_SoftLimitError(), False),
    ],
    ids=repr,
)
def test_a_connection_is_kept_where_the_database_was_not_asked(
    site: Site, error: Exception, is_kept: bool
) -> None:
    with site.app.app_context():
        engine = site.sessions.store.engine
        first: list[Any] = []
        with pytest.raises(type(error)):
            _interrupt_while_lent(engine, first, error)
        with engine.connect() as connection:
            assert (connection.connection.dbapi_connection in first) is is_kept


def _interrupt_while_lent(engine: AutocommitEngine, lent: list[Any], error: Exception) -> None:
    with engine.connect() as connection:
        lent.append(connection.connection.dbapi_connection)
        raise error


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_a_refused_statement_costs_no_connection(site: Site) -> None:
    site.client.get("/anna")
    with site.app.app_context():
        (row,) = site.rows()
        store = site.sessions.store
        with store.engine.connect() as connection:
            first: Any = connection.connection.dbapi_connection
        with pytest.raises(Exception, match="taken"):
            store.insert(row.session_key, "", row.expire_date)
        with store.engine.connect() as connection:
            assert connection.connection.dbapi_connection is first


class _Somebodys(pysqlite.dialect):
    """A dialect that is not SQLAlchemy's own."""


@pytest.mark.parametrize(
    ("dialect", "is_one"),
    [
        (sa.make_url("sqlite://").get_dialect(), True),
        (sa.make_url("postgresql+psycopg2://").get_dialect(), True),
        (sa.make_url("mysql+pymysql://").get_dialect(), True),
        (sa.make_url("postgresql+asyncpg://").get_dialect(), False),
        (sa.make_url("sqlite+pysqlcipher://").get_dialect(), False),
        (_Somebodys, False),
    ],
)
def test_statements_go_straight_to_drivers_that_this_was_tried_with(
    dialect: type[sa.Dialect], is_one: bool
) -> None:
    assert is_known(dialect()) is is_one


class _StuckCursor(sqlite3.Cursor):
    """Cannot be closed once a statement has failed."""

    has_failed = False

    def execute(self, *statement: Any) -> _StuckCursor:
        try:
            super().execute(*statement)
        except sqlite3.Error:
            self.has_failed = True
            raise
        return self

    def close(self) -> None:
        if self.has_failed:
            raise sqlite3.OperationalError("stuck")
        super().close()


class _Stuck(sqlite3.Connection):
    def cursor(self, *_: Any) -> Any:
        return super().cursor(_StuckCursor)


def test_a_connection_whose_cursor_cannot_be_closed_is_not_used_again(make_site: MakeSite) -> None:
    site = make_site(options={"connect_args": {"factory": _Stuck}})
    site.client.get("/")
    with site.app.app_context():
        store = site.sessions.store
        store.insert("12345678", "", NOW)
        with store.engine.connect() as connection:
            first: Any = connection.connection.dbapi_connection
        with pytest.raises(Exception, match="taken"):
            store.insert("12345678", "", NOW)
        with store.engine.connect() as connection:
            assert connection.connection.dbapi_connection is not first


class _Interrupted:
    """Lets an error happen to statements, and notes which connections are asked to roll back."""

    def __init__(self, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
        self.error, self.rollbacks = error, list[Any]()
        self._monkeypatch = monkeypatch

    def count(self, site: Site) -> None:
        """Let a statement be interrupted."""
        dialect = site.db.engine.dialect
        with self._monkeypatch.context() as patch:
            for name in ("do_execute", "do_execute_no_params"):
                patch.setattr(dialect, name, self._happen)
            patch.setattr(dialect, "do_rollback", self.rollbacks.append)
            with pytest.raises((_SoftLimitError, sa.exc.OperationalError)):
                site.sessions.store.count()

    def _happen(self, *_: object) -> None:
        raise self.error


@pytest.mark.parametrize(
    ("error", "is_asked"), [(_SoftLimitError(), False), (sqlite3.OperationalError("disk"), True)]
)
def test_nothing_is_asked_amid_an_answer(
    site: Site, error: Exception, is_asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted = _Interrupted(error, monkeypatch)
    with site.app.app_context():
        interrupted.count(site)
    assert bool(interrupted.rollbacks) is is_asked


def test_an_interruption_ends_no_other_connection(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site(options={"pool_size": 2, "max_overflow": 0})
    with site.app.app_context():
        before = _both_connections(site)
        _Interrupted(_SoftLimitError(), monkeypatch).count(site)
        assert len(before & _both_connections(site)) == 1


def _both_connections(site: Site) -> set[Any]:
    engine = site.sessions.store.engine
    with engine.connect() as one, engine.connect() as other:
        return {one.connection.dbapi_connection, other.connection.dbapi_connection}


def test_an_interrupted_read_locks_nothing_for_as_long_as_its_error_is_kept(
    site: Site, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with site.app.app_context():
        store, dialect = site.sessions.store, site.db.engine.dialect
        store.insert("12345678", "text", NOW + timedelta(days=1))
        execute = dialect.do_execute

        def interrupt(cursor: Any, *given: Any) -> None:
            execute(cursor, *given)
            raise _SoftLimitError

        with monkeypatch.context() as patch:
            patch.setattr(dialect, "do_execute", interrupt)
            with pytest.raises(_SoftLimitError) as caught:
                store.load("12345678", NOW)
    with closing(sqlite3.connect(database, isolation_level=None, timeout=0)) as other:
        other.execute("DELETE FROM django_session").close()
    assert caught.value.__traceback__ is not None  # which has the cursor


class _DriversError(Exception):
    sqlstate: str | None = None


@pytest.mark.parametrize(
    ("kind", "sqlstate", "is_in_order"),
    [
        (sa.exc.IntegrityError, None, True),
        (sa.exc.OperationalError, None, True),
        (sa.exc.InternalError, None, False),
        (sa.exc.InternalError, "25006", True),
        (sa.exc.InterfaceError, None, False),
        (sa.exc.DatabaseError, None, False),
    ],
)
def test_a_connection_is_in_order_after_an_answer_of_the_database(
    kind: type[sa.exc.DBAPIError], sqlstate: str | None, is_in_order: bool
) -> None:
    original = _DriversError()
    original.sqlstate = sqlstate
    assert is_in_order_after(kind("SELECT", None, original)) is is_in_order
    assert not is_in_order_after(kind("SELECT", None, original, connection_invalidated=True))


def _error_during(first: BaseException | None) -> sa.exc.DBAPIError:
    """Return SQLAlchemy's error for one of the driver's that was raised while *first* was."""
    orig = sqlite3.OperationalError("cannot rollback")
    orig.__context__ = first
    return sa.exc.OperationalError("ROLLBACK", None, orig)


@pytest.mark.parametrize("kind", [_SoftLimitError, KeyboardInterrupt, ValueError])
def test_an_interruption_is_found_behind_the_error_that_has_taken_its_place(
    kind: type[BaseException],
) -> None:
    first = kind()
    error = _error_during(first)
    assert interruption_behind(error, handled=None) is first
    assert not is_in_order_after(error)
    # What was being handled before has interrupted nothing.
    assert interruption_behind(error, handled=first) is error
    assert is_in_order_after(error, handled=first)


def test_an_interruption_ends_the_lending_and_not_the_error_in_its_place(site: Site) -> None:
    error = _error_during(_SoftLimitError())
    with site.app.app_context():
        engine = site.sessions.store.engine
        with pytest.raises(_SoftLimitError) as raised, engine.connect():
            raise error
        assert raised.value.__cause__ is error
        other = _error_during(None)
        with pytest.raises(sa.exc.OperationalError) as passed, engine.connect():
            raise other
        assert (passed.value, passed.value.__cause__) == (other, None)


@pytest.mark.parametrize(
    "first",
    [None, sqlite3.IntegrityError("its own"), sa.exc.InvalidRequestError("SQLAlchemy's")],
    ids=str,
)
def test_an_error_of_the_drivers_own_has_no_interruption_behind_it(
    first: BaseException | None,
) -> None:
    error = _error_during(first)
    assert interruption_behind(error, handled=None) is error
    assert is_in_order_after(error)


def test_an_error_of_the_system_is_the_drivers_own_reason() -> None:
    error = _error_during(ConnectionResetError())
    assert interruption_behind(error, handled=None) is error
    assert not is_in_order_after(error)


class _Pg8000Error(Exception):
    """As pg8000's, which keeps the code of the database among what it was told."""


def test_an_error_with_a_code_of_the_databases_is_an_answer_of_pg8000s_too() -> None:
    answered, broken = (
        sa.exc.DBAPIError("SELECT 1", None, _Pg8000Error(told))
        for told in ({"S": "ERROR", "C": "57014"}, "network error")
    )
    assert is_in_order_after(answered)
    assert not is_in_order_after(broken)


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_an_answer_that_comes_while_another_error_is_handled_costs_no_connection(
    site: Site,
) -> None:
    with site.app.app_context():
        engine = site.sessions.store.engine
        with engine.connect() as connection:
            first = connection.connection.dbapi_connection
        try:
            raise ValueError("the app's own")
        except ValueError:
            with pytest.raises(sa.exc.DBAPIError), engine.connect() as connection:
                connection.exec_driver_sql("SELECT * FROM missing")
        with engine.connect() as connection:
            assert connection.connection.dbapi_connection is first


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_an_error_that_ends_the_lending_of_a_connection_tells_no_values(site: Site) -> None:
    statement = sa.text("SELECT * FROM missing WHERE session_key = :key")
    engine = site.sessions.store.engine
    with (
        site.app.app_context(),
        pytest.raises(sa.exc.DBAPIError, match="missing") as caught,
        engine.connect() as connection,
    ):
        connection.execute(statement, {"key": "mine-alone"})
    assert "mine-alone" not in str(caught.value)


class _UncountedCursor(sqlite3.Cursor):
    @property
    def rowcount(self) -> int:
        return -1


class _Uncounted(sqlite3.Connection):
    """A connection whose driver cannot count, as PEP 249 allows."""

    def cursor(self, *_: Any) -> Any:
        return super().cursor(_UncountedCursor)


def test_where_the_driver_cannot_count_the_row_is_asked_whether_it_was_changed(
    make_site: MakeSite,
) -> None:
    store = store_of(make_site(options={"connect_args": {"factory": _Uncounted}}))
    store.insert("12345678", "text", NOW)
    assert not store.replace("12345678", "other", "new", NOW)
    assert store.replace("12345678", "text", "new", NOW)
    assert not store.replace("87654321", "text", "new", NOW)
    assert store.delete("12345678")
