"""An error of the database tells the reason, and nothing of the row: it ends in the app's log."""

from __future__ import annotations

import sqlite3
import traceback
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from flask_dj_session.errors import CreateError
from flask_dj_session.store import Store
from flask_dj_session.store.redaction import redact
from flask_dj_session.store.statements import Statement

from ..conftest import NOW, MakeSite
from ..databases import EVERY_DATABASE, EVERY_SERVER, backend_of
from .conftest import store_of

every_database = pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)

KEY, DATA = "secretkeyofthevisitor", "secretdata"
END = NOW + timedelta(days=1)


# Where the log wants to see the statements, they do not go straight to the driver.
@pytest.fixture(params=[False, True], ids=["straight", "through SQLAlchemy"])
def table(request: pytest.FixtureRequest, make_site: MakeSite) -> Callable[..., Store]:
    """Return what makes Django's table with more columns and conditions than the app knows."""

    def make(data: str = "text NOT NULL", more: str = "") -> Store:
        site = make_site(SQLALCHEMY_ECHO=request.param)
        with site.app.app_context(), site.db.engine.begin() as connection:
            is_postgresql = backend_of(connection.engine.url) == "postgresql"
            date = "timestamp with time zone" if is_postgresql else "datetime"
            connection.exec_driver_sql("DROP TABLE django_session")
            connection.exec_driver_sql(
                f"CREATE TABLE django_session (session_key varchar(40) PRIMARY KEY,"
                f" session_data {data}, expire_date {date} NOT NULL{more})"
            )
        return store_of(site)

    return make


def _told(error: pytest.ExceptionInfo[BaseException]) -> str:
    return "".join(traceback.format_exception(error.value)) + repr(error.value)


def _assert_is_told(error: pytest.ExceptionInfo[BaseException], *reasons: str) -> None:
    told = _told(error)
    assert any(reason in told for reason in reasons)
    assert KEY not in told
    assert DATA not in told


@every_database
def test_a_column_of_the_app_s_own_that_may_not_be_null_is_named_and_the_row_is_not(
    table: Callable[..., Store],
) -> None:
    store = table(more=", tenant varchar(20) NOT NULL")
    with pytest.raises(sa.exc.DBAPIError) as error:
        store.insert(KEY, DATA, END)
    _assert_is_told(error, "tenant")


@every_database
def test_a_condition_that_a_row_does_not_meet_is_named_and_the_row_is_not(
    table: Callable[..., Store],
) -> None:
    store = table(more=f", CONSTRAINT plan CHECK (session_data <> '{DATA}')")
    store.insert(KEY, "free", END)
    with pytest.raises(sa.exc.DBAPIError) as error:
        store.update(KEY, DATA, END)
    _assert_is_told(error, "plan")


@every_database
def test_a_value_that_must_be_the_only_one_is_not_told(table: Callable[..., Store]) -> None:
    store = table(data="varchar(99) UNIQUE")
    store.insert("another", DATA, END)
    with pytest.raises(sa.exc.IntegrityError) as error:
        store.insert(KEY, DATA, END)
    _assert_is_told(error, "session_data")


@every_database
def test_a_key_that_is_taken_is_not_told(table: Callable[..., Store]) -> None:
    store = table()
    store.insert(KEY, DATA, END)
    with pytest.raises(CreateError) as error:
        store.insert(KEY, DATA, END)
    _assert_is_told(error, "django_session", "PRIMARY")


@every_database
def test_a_value_of_the_wrong_type_is_not_told(
    table: Callable[..., Store], database_url: sa.URL
) -> None:
    check = ", CHECK (typeof(session_data) = 'integer')"
    store = table(data="integer", more=check if database_url.drivername == "sqlite" else "")
    with pytest.raises(sa.exc.DBAPIError) as error:
        store.insert(KEY, DATA, END)
    _assert_is_told(error, "integer", "smallint")


@pytest.mark.parametrize("database_url", EVERY_SERVER, indirect=True)
def test_what_is_written_on_a_connection_that_was_lent_is_not_told(
    table: Callable[..., Store],
) -> None:
    store = table(more=", tenant varchar(20) NOT NULL")
    core = sa.insert(store.table).values(session_key=KEY, session_data=DATA, expire_date=END)
    with store.engine.connect() as connection, pytest.raises(sa.exc.DBAPIError) as error:
        store.engine.write_on(connection, core, {}, table=store.table.name)
    _assert_is_told(error, "tenant")


