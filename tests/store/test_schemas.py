"""The table is made, looked for and described where the statements on it go."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from django.db import connections
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.orm import mapped_column

from flask_dj_session import AbstractSession, DjangoSessions
from flask_dj_session.store import expected_facts, found_facts

from ..conftest import MakeSite, Site
from ..databases import EVERY_DATABASE, EVERY_SERVER, text_of
from ..live_django import SECRET_KEY, on_database

on_every_server = pytest.mark.parametrize("database_url", EVERY_SERVER, indirect=True)

TENANT = "tenant of a test"
DDL_OF_DJANGO = [
    'CREATE INDEX "django_session_expire_date_a5c62663" ON "django_session" ("expire_date")',
    (
        'CREATE TABLE "django_session" ("session_key" varchar(40) NOT NULL PRIMARY KEY,'
        ' "session_data" text NOT NULL, "expire_date" datetime NOT NULL)'
    ),
]


def _translating(**schemas: str | None) -> dict[str, Any]:
    translated = {None if name == "default" else name: to for name, to in schemas.items()}
    options = {"execution_options": {"schema_translate_map": translated}}
    return {"SQLALCHEMY_ENGINE_OPTIONS": options}


# On a server


@pytest.fixture
def tenant(database_url: sa.URL) -> Iterator[str]:
    """Return the name of an empty schema beside the default one."""
    engine = sa.create_engine(database_url, poolclass=sa.NullPool)
    name = engine.dialect.identifier_preparer.quote_identifier(TENANT)
    cascade = " CASCADE" if engine.name == "postgresql" else ""
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {name}{cascade}")
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
    yield TENANT
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA {name}{cascade}")


def _tables(site: Site, schema: str | None = None) -> set[str]:
    with site.app.app_context():
        return set(sa.inspect(site.db.engine).get_table_names(schema=schema))


@on_every_server
def test_the_table_is_made_in_the_schema_that_the_engine_translates_to(
    make_site: MakeSite, tenant: str
) -> None:
    site = make_site(**_translating(default=tenant))
    assert (_tables(site), _tables(site, tenant)) == (set(), {"django_session"})


@on_every_server
def test_a_table_in_the_default_schema_is_not_the_tenants(make_site: MakeSite, tenant: str) -> None:
    make_site()
    site = make_site(table=False, **_translating(default=tenant))
    with site.app.app_context():
        store = site.sessions.store
        assert found_facts(store.engine, store.table) is None
        assert store.create_table() is True
        assert store.create_table() is False
        found = found_facts(store.engine, store.table)
        assert found is not None
        expected = expected_facts(store.engine, store.table)
        assert (found.columns, found.has_like_index) == (expected.columns, expected.has_like_index)
        assert all(TENANT in statement for statement in expected.create_index.values())


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_an_index_on_the_key_and_more_counts_as_one_on_the_key(make_site: MakeSite) -> None:
    site = make_site()
    with site.app.app_context():
        store = site.sessions.store
        with site.db.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("DROP INDEX django_session_session_key_c0390e0f_like")
            connection.exec_driver_sql(
                "CREATE INDEX with_date ON django_session (session_key, expire_date)"
            )
        found = found_facts(store.engine, store.table)
    assert found is not None
    assert found.has_like_index


@on_every_server
def test_django_in_that_schema_finds_the_migration_recorded(
    make_site: MakeSite, tenant: str, database_url: sa.URL
) -> None:
    site = make_site(table=False, **_translating(default=tenant))
    with site.app.app_context():
        site.sessions.create_table(record_migration=True)
    assert _tables(site) == set()
    with on_database(_in_schema(database_url, tenant)) as live:
        live.migrate()
        store = live.store()
        store.save()
        assert live.store().exists(store.session_key)
        connections["default"].close()


def _in_schema(url: sa.URL, schema: str) -> sa.URL:
    if url.get_backend_name() == "postgresql":
        escaped = schema.replace(" ", "\\ ")
        return url.update_query_dict({"options": f'-c search_path="{escaped}"'})
    return url.set(database=schema)


# On SQLite


def _ddl(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    query = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY sql"
    rows = connection.execute(query).fetchall()
    connection.close()
    return [sql for (sql,) in rows]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Return the path of a database that every connection attaches as ``shop``."""
    return tmp_path / "shop.sqlite3"


