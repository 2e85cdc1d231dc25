"""What the driver is given is what SQLAlchemy would give it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import mysql, postgresql, sqlite

from flask_dj_session.store import DjangoDateTime, Store
from flask_dj_session.store.comparing import comparison
from flask_dj_session.store.statements import Statement

from ..conftest import MakeSite
from ..databases import EVERY_DATABASE
from .conftest import store_of

NOW = datetime(2026, 11, 23, 12, 30, 15, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        (sqlite.dialect(), "2026-11-23 12:30:15"),
        (postgresql.dialect(), NOW),  # type: ignore[no-untyped-call]
        (mysql.dialect(), NOW.replace(tzinfo=None)),
    ],
    ids=["sqlite", "postgresql", "mysql"],
)
def test_a_date_is_given_as_the_column_takes_it(dialect: sa.Dialect, expected: object) -> None:
    date_type = DjangoDateTime(lambda: None)
    statement = Statement(
        sa.select(sa.bindparam("now", type_=date_type)), dates=("now",), date_type=date_type
    )
    parameters = statement.for_driver(dialect).parameters({"now": NOW})
    assert (parameters["now"] if isinstance(parameters, dict) else parameters[0]) == expected


def test_of_an_hour_that_comes_twice_postgresql_is_given_what_django_has_it_read() -> None:
    date_type = DjangoDateTime(lambda: ZoneInfo("America/Chicago"))
    give = date_type.for_driver(postgresql.dialect())  # type: ignore[no-untyped-call]
    hours = [datetime(2026, 11, 1, hour, 30, tzinfo=timezone.utc) for hour in (5, 6, 7, 8)]
    # Django gives the time on the wall without its zone, and PostgreSQL reads the later one.
    assert [give(hour).astimezone(timezone.utc).hour for hour in hours] == [5, 7, 7, 8]


def test_a_statement_is_compiled_once_for_each_dialect() -> None:
    date_type = DjangoDateTime(lambda: None)
    now = sa.bindparam("now", type_=date_type)
    statement = Statement(sa.select(now), dates=("now",), date_type=date_type)
    of_sqlite, of_mysql = sqlite.dialect(), mysql.dialect()
    first = statement.plain(of_sqlite)
    assert first is not None
    assert "?" in first.text
    assert statement.plain(of_sqlite) is statement.for_driver(of_sqlite) is first
    other = statement.plain(of_mysql)
    assert other is not None
    assert "%s" in other.text
    assert statement.for_driver(of_sqlite).dialect is of_sqlite


def test_a_statement_with_a_condition_is_made_once_for_each_kind_of_text(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_of(make_site())
    made: list[object] = []

    class Counted(Statement):
        def __init__(self, *given: Any, **options: Any) -> None:
            super().__init__(*given, **options)
            made.append(self)

    monkeypatch.setattr(f"{Store.__module__}.Statement", Counted)
    store.insert("12345678", "text", NOW)
    for before, after in (("text", "other"), ("other", "third")):
        assert store.replace("12345678", before, after, NOW)
    assert len(made) == 1


@pytest.mark.parametrize("dialect", [sqlite.dialect(), mysql.dialect()], ids=["sqlite", "mysql"])
def test_a_value_that_is_always_the_same_goes_with_the_others(dialect: sa.Dialect) -> None:
    key = sa.column("key", sa.String)
    statement = Statement(
        sa.select(key).where(key == sa.bindparam("wanted"), key != "look"),
        date_type=DjangoDateTime(lambda: None),
    )
    given = statement.for_driver(dialect).parameters({"wanted": "other"})
    assert (list(given.values()) if isinstance(given, dict) else [*given]) == ["other", "look"]


class _Given(sa.TypeDecorator[str]):
    """Makes something of the values that are sent."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str:
        return f"<{value}>"


class _Found(sa.TypeDecorator[str]):
    """Makes something of the values that come back."""

    impl = sa.Text
    cache_ok = True

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> str:
        return f"<{value}>"


@pytest.mark.parametrize(
    ("kind", "is_plain"), [(sa.Text(), True), (_Given(), False), (_Found(), False)], ids=repr
)
def test_a_type_that_converts_on_either_way_is_left_to_sqlalchemy(
    kind: sa.types.TypeEngine[Any], *, is_plain: bool
) -> None:
    date_type = DjangoDateTime(lambda: None)
    text = sa.column("text", kind)
    query = sa.select(text).where(text == sa.bindparam("wanted", type_=kind))
    statement = Statement(query, date_type=date_type, types=[kind])
    assert (statement.plain(sqlite.dialect()) is not None) == is_plain


def _run(store: Store) -> None:
    store.insert("12345678", "text", NOW)
    store.load("12345678", NOW)
    store.exists("12345678")
    store.update("12345678", "other", NOW)
    list(store.clear_expired(NOW + timedelta(hours=1), batch_size=1))
    store.delete("12345678")


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_watched_or_not_the_driver_is_given_the_same(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site()
    store = store_of(site)
    given: list[tuple[str, Any]] = []
    dialect = type(store.engine.app_engine.dialect)
    execute = dialect.do_execute

    def note(self: Any, cursor: Any, text: str, parameters: Any, context: Any = None) -> None:
        given.append((text, parameters))
        execute(self, cursor, text, parameters, context)

    monkeypatch.setattr(dialect, "do_execute", note)
    _run(store)
    unwatched = list(given)
    given.clear()
    event.listen(store.engine.app_engine, "before_cursor_execute", lambda *_: None)
    _run(store)
    # On SQLite clearing begins a transaction and commits it.
    assert len(unwatched) == (11 if store.engine.is_sqlite else 9)
    assert unwatched == given


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_many_keys_are_joined_at_once_on_postgresql(make_site: MakeSite) -> None:
    # With a parameter for each, PostgreSQL went on with a plan that took seconds.
    site = make_site()
    statements: list[str] = []
    with site.app.app_context():
        note = "before_cursor_execute"
        event.listen(site.db.engine, note, lambda *given: statements.append(given[2]))
    store = store_of(site)
    for number in (1, 500):
        keys = [f"key{one:029}" for one in range(number)]
        assert list(store.rows_of(keys)) == []
        assert store.delete_keys(keys) == 0
    assert len(statements) == 4
    assert statements[:2] == statements[2:]
    assert all("unnest" in statement for statement in statements)


@pytest.mark.parametrize(
    ("version", "length", "is_digest"),
    [
        ((16, 1), 4096, False),
        ((16, 1), 4097, True),
        ((11,), 4097, True),
        ((10, 9), 4097, False),
        (None, 4097, False),
    ],
)
def test_a_long_text_is_compared_with_by_its_digest(
    version: Any, length: int, is_digest: bool
) -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    if version is not None:
        dialect.server_version_info = version
    condition = comparison(dialect, "x" * length).condition(sa.column("session_data"))
    assert ("sha256" in str(condition)) == is_digest
