"""A table 'django_session' that the app's ``db`` knows before the sessions do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.ext.automap import automap_base

from flask_dj_session import AbstractSession, DjangoSessions

from ..databases import EVERY_DATABASE
from ..live_django import LiveDjango
from .conftest import MakeApp

every_database = pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)


def _reflected_before(app: Flask, db: SQLAlchemy) -> DjangoSessions:
    db.reflect()
    return DjangoSessions(app, db)


def _reflected_afterwards(app: Flask, db: SQLAlchemy) -> DjangoSessions:
    sessions = DjangoSessions(app, db)
    db.reflect()
    return sessions


def _reflected_anew(app: Flask, db: SQLAlchemy) -> DjangoSessions:
    sessions = DjangoSessions(app, db)
    db.metadata.reflect(db.engine, extend_existing=True)
    return sessions


def _mapped_before(app: Flask, db: SQLAlchemy) -> DjangoSessions:
    automap_base(metadata=db.metadata).prepare(autoload_with=db.engine)
    return DjangoSessions(app, db)


def _mapped_afterwards(app: Flask, db: SQLAlchemy) -> DjangoSessions:
    sessions = DjangoSessions(app, db)
    automap_base(db.Model).prepare(autoload_with=db.engine)
    return sessions


def _own_class(app: Flask, db: SQLAlchemy) -> DjangoSessions:
    db.reflect()
    names = {"__table__": db.metadata.tables["django_session"]}
    return DjangoSessions(app, db, model=type("Visit", (AbstractSession, db.Model), names))


WAYS: list[Callable[[Flask, SQLAlchemy], DjangoSessions]] = [
    _reflected_before,
    _reflected_afterwards,
    _reflected_anew,
    _mapped_before,
    _mapped_afterwards,
    _own_class,
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__.strip("_"))
@every_database
def test_a_table_that_django_made_and_the_app_reflected_is_used(
    way: Callable[[Flask, SQLAlchemy], DjangoSessions], make_app: MakeApp, django: LiveDjango
) -> None:
    db = SQLAlchemy()
    app = make_app(db)
    with app.app_context():
        sessions = way(app, db)
        session = sessions.session()
        session["a"] = 1
        session.save()
        assert django.store(session.session_key)["a"] == 1
        row = db.session.scalars(db.select(sessions.model)).one()
        assert (row.get_decoded(), row.expire_date.utcoffset()) == ({"a": 1}, timedelta())
        same_date = sessions.model.expire_date == row.expire_date
        assert db.session.scalars(db.select(sessions.model).where(same_date)).all() == [row]
        db.create_all()
        with db.engine.connect() as connection:
            context = MigrationContext.configure(connection)
            differences = compare_metadata(context, db.metadata)
        assert [one for one in differences if "django_session" in repr(one)] == []


def test_a_class_that_the_app_reflected_reads_what_it_read_before(
    make_app: MakeApp, django: LiveDjango
) -> None:
    django.store().save()
    db = SQLAlchemy()
    app = make_app(db)
    with app.app_context():
        base = automap_base(metadata=db.metadata)
        base.prepare(autoload_with=db.engine)
        DjangoSessions(app, db)
        row = db.session.scalars(db.select(base.classes.django_session)).one()
        assert row.expire_date.tzinfo is None


def test_a_table_of_another_database_is_taken(make_app: MakeApp, django: LiveDjango) -> None:
    db = SQLAlchemy()
    binds = {"django": f"sqlite:///{django.database}"}
    app = make_app(db, SQLALCHEMY_DATABASE_URI="sqlite://", SQLALCHEMY_BINDS=binds)
    with app.app_context():
        with db.engines["django"].begin() as connection:
            connection.exec_driver_sql("ALTER TABLE django_session ADD COLUMN account_id integer")
        db.reflect()
        sessions = DjangoSessions(app, db, bind_key="django")
        session = sessions.session()
        session.save()
        assert django.store().exists(session.session_key)
        row = db.session.scalars(db.select(sessions.model)).one()
        assert row.account_id is None


def test_a_class_of_the_apps_own_that_is_no_abstract_session_stands_beside(
    make_app: MakeApp, django: LiveDjango
) -> None:
    db = SQLAlchemy()

    class Visit(db.Model):  # type: ignore[name-defined, misc]
        __tablename__ = "django_session"
        session_key = db.Column(db.String(40), primary_key=True)
        session_data = db.Column(db.Text, nullable=False)
        expire_date = db.Column(db.DateTime, nullable=False)

    app = make_app(db)
    sessions = DjangoSessions(app, db)
    with app.app_context():
        sessions.session().save()
        (row,) = db.session.scalars(db.select(Visit))
        (ours,) = db.session.scalars(db.select(sessions.model))
        assert ours.expire_date.replace(tzinfo=None) == row.expire_date
        assert django.store(row.session_key).load() == {}


def test_a_table_without_djangos_columns_is_an_error_that_names_them() -> None:
    db = SQLAlchemy()
    db.Table("django_session", db.Column("session_key", db.String(40), primary_key=True))
    with pytest.raises(RuntimeError, match=r"lacks 'session_data', 'expire_date'.*model="):
        DjangoSessions(db=db)


def test_an_abstract_session_that_was_not_passed_is_an_error_that_says_what_to_write() -> None:
    db = SQLAlchemy()

    class Visit(AbstractSession, db.Model):  # type: ignore[name-defined, misc]
        __tablename__ = "django_session"

    with pytest.raises(RuntimeError, match=r"'DjangoSessions\(app, db, model=Visit\)'"):
        DjangoSessions(db=db)
