"""What Alembic finds: nothing on a database that Django made, whatever says which one it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import connections
from django.db.models import CharField
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import Mapped, mapped_column

from flask_dj_session import AbstractSession, DjangoSessions

from ..databases import EVERY_DATABASE, fresh_database, text_of
from ..live_django import LiveDjango, on_database
from .conftest import MakeApp

every_database = pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

LIKE = "django_session_session_key_c0390e0f_like"


def _differences(context: MigrationContext, db: SQLAlchemy, bind_key: str | None = None) -> Any:
    found = compare_metadata(context, db.metadatas[bind_key])
    return [one for one in found if "django_migrations" not in repr(one)]


def _compared(db: SQLAlchemy, bind_key: str | None = None) -> Any:
    with db.engines[bind_key].connect() as connection:
        return _differences(MigrationContext.configure(connection), db, bind_key)


def _by_uri(url: str) -> tuple[SQLAlchemy, dict[str, Any]]:
    return SQLAlchemy(), {"SQLALCHEMY_DATABASE_URI": url}


def _by_engine_options(url: str) -> tuple[SQLAlchemy, dict[str, Any]]:
    options = {"SQLALCHEMY_ENGINE_OPTIONS": {"url": url}}
    return SQLAlchemy(), {"SQLALCHEMY_DATABASE_URI": None, **options}


def _by_bind(url: str) -> tuple[SQLAlchemy, dict[str, Any]]:
    return SQLAlchemy(), {"SQLALCHEMY_DATABASE_URI": None, "SQLALCHEMY_BINDS": {None: url}}


def _by_bind_with_options(url: str) -> tuple[SQLAlchemy, dict[str, Any]]:
    binds = {None: {"url": sa.make_url(url), "pool_pre_ping": True}}
    return SQLAlchemy(), {"SQLALCHEMY_DATABASE_URI": None, "SQLALCHEMY_BINDS": binds}


def _by_argument(url: str) -> tuple[SQLAlchemy, dict[str, Any]]:
    return SQLAlchemy(engine_options={"url": url}), {"SQLALCHEMY_DATABASE_URI": None}


WAYS = [_by_uri, _by_engine_options, _by_bind, _by_bind_with_options, _by_argument]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__.strip("_"))
@every_database
def test_nothing_is_found_where_django_made_the_table(
    way: Callable[[str], tuple[SQLAlchemy, dict[str, Any]]], make_app: MakeApp, django: LiveDjango
) -> None:
    db, config = way(text_of(django.url))
    app = make_app(db, **config)
    DjangoSessions(app, db)
    with app.app_context():
        assert _compared(db) == []


@every_database
def test_nothing_is_found_with_a_naming_convention(make_app: MakeApp, django: LiveDjango) -> None:
    convention = {"ix": "ix_%(constraint_name)s", "pk": "pk_%(table_name)s"}
    db = SQLAlchemy(metadata=sa.MetaData(naming_convention=convention))
    app = make_app(db)
    DjangoSessions(app, db)
    with app.app_context():
        assert _compared(db) == []


@pytest.fixture
def both(make_app: MakeApp, django: LiveDjango, tmp_path: Path) -> Iterator[dict[str, Flask]]:
    """Return two apps of one ``db``, on PostgreSQL and on SQLite; Django made both tables."""
    db = SQLAlchemy()
    sessions = DjangoSessions(db=db)
    with fresh_database("sqlite", tmp_path) as url:
        with on_database(url) as live:
            live.migrate()
        apps = {
            "postgresql": make_app(db),
            "sqlite": make_app(db, SQLALCHEMY_DATABASE_URI=text_of(url)),
        }
        for app in apps.values():
            sessions.init_app(app)
        yield apps


@on_postgresql
def test_of_two_apps_on_one_object_each_has_its_own_indexes(both: dict[str, Flask]) -> None:
    for kind in ("postgresql", "sqlite", "postgresql"):
        with both[kind].app_context():
            assert _compared(both[kind].extensions["sqlalchemy"]) == [], kind


@on_postgresql
def test_create_all_makes_the_index_on_postgresql_only(both: dict[str, Flask]) -> None:
    for kind, app in both.items():
        db = app.extensions["sqlalchemy"]
        with app.app_context():
            db.drop_all()
            db.create_all()
            names = {index["name"] for index in sa.inspect(db.engine).get_indexes("django_session")}
            assert (LIKE in names) is (kind == "postgresql")


def _in_an_environment(connection: sa.Connection, db: SQLAlchemy, folder: Path) -> Any:
    """Compare as an ``env.py`` does that knows of no app."""
    found: list[Any] = []

    def compare(revision: object, context: MigrationContext) -> list[Any]:
        found.extend(_differences(context, db))
        return []

    script = ScriptDirectory(str(folder))
    with EnvironmentContext(Config(), script, fn=compare) as environment:
        environment.configure(connection, target_metadata=db.metadata)
        environment.run_migrations()
    return found


@on_postgresql
def test_an_environment_of_alembics_own_needs_no_app(
    both: dict[str, Flask], tmp_path: Path
) -> None:
    for app in both.values():
        db = app.extensions["sqlalchemy"]
        with app.app_context():
            engine = db.engine
        with engine.connect() as connection:
            assert _in_an_environment(connection, db, tmp_path) == []


@on_postgresql
def test_an_environment_counts_for_more_than_the_app(
    both: dict[str, Flask], tmp_path: Path
) -> None:
    with both["sqlite"].app_context():
        of_sqlite = both["sqlite"].extensions["sqlalchemy"].engine
    with both["postgresql"].app_context(), of_sqlite.connect() as connection:
        db = both["postgresql"].extensions["sqlalchemy"]
        assert _in_an_environment(connection, db, tmp_path) == []


@on_postgresql
def test_the_database_of_a_bind_is_what_counts(make_app: MakeApp, django: LiveDjango) -> None:
    db = SQLAlchemy()
    binds = {"django": text_of(django.url)}
    app = make_app(db, SQLALCHEMY_DATABASE_URI="sqlite://", SQLALCHEMY_BINDS=binds)
    DjangoSessions(app, db, bind_key="django")
    with app.app_context():
        assert _compared(db, "django") == []


class _Visit(AbstractBaseSession):  # type: ignore[misc]
    """A model of a Django project's own, as sites have them."""

    session_key = CharField(max_length=128, primary_key=True)

    class Meta:
        app_label = "visits"
        db_table = "visits_visit"


@every_database
def test_nothing_is_found_on_a_table_of_the_projects_own(
    make_app: MakeApp, django: LiveDjango
) -> None:
    with connections["default"].schema_editor() as editor:
        editor.create_model(_Visit)
    db = SQLAlchemy()

    class Visit(AbstractSession, db.Model):  # type: ignore[name-defined, misc]
        __tablename__ = _Visit._meta.db_table
        session_key: Mapped[str] = mapped_column(sa.String(128), primary_key=True)

    app = make_app(db)
    DjangoSessions(app, db, model=Visit)
    with app.app_context():
        assert [one for one in _compared(db) if "django_session" not in repr(one)] == []