@every_database
def test_an_error_keeps_its_class_and_its_code(
    table: Callable[..., Store], database_url: sa.URL
) -> None:
    store = table(more=", tenant varchar(20) NOT NULL")
    with pytest.raises(sa.exc.DBAPIError) as error:
        store.insert(KEY, DATA, END)
    orig = error.value.orig
    assert isinstance(orig, store.engine.app_engine.dialect.loaded_dbapi.Error)
    codes = ("sqlstate", "pgcode", "sqlite_errorname", "args")
    told = " ".join(str(getattr(orig, name, "")) for name in codes)
    assert any(code in told for code in ("23502", "1364", "HY000", "NOT NULL"))
    if backend_of(database_url) == "mysql":  # which has it as a number
        assert 1364 in (getattr(orig, "errno", None), *orig.args)


_QUESTIONS: dict[str, Callable[[Store], object]] = {
    "load": lambda store: store.load(KEY, NOW),
    "row": lambda store: store.row(KEY),
    "page": lambda store: store.page(size=9, above=KEY),
    "starting_with": lambda store: store.starting_with(KEY),
    "delete_keys": lambda store: store.delete_keys([KEY]),
}


# With psycopg the database is told the type of a key, and quotes none; with psycopg2 it does.
@pytest.mark.parametrize(
    "database_url", [name for name in EVERY_SERVER if name.startswith("postgresql")], indirect=True
)
@pytest.mark.parametrize("ask", _QUESTIONS.values(), ids=_QUESTIONS)
def test_a_key_that_a_column_cannot_be_compared_with_is_not_told(
    table: Callable[..., Store], ask: Callable[[Store], object]
) -> None:
    store = table()
    with store.engine.begin(table="django_session") as connection:
        connection.exec_driver_sql(
            "ALTER TABLE django_session ALTER COLUMN session_key TYPE integer USING 1"
        )
    with pytest.raises(sa.exc.DBAPIError) as error:
        ask(store)
    _assert_is_told(error, "integer")


@pytest.mark.parametrize(
    "database_url", [name for name in EVERY_SERVER if name.startswith("postgresql")], indirect=True
)
def test_what_a_query_for_one_row_was_given_is_not_told(make_site: MakeSite) -> None:
    query = sa.select(sa.cast(sa.literal(KEY), sa.Integer))
    store = store_of(make_site())
    with pytest.raises(sa.exc.DBAPIError) as error:
        store.engine.read(Statement(query), {})
    _assert_is_told(error, "integer")


def test_an_error_of_the_app_s_own_behind_it_stays_as_it_is() -> None:
    orig = sqlite3.OperationalError(f'cannot read: "{DATA}"')
    orig.__context__ = ValueError(f'the app read: "{DATA}"')
    error = sa.exc.OperationalError("SELECT", None, orig)
    redact(error)
    assert DATA not in str(orig)
    assert str(orig.__context__) == f'the app read: "{DATA}"'


@pytest.mark.parametrize("link", ["__cause__", "__context__"])
def test_an_error_of_the_drivers_behind_it_tells_no_more(link: str) -> None:
    orig, behind = sqlite3.OperationalError("refused"), sqlite3.DataError(f'no number: "{DATA}"')
    setattr(orig, link, behind)
    redact(sa.exc.OperationalError("SELECT", None, orig))
    assert str(behind) == "no number: ***"


class _ErrorOfMySQLsOwnDriver(sqlite3.OperationalError):
    """Keeps what it prints beside its arguments."""

    def __init__(self, told: str) -> None:
        super().__init__(1062, told, "23000")
        self.errno, self.msg = 1062, told

    def __str__(self) -> str:
        return f"{self.errno}: {self.msg}"


def test_an_error_that_keeps_what_it_prints_beside_its_arguments_tells_no_more() -> None:
    orig = _ErrorOfMySQLsOwnDriver(f"Duplicate entry '{KEY}' for key 'PRIMARY'")
    error = sa.exc.IntegrityError("INSERT", None, orig)
    redact(error)
    assert str(orig) == "1062: Duplicate entry *** for key 'PRIMARY'"
    assert KEY not in str(error)


def test_what_a_statement_was_given_is_not_told() -> None:
    error = sa.exc.OperationalError("SELECT 1", {"key": KEY}, sqlite3.OperationalError("locked"))
    assert KEY in str(error)
    redact(error)
    assert KEY not in str(error)
    assert "SELECT 1" in str(error)
