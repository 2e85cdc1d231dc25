"""Connections of the sessions' own: what SQLAlchemy's Connection would do is done on them, too."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.orm import Mapped, mapped_column

from flask_dj_session import AbstractSession, DjangoSession, DjangoSessions
from flask_dj_session.store import Store

from ..conftest import MakeSite, Site
from ..databases import EVERY_DATABASE, EVERY_SERVER
from ..live_django import SECRET_KEY


def _count() -> str:
    session: Any = request.session  # type: ignore[attr-defined]
    session["n"] = session.get("n", 0) + 1
    return str(session["n"])


def counts(site: Site, times: int = 3) -> list[str]:
    """Return what a new visitor is told at each of some visits."""
    if "_count" not in site.app.view_functions:
        site.app.add_url_rule("/", view_func=_count)
    client = site.client
    return [client.get("/").text for _ in range(times)]


def stored(site: Site, table: str = "django_session") -> int:
    """Count the rows of a table, on a connection of nobody's."""
    with site.app.app_context():
        engine = sa.create_engine(site.db.engine.url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return int(connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one())


# Listeners


@pytest.fixture
def _unheard_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put back what SQLAlchemy leaves on a class when its last listener goes."""
    for kind in (sa.Engine, sa.Connection):
        monkeypatch.setattr(kind, "_has_events", False, raising=False)


@pytest.mark.usefixtures("_unheard_afterwards")
def test_what_listens_to_the_class_engine_hears_the_app_after_the_first_session(
    make_site: MakeSite,
) -> None:
    site = make_site()
    assert counts(site) == ["1", "2", "3"]
    heard: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        heard.append(statement.split()[0])

    event.listen(sa.Engine, "before_cursor_execute", hear)
    try:
        with site.app.app_context():
            site.db.session.execute(sa.text("SELECT 1"))
        assert heard == ["SELECT"]
        counts(site, 1)
        assert heard == ["SELECT", "INSERT"]
    finally:
        event.remove(sa.Engine, "before_cursor_execute", hear)


@pytest.mark.usefixtures("_unheard_afterwards")
def test_what_listens_to_the_class_connection_hears_the_sessions(make_site: MakeSite) -> None:
    site = make_site()
    counts(site)
    heard: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        heard.append(statement.split()[0])

    event.listen(sa.Connection, "before_cursor_execute", hear)
    try:
        with site.app.app_context():
            site.db.session.execute(sa.text("ANALYZE"))
        is_heard = heard == ["ANALYZE"]  # since SQLAlchemy 2.1
        counts(site, 2)
    finally:
        event.remove(sa.Connection, "before_cursor_execute", hear)
    assert heard[1:] == (["INSERT", "SELECT", "UPDATE"] if is_heard else [])


def test_a_connect_listener_that_the_app_adds_later_is_heard_on_new_connections(
    make_site: MakeSite,
) -> None:
    site = make_site(options={"pool_size": 1, "max_overflow": 0})
    counts(site)
    seen: list[Any] = []
    with site.app.app_context():
        event.listen(site.db.engine, "connect", lambda connection, _: seen.append(connection))
        site.db.engine.dispose()
        with site.sessions.store.engine.connect() as connection:
            assert connection.connection.dbapi_connection in seen


def test_each_connect_listener_is_heard_once_on_a_connection_beside_the_first(
    make_site: MakeSite,
) -> None:
    site = make_site(table=False)
    heard: list[tuple[str, Any]] = []
    with site.app.app_context():
        event.listen(site.db.engine, "connect", lambda raw, _: heard.append(("before", raw)))
        site.sessions.create_table()
        engine = site.sessions.store.engine
        with engine.connect():
            event.listen(site.db.engine, "connect", lambda raw, _: heard.append(("later", raw)))
            heard.clear()
            with engine.connect() as connection:
                raw = connection.connection.dbapi_connection
    assert heard == [("before", raw), ("later", raw)]


# Options of the app's engine


@pytest.mark.parametrize("database_url", EVERY_SERVER, indirect=True)
@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE", "AUTOCOMMIT"])
def test_each_statement_is_committed_whatever_the_isolation_of_the_apps_engine(
    make_site: MakeSite, level: str
) -> None:
    site = make_site(options={"execution_options": {"isolation_level": level}})
    assert counts(site) == ["1", "2", "3"]
    assert stored(site) == 1


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
@pytest.mark.parametrize("name", ["engine_connect", "checkout"])
def test_what_undoes_autocommit_on_a_connection_that_is_checked_out_is_undone_itself(
    make_site: MakeSite, name: str
) -> None:
    site = make_site(table=False)
    with site.app.app_context():
        engine, dialect = site.db.engine, site.db.engine.dialect
        if name == "engine_connect":
            event.listen(
                engine,
                name,
                lambda connection: connection.execution_options(isolation_level="SERIALIZABLE"),
            )
        else:
            event.listen(
                engine, name, lambda raw, *_: dialect.set_isolation_level(raw, "SERIALIZABLE")
            )
        site.sessions.create_table()
    assert counts(site) == ["1", "2", "3"]
    assert stored(site) == 1


@contextmanager
def _schemas(site: Site, *names: str) -> Iterator[None]:
    """Give a PostgreSQL database schemas, each with a table of sessions."""
    with site.app.app_context():
        engine = sa.create_engine(site.db.engine.url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for name in names:
            connection.execute(sa.text(f"CREATE SCHEMA {name}"))
            connection.execute(
                sa.text(f"CREATE TABLE {name}.django_session (LIKE django_session INCLUDING ALL)")
            )
    yield
    with engine.begin() as connection:
        for name in names:
            connection.execute(sa.text(f"DROP SCHEMA {name} CASCADE"))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_tenants_in_two_schemas_share_no_session(make_site: MakeSite) -> None:
    with _schemas(make_site(), "tenant1", "tenant2"):
        sites = [
            make_site(
                table=False,
                options={"execution_options": {"schema_translate_map": {None: tenant}}},
            )
            for tenant in ("tenant1", "tenant2")
        ]
        assert [counts(site) for site in sites] == [["1", "2", "3"]] * 2
        assert stored(sites[0]) == 0
        assert stored(sites[0], "tenant1.django_session") == 1
        counts(sites[1], 1)
        assert stored(sites[0], "tenant2.django_session") == 2
        with sites[1].app.app_context():
            assert sites[1].sessions.store.count() == 2
            assert sites[1].sessions.store.delete_all() == 2
        assert stored(sites[0], "tenant1.django_session") == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_options_that_the_engine_is_given_later_count_from_then_on(make_site: MakeSite) -> None:
    site = make_site()
    counts(site)
    with _schemas(site, "tenant3"):
        with site.app.app_context():
            site.db.engine.update_execution_options(schema_translate_map={None: "tenant3"})
        counts(site)
        assert stored(site, "tenant3.django_session") == 1
        with site.app.app_context():
            site.db.engine.dispose()


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_a_translation_of_schemas_is_heeded_in_clearing(
    make_site: MakeSite, database_url: sa.URL
) -> None:
    site = make_site(options={"execution_options": {"schema_translate_map": {"other": "third"}}})
    with site.app.app_context():
        store = site.sessions.store
        store.insert("12345678", "", datetime(2020, 1, 1, tzinfo=timezone.utc))
        assert site.sessions.clear_expired() == 1


# Connections that are lost


def _two_kept(site: Site) -> list[sqlite3.Connection]:
    """Return two connections that are at hand for the next statements."""
    opened: list[sqlite3.Connection] = []
    event.listen(site.db.engine, "connect", lambda raw, _: opened.append(raw))
    site.db.engine.dispose()
    store = site.sessions.store
    assert not store.exists("12345678")
    meanwhile = [lambda: store.exists("12345678")]
    opened[0].set_trace_callback(lambda _: meanwhile and meanwhile.pop()())
    assert not store.exists("12345678")
    assert len(opened) == 2
    return opened


_ASKS: dict[str, Callable[[Store], object]] = {
    "reading": lambda store: store.exists("12345678"),
    "writing": lambda store: store.delete("12345678"),
    "counting": lambda store: store.count(),
}


@pytest.mark.parametrize("ask", _ASKS.values(), ids=_ASKS)
def test_two_connections_that_are_lost_cost_one_error(
    make_site: MakeSite, ask: Callable[[Store], object]
) -> None:
    site = make_site()
    with site.app.app_context():
        for connection in _two_kept(site):
            connection.close()
        # SQLAlchemy takes that for what it is on SQLite: nobody is there any more.
        with pytest.raises(sa.exc.ProgrammingError, match="closed database") as caught:
            ask(site.sessions.store)
        assert caught.value.connection_invalidated
        for each in _ASKS.values():
            assert not each(site.sessions.store)


def test_connections_at_hand_are_closed_with_the_apps_engine(make_site: MakeSite) -> None:
    site = make_site()
    with site.app.app_context():
        opened = _two_kept(site)
        site.db.engine.dispose()
        for connection in opened:
            with pytest.raises(sqlite3.ProgrammingError, match="closed"):
                connection.execute("SELECT 1")


# Columns of the app's own


class _Columns:
    scalar: Mapped[str] = mapped_column(sa.String(10), default="made")
    called: Mapped[str] = mapped_column(sa.String(32), default=lambda: uuid.uuid4().hex)
    changed: Mapped[int] = mapped_column(default=0, onupdate=lambda context: 1)
    by_sql: Mapped[int] = mapped_column(default=sa.text("7"), onupdate=sa.text("8"))
    by_server: Mapped[int] = mapped_column(server_default="9")


def _site_with(columns: Any, database_url: sa.URL) -> tuple[Site, Any]:
    """Return an app whose sessions have these columns, too, and the mapped class."""
    app = Flask("tests.columns")
    app.config.update(SECRET_KEY=SECRET_KEY, SQLALCHEMY_DATABASE_URI=database_url)
    db = SQLAlchemy(app)

    class Visit(AbstractSession, columns, db.Model):  # type: ignore[name-defined,misc]
        __tablename__ = "visit"

    return Site(app, db, DjangoSessions(app, db, model=Visit)), Visit


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_columns_with_values_of_their_own_are_filled_as_sqlalchemy_fills_them(
    database_url: sa.URL,
) -> None:
    site, model = _site_with(_Columns, database_url)
    db = site.db
    with site.app.app_context():
        db.create_all()
        assert counts(site) == ["1", "2", "3"]
        row = db.session.scalars(db.select(model)).one()
        assert (row.scalar, row.changed, row.by_sql, row.by_server) == ("made", 1, 8, 9)
        assert uuid.UUID(row.called).version == 4
        db.session.remove()
        db.engine.dispose()


class _WithDefault:
    own: Mapped[str] = mapped_column(sa.String(10), default="made")


class _WithOnUpdate:
    own: Mapped[str] = mapped_column(sa.String(10), server_default="new", onupdate="changed")


@pytest.mark.parametrize(
    ("columns", "values"),
    [(_WithDefault, ["made", "made"]), (_WithOnUpdate, ["new", "changed"])],
    ids=["default", "onupdate"],
)
def test_a_column_with_one_of_both_is_filled_so_too(
    database_url: sa.URL, columns: Any, values: list[str]
) -> None:
    site, model = _site_with(columns, database_url)
    db = site.db
    with site.app.app_context():
        db.create_all()
        session = site.sessions.session()
        seen = []
        for number in range(2):
            session["n"] = number
            session.save()
            seen.append(db.session.scalars(db.select(model)).one().own)
            db.session.remove()
        assert seen == values
        db.engine.dispose()


class _Reversed(sa.types.TypeDecorator[str]):
    """Stands for a type of the app's own, as one that encrypts."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return value and value[::-1]

    process_result_value = process_bind_param


def test_a_type_of_the_apps_own_makes_its_values_to_and_fro(database_url: sa.URL) -> None:
    app = Flask("tests.types")
    app.config.update(SECRET_KEY=SECRET_KEY, SQLALCHEMY_DATABASE_URI=database_url)
    db = SQLAlchemy(app)

    class Visit(AbstractSession, db.Model):  # type: ignore[name-defined,misc]
        __tablename__ = "visit"
        session_data = mapped_column(_Reversed())  # type: ignore[assignment]

    site = Site(app, db, DjangoSessions(app, db, model=Visit))
    with app.app_context():
        db.create_all()
        assert counts(site) == ["1", "2", "3"]
        text = db.session.execute(sa.text("SELECT session_data FROM visit")).scalar_one()
        assert site.sessions.session().decode(text[::-1]) == {"n": 3}
        db.session.remove()
        db.engine.dispose()


# Other modules for SQLite


class _OtherModule:
    """The module sqlite3 under other classes, as sqlcipher3 and pysqlite3 have them."""

    def __init__(self) -> None:
        import sqlite3

        self._module = sqlite3
        self.Error = type("Error", (Exception,), {})
        self.OperationalError = type("OperationalError", (self.Error,), {})

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def test_a_lock_is_told_by_what_the_driver_says_not_by_its_class() -> None:
    from flask_dj_session.store.sqlite import is_locked

    module = _OtherModule()
    said = module.OperationalError("database is locked")
    assert is_locked(sa.exc.OperationalError("UPDATE", None, said))
    assert not is_locked(sa.exc.OperationalError("UPDATE", None, module.OperationalError("other")))


def test_a_dialect_of_somebody_elses_goes_the_way_through_sqlalchemy(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from sqlalchemy.dialects import registry
    from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

    executed: list[Any] = []

    class Noting(SQLiteDialect_pysqlite):
        supports_statement_cache = True

        def do_execute(
            self, cursor: Any, statement: str, parameters: Any, context: Any = None
        ) -> None:
            executed.append(context)
            super().do_execute(cursor, statement, parameters, context)  # type: ignore[no-untyped-call]

    monkeypatch.setitem(globals(), "Noting", Noting)
    registry.register("sqlite.noting", __name__, "Noting")
    site = make_site(SQLALCHEMY_DATABASE_URI=f"sqlite+noting:///{tmp_path / 'noting.sqlite3'}")
    executed.clear()
    assert counts(site) == ["1", "2", "3"]
    assert len(executed) == 5
    assert None not in executed


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
@pytest.mark.parametrize("column", ["missing", "unique"])
def test_a_column_that_refuses_a_row_is_an_error_and_no_taken_key(
    database_url: sa.URL, column: str
) -> None:
    app = Flask("tests.refusing")
    app.config.update(SECRET_KEY=SECRET_KEY, SQLALCHEMY_DATABASE_URI=database_url)
    db = SQLAlchemy(app)

    class Visit(AbstractSession, db.Model):  # type: ignore[name-defined,misc]
        __tablename__ = "visit"
        refusing: Mapped[int] = mapped_column(
            unique=True, server_default="1" if column == "unique" else None
        )

    class FillsNothing(DjangoSession):
        def extra_columns(self, data: Mapping[str, Any]) -> dict[str, Any]:
            return {}

    sessions = DjangoSessions(app, db, model=Visit, session_class=FillsNothing)
    with app.app_context():
        db.create_all()
        if column == "unique":
            sessions.session().save()
        # Of which class, the drivers do not agree.
        with pytest.raises(sa.exc.DatabaseError, match="refusing"):
            sessions.session().save()
        assert sessions.store.count() == (1 if column == "unique" else 0)
        db.session.remove()
        db.engine.dispose()


# What a statement costs, counted


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_an_error_that_leaves_a_connection_in_order_does_not_end_it(make_site: MakeSite) -> None:
    site = make_site()
    raws: list[int] = []
    with site.app.app_context():
        engine = site.sessions.store.engine

        def ask() -> None:
            with engine.connect() as connection:
                raws.append(id(connection.connection.dbapi_connection))
                connection.execute(sa.text("SELECT no_such_column FROM django_session"))

        for _ in range(3):
            with pytest.raises(sa.exc.DBAPIError):
                ask()
    assert len(set(raws)) == 1


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_many_requests_open_one_connection_and_check_it_out_once(make_site: MakeSite) -> None:
    site = make_site(table=False)
    opened: list[Any] = []
    with site.app.app_context():
        event.listen(site.db.engine, "connect", lambda *_: opened.append("connect"))
        site.sessions.create_table()
        site.db.engine.dispose()
    opened.clear()
    counts(site, 20)
    assert len(opened) == 1
    checked_out: list[Any] = []
    with site.app.app_context(), site.sessions.store.engine.connect() as connection:
        event.listen(connection.engine.pool, "checkout", lambda *_: checked_out.append(1))
    counts(site, 20)
    assert len(checked_out) == 1


def test_a_statement_is_compiled_once(make_site: MakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    site = make_site()
    counts(site)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("compiled again")

    monkeypatch.setattr(sa.sql.ClauseElement, "compile", refuse)
    assert counts(site) == ["1", "2", "3"]
