"""Which connections are used again after an error; tests/faults interrupts statements."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
import sqlalchemy as sa
from flask import request

from flask_dj_session.store import AutocommitEngine
from flask_dj_session.store.driver import interruption_behind, is_in_order_after

from ..conftest import NOW, MakeSite, Site
from ..databases import EVERY_DATABASE


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
            _interrupt_while_lent(engine, first)
        with engine.connect() as connection:
            assert connection.connection.dbapi_connection not in first
    assert anna.get("/").text == "anna"


def _interrupt_while_lent(engine: AutocommitEngine, lent: list[Any]) -> None:
    with engine.connect() as connection:
        lent.append(connection.connection.dbapi_connection)
        raise _SoftLimitError


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
