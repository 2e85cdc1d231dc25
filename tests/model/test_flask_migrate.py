"""``flask db migrate``: what it writes runs as it is, and a second time it has nothing to write."""

from __future__ import annotations

import logging.config
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import mapped_column

from flask_dj_session import AbstractSession, DjangoSessions

from ..databases import EVERY_DATABASE
from ..live_django import LiveDjango
from .conftest import MakeApp

pytestmark = [
    pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True),
    pytest.mark.filterwarnings("ignore:'get_engine' is deprecated"),  # which its env.py asks for
]


@pytest.fixture(autouse=True)
def _logging_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    # The env.py of Flask-Migrate turns off every logger that is there.
    monkeypatch.setattr(logging.config, "fileConfig", lambda name: None)


class Migrations:
    """The folder of migrations of an app."""

    def __init__(self, app: Flask, db: SQLAlchemy, folder: Path, **options: Any) -> None:
        self._written: set[Path] = set()
        self._versions = folder / "versions"
        flask_migrate.Migrate(app, db, directory=str(folder), **options)
        flask_migrate.init()

    def migrate(self) -> str:
        """Let the next migration be written, and return its text; empty where there is none."""
        flask_migrate.migrate()
        new = set(self._versions.glob("*.py")) - self._written
        self._written |= new
        return "".join(path.read_text() for path in new)


def _shape(engine: sa.Engine) -> Any:
    """Tell columns, indexes and key; small, as SQLite keeps types as they were written."""
    inspector = sa.inspect(engine)
    columns = {
        one["name"]: (one["type"].compile(engine.dialect).lower(), one["nullable"])
        for one in inspector.get_columns("django_session")
    }
    indexes = {one["name"]: one["column_names"] for one in inspector.get_indexes("django_session")}
    key = inspector.get_pk_constraint("django_session")
    # Only PostgreSQL has a name for a key to which Django gives none.
    name = key["name"] if engine.name == "postgresql" else None
    return columns, indexes, key["constrained_columns"], name


def _plain() -> SQLAlchemy:
    return SQLAlchemy()


def _with_convention() -> SQLAlchemy:
    convention = {"ix": "ix_%(constraint_name)s", "pk": "pk_%(table_name)s"}
    return SQLAlchemy(metadata=sa.MetaData(naming_convention=convention))


@pytest.mark.parametrize("make_db", [_plain, _with_convention])
def test_a_migration_makes_the_table_and_takes_it_away(
    make_db: Callable[[], SQLAlchemy], make_app: MakeApp, tmp_path: Path
) -> None:
    db = make_db()
    app = make_app(db)
    sessions = DjangoSessions(app, db)
    with app.app_context():
        migrations = Migrations(app, db, tmp_path / "migrations")
        text = migrations.migrate()
        assert "flask_dj_session" not in text
        assert re.findall(r"Column\('\w+', ([\w.]+)", text) == [
            "sa.String",
            "sa.Text",
            "sa.DateTime",
        ]
        flask_migrate.upgrade()
        session = sessions.session()
        session["a"] = 1
        session.save()
        assert sessions.session(session.session_key)["a"] == 1
        assert migrations.migrate() == ""
        flask_migrate.downgrade()
        assert not sa.inspect(db.engine).has_table("django_session")


def test_the_table_is_what_djangos_migration_makes(
    make_app: MakeApp, django: LiveDjango, tmp_path: Path
) -> None:
    db = _with_convention()
    app = make_app(db)
    DjangoSessions(app, db)
    with app.app_context():
        theirs = _shape(db.engine)
        db.drop_all()
        db.engine.dispose()
        Migrations(app, db, tmp_path / "migrations").migrate()
        flask_migrate.upgrade()
        assert _shape(db.engine) == theirs


def _is_described(found: Any, name: str, kind: str, reflected: bool, compared_to: Any) -> bool:
    """Leave alone Django's other tables, as docs/how-to/migrations.md has it."""
    return not (kind == "table" and reflected and compared_to is None)


def test_nothing_is_written_where_django_made_the_table(
    make_app: MakeApp, django: LiveDjango, tmp_path: Path
) -> None:
    db = SQLAlchemy()
    app = make_app(db)
    DjangoSessions(app, db)
    with app.app_context():
        folder = tmp_path / "migrations"
        migrations = Migrations(app, db, folder, include_object=_is_described)
        assert migrations.migrate() == ""


def test_a_class_of_the_apps_own_is_written_plainly_too(make_app: MakeApp, tmp_path: Path) -> None:
    db = SQLAlchemy()
    names = {
        "__tablename__": "visit",
        "account_id": mapped_column(sa.Integer, nullable=True, index=True),
    }
    model = type("Visit", (AbstractSession, db.Model), names)
    app = make_app(db)
    sessions = DjangoSessions(app, db, model=model)
    with app.app_context():
        migrations = Migrations(app, db, tmp_path / "migrations")
        assert "flask_dj_session" not in migrations.migrate()
        flask_migrate.upgrade()
        sessions.session().save()
        assert migrations.migrate() == ""
        flask_migrate.downgrade()
