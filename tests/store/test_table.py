"""The table is Django's, to the letter of the DDL."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import (
    DeclarativeBase,
    DeclarativeBaseNoMeta,
    Mapped,
    mapped_column,
)

from flask_dj_session import AbstractSession, DjangoSessions
from flask_dj_session.store import ddl
from flask_dj_session.store.table import indexes_of

from ..conftest import NOW, MakeSite, Site
from ..databases import EVERY_SERVER, backend_of
from ..live_django import LiveDjango, on_database


def _ddl(database: Path) -> list[str]:
    connection = sqlite3.connect(database)
    rows = connection.execute(
        "SELECT sql FROM sqlite_master WHERE tbl_name = 'django_session' AND sql IS NOT NULL"
        " ORDER BY sql"
    ).fetchall()
    connection.close()
    return [sql for (sql,) in rows]


def _columns(database: Path) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(database)
    rows = connection.execute("PRAGMA table_info(django_session)").fetchall()
    connection.close()
    return rows


def _differences(site: Site) -> list[Any]:
    with site.app.app_context(), site.db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_name": lambda name, kind, parents: _is_ours(name, kind)}
        )
        return list(compare_metadata(context, site.db.metadata))


def _is_ours(name: str | None, kind: str) -> bool:
    return kind != "table" or name == "django_session"


def test_create_table_writes_the_very_ddl_of_djangos_migration(
    make_site: MakeSite, django: LiveDjango, tmp_path: Path
) -> None:
    own = tmp_path / "own.sqlite3"
    make_site(SQLALCHEMY_DATABASE_URI=f"sqlite:///{own}")
    assert _ddl(own) == _ddl(django.database)


def test_create_all_makes_the_same_columns(
    make_site: MakeSite, django: LiveDjango, tmp_path: Path
) -> None:
    own = tmp_path / "own.sqlite3"
    site = make_site(table=False, SQLALCHEMY_DATABASE_URI=f"sqlite:///{own}")
    with site.app.app_context():
        site.db.create_all()
    assert _columns(own) == _columns(django.database)


def test_create_table_says_nothing_where_django_made_it(
    make_site: MakeSite, django: LiveDjango
) -> None:
    before = _ddl(django.database)
    make_site(table=True)
    assert _ddl(django.database) == before


def test_no_table_appears_by_itself(make_site: MakeSite, database: Path) -> None:
    site = make_site(table=False)
    site.app.add_url_rule("/", view_func=lambda: "untouched")
    assert site.client.get("/").text == "untouched"
    assert not database.exists() or _ddl(database) == []


def test_autogenerate_finds_no_difference_on_a_database_that_django_made(
    make_site: MakeSite, django: LiveDjango
) -> None:
    assert _differences(make_site(table=False)) == []


def test_autogenerate_finds_the_table_where_it_is_missing(make_site: MakeSite) -> None:
    differences = _differences(make_site(table=False))
    assert [difference[0] for difference in differences] == ["add_table", "add_index"]


@pytest.mark.parametrize(
    "golden",
    sorted(Path(__file__).parent.parent.glob("golden/*.sqlite3")),
    ids=lambda path: path.stem,
)
def test_tables_of_older_djangos_are_read_and_written_as_they_are(
    golden: Path, make_site: MakeSite, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.sqlite3"
    copy.write_bytes(golden.read_bytes())
    before = _ddl(copy)
    site = make_site(SQLALCHEMY_DATABASE_URI=f"sqlite:///{copy}")
    with site.app.app_context():
        session = site.sessions.session()
        session["a"] = 1
        session.save()
        assert site.sessions.session(session.session_key)["a"] == 1
    assert _ddl(copy) == before


class _Base(DeclarativeBase):
    pass


class _BaseNoMeta(DeclarativeBaseNoMeta):
    pass


@pytest.mark.parametrize("base", [None, _Base, _BaseNoMeta])
def test_the_model_can_be_mapped_on_every_kind_of_base(base: Any, database: Path) -> None:
    app = Flask("tests")
    app.config.update(SECRET_KEY="x", SQLALCHEMY_DATABASE_URI=f"sqlite:///{database}")
    db = SQLAlchemy(app, **({"model_class": base} if base else {}))
    sessions = DjangoSessions(app, db)
    with app.app_context():
        db.create_all()
        session = sessions.session()
        session["a"] = 1
        session.save()
        row = db.session.scalars(db.select(sessions.model)).one()
        assert (row.session_key, row.get_decoded()) == (session.session_key, {"a": 1})
        assert str(row) == row.session_key
        assert row.session_key not in repr(row)
        db.session.remove()
        db.engine.dispose()


def test_an_app_adds_columns_of_its_own(database: Path) -> None:
    app = Flask("tests")
    app.config.update(SECRET_KEY="x", SQLALCHEMY_DATABASE_URI=f"sqlite:///{database}")
    db = SQLAlchemy(app)

    class AccountSession(AbstractSession, db.Model):  # type: ignore[name-defined, misc]
        __tablename__ = "account_session"
        account_id: Mapped[int | None] = mapped_column(index=True)

    sessions = DjangoSessions(app, db, model=AccountSession)
    assert sessions.model is AccountSession
    with app.app_context():
        sessions.create_table()
        sessions.store.insert("12345678", "text", NOW, account_id=42)
        row = db.session.scalars(db.select(AccountSession)).one()
        assert row.account_id == 42
        db.session.remove()
        db.engine.dispose()
    columns = list(AccountSession.__table__.columns.keys())
    assert columns == ["session_key", "session_data", "expire_date", "account_id"]


_COLUMNS_OF_POSTGRESQL = """
    SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute
    WHERE attrelid = 'django_session'::regclass AND attnum > 0 ORDER BY attnum