@contextmanager
def _site(
    url: sa.URL, db: SQLAlchemy, *, shop: Path | None = None, model: Any = None, **config: Any
) -> Iterator[Site]:
    app = Flask("tests.schemas")
    app.config.update(SECRET_KEY=SECRET_KEY, SQLALCHEMY_DATABASE_URI=text_of(url), **config)
    db.init_app(app)
    with app.app_context():
        if shop is not None:
            attach = f"ATTACH '{shop}' AS shop"
            event.listen(db.engine, "connect", lambda raw, _: raw.execute(attach))
        yield Site(app, db, DjangoSessions(app, db, model=model))
        db.session.remove()
        db.engine.dispose()


def _in_shop() -> SQLAlchemy:
    return SQLAlchemy(metadata=sa.MetaData(schema="shop"))


def test_a_schema_may_be_translated_to_none(database: Path, database_url: sa.URL) -> None:
    with _site(database_url, _in_shop(), **_translating(shop=None)) as site:
        store = site.sessions.store
        assert store.create_table() is True
        assert store.create_table() is False
        assert found_facts(store.engine, store.table) is not None
    assert _ddl(database) == DDL_OF_DJANGO


def test_the_table_of_an_attached_database_is_made_there_to_the_letter(
    database: Path, database_url: sa.URL, shop: Path
) -> None:
    with _site(database_url, _in_shop(), shop=shop) as site:
        store = site.sessions.store
        assert store.create_table() is True
        assert store.create_table() is False
        assert found_facts(store.engine, store.table) == replace(
            expected_facts(store.engine, store.table), create_index={}
        )
        site.sessions.session().save()
        assert len(site.rows()) == 1
    assert (_ddl(database), _ddl(shop)) == ([], DDL_OF_DJANGO)


def test_the_migration_is_recorded_beside_the_table(
    database: Path, database_url: sa.URL, shop: Path
) -> None:
    with _site(database_url, _in_shop(), shop=shop) as site:
        site.sessions.create_table(record_migration=True)
    assert _ddl(database) == []
    with on_database(sa.make_url(f"sqlite:///{shop}")) as live:
        live.migrate()
        live.store().save()


def test_a_table_of_the_apps_own_is_made_in_an_attached_database(
    database: Path, database_url: sa.URL, shop: Path
) -> None:
    db = _in_shop()

    class Visit(AbstractSession, db.Model):  # type: ignore[name-defined, misc]
        account_id = mapped_column(sa.Integer, nullable=True)

    with _site(database_url, db, shop=shop, model=Visit) as site:
        site.sessions.create_table()
        site.sessions.session().save()
    assert (len(_ddl(database)), len(_ddl(shop))) == (0, 2)


def test_a_table_that_is_found_in_an_attached_database_is_not_hidden_by_a_new_one(
    database: Path, database_url: sa.URL, shop: Path
) -> None:
    with on_database(sa.make_url(f"sqlite:///{shop}")) as live:
        live.migrate()
        theirs = live.store()
        theirs["a"] = 1
        theirs.save()
    with _site(database_url, SQLAlchemy(), shop=shop) as site:
        store = site.sessions.store
        assert store.create_table() is False
        assert found_facts(store.engine, store.table) is not None
        assert site.sessions.session(theirs.session_key)["a"] == 1
    assert not database.exists() or _ddl(database) == []


def test_of_two_tables_of_one_name_the_one_that_statements_take_is_described(
    database_url: sa.URL, shop: Path
) -> None:
    other = sqlite3.connect(shop)
    other.execute("CREATE TABLE django_session (session_key text, other text)")
    other.close()
    with _site(database_url, SQLAlchemy(), shop=shop) as site:
        store = site.sessions.store
        with site.db.engine.begin() as connection:
            connection.exec_driver_sql(DDL_OF_DJANGO[1])
        facts = found_facts(store.engine, store.table)
        assert facts is not None
        assert list(facts.columns) == ["session_key", "session_data", "expire_date"]