"""
_INDEXES_OF_POSTGRESQL = """
    SELECT indexdef FROM pg_indexes WHERE tablename = 'django_session' ORDER BY indexname
"""
_CONSTRAINTS_OF_POSTGRESQL = """
    SELECT conname, contype::text FROM pg_constraint
    WHERE conrelid = 'django_session'::regclass ORDER BY conname
"""
_CATALOG = {
    "postgresql": [_COLUMNS_OF_POSTGRESQL, _INDEXES_OF_POSTGRESQL, _CONSTRAINTS_OF_POSTGRESQL],
    "mysql": ["SHOW CREATE TABLE django_session"],
}


def _catalog(url: sa.URL) -> list[Any]:
    """List columns, keys and indexes of the table as the server knows them."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return [connection.exec_driver_sql(query).all() for query in _CATALOG[backend_of(url)]]


@pytest.mark.parametrize("how", ["create_table", "create_all"])
@pytest.mark.parametrize("database_url", EVERY_SERVER, indirect=True)
def test_on_a_server_the_table_is_what_djangos_migrate_makes(
    make_site: MakeSite, database_url: sa.URL, how: str
) -> None:
    site = make_site(table=how == "create_table")
    with site.app.app_context():
        site.db.create_all()
    ours = _catalog(database_url)
    with site.app.app_context():
        site.db.drop_all()
    with on_database(database_url) as live:
        live.migrate()
        assert ours == _catalog(database_url)


@pytest.mark.parametrize("database_url", EVERY_SERVER, indirect=True)
def test_autogenerate_finds_no_difference_on_a_server_that_django_migrated(
    make_site: MakeSite, django: LiveDjango
) -> None:
    assert _differences(make_site(table=False)) == []


# With 42 characters a name has 63, the most that there may be; with "_like" it has so with 37.
@pytest.mark.parametrize("length", [14, 20, 21, 22, 28, 29, 30, 36, 37, 38, 41, 42, 43, 60, 63])
def test_indexes_of_a_table_with_any_name_are_called_as_in_django(length: int) -> None:
    name = ("a_table_of_another_name_" * 3)[:length]
    # The editor asks the connection for this alone, and PostgreSQL's answer is 63.
    on_postgresql = SimpleNamespace(ops=SimpleNamespace(max_name_length=lambda: 63))
    editor = BaseDatabaseSchemaEditor.__new__(BaseDatabaseSchemaEditor)
    editor.connection = on_postgresql
    theirs = [
        editor._create_index_name(name, ["expire_date"]),
        editor._create_index_name(name, ["session_key"], suffix="_like"),
    ]
    assert [index.name for index in indexes_of(name)] == theirs


def test_indexes_have_their_names_where_md5_is_not_for_security(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names, md5 = [index.name for index in indexes_of("django_session")], hashlib.md5

    def as_in_fips_mode(data: bytes, *, usedforsecurity: bool = True) -> Any:
        if usedforsecurity:
            raise ValueError("disabled for FIPS")
        return md5(data, usedforsecurity=False)

    monkeypatch.setattr(hashlib, "md5", as_in_fips_mode)
    assert [index.name for index in indexes_of("django_session")] == names


def test_sqlalchemy_compiles_a_statement_with_dates_once(make_site: MakeSite) -> None:
    site = make_site()
    with site.app.app_context():
        columns = site.sessions.store.table.c
    live = sa.select(columns.session_key).where(columns.expire_date > NOW)
    assert live._generate_cache_key() is not None


def test_a_table_that_another_process_makes_at_the_same_time_is_no_error(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site()
    answers = [False]  # as it was a moment ago
    found = ddl.has_table
    monkeypatch.setattr(
        ddl, "has_table", lambda *table: answers.pop() if answers else found(*table)
    )
    with site.app.app_context():
        assert not site.sessions.store.create_table()
    assert answers == []


def test_sqlite_has_the_names_of_a_models_types_as_django_writes_them(make_site: MakeSite) -> None:
    site = make_site(table=False)
    with site.app.app_context(), site.db.engine.begin() as connection:
        model: Any = site.sessions.model
        model.__table__.create(connection)
        # Not PRAGMA table_info, which writes "text" in capitals whatever was written.
        query = "SELECT sql FROM sqlite_master WHERE name = 'django_session'"
        written = connection.exec_driver_sql(query).scalar_one()
    for column in ("session_key varchar(40)", "session_data text", "expire_date datetime"):
        assert f"{column} NOT NULL" in written.replace('"', "")
