"""A mapped class that the app passes: what is wrong with it is said by ``init_app``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.ext.declarative import DeferredReflection
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from flask_dj_session import AbstractSession, DjangoSession, DjangoSessions

from ..databases import EVERY_DATABASE
from ..live_django import LiveDjango
from .conftest import MakeApp


def _by_column() -> Any:
    class Base(DeclarativeBase):
        id: Mapped[int] = mapped_column(primary_key=True)

    return Base


def _by_attribute() -> Any:
    class Base(DeclarativeBase):
        @declared_attr
        def id(self) -> Mapped[Any]:
            return mapped_column(sa.Uuid, primary_key=True, default=lambda: None)

    return Base


def _visit(db: SQLAlchemy, **names: Any) -> Any:
    """Map a class of the app's own."""
    return type("Visit", (AbstractSession, db.Model), {"__tablename__": "visit", **names})


@pytest.mark.parametrize("base", [_by_column, _by_attribute])
def test_a_primary_key_of_the_base_is_refused(base: Any, make_app: MakeApp) -> None:
    db = SQLAlchemy(model_class=base())
    with pytest.raises(RuntimeError, match=r"'id' is a part of its primary key.*'id = None'"):
        DjangoSessions(make_app(db), db, model=_visit(db))


@pytest.mark.parametrize("base", [_by_column, _by_attribute])
def test_the_mend_of_the_message_mends_it(base: Any, make_app: MakeApp) -> None:
    db = SQLAlchemy(model_class=base())
    app = make_app(db)
    sessions = DjangoSessions(app, db, model=_visit(db, id=None))
    with app.app_context():
        sessions.create_table()
        sessions.session().save()
        assert len(db.session.scalars(db.select(sessions.model)).all()) == 1


def test_a_key_that_is_unique_beside_a_primary_key_will_do(make_app: MakeApp) -> None:
    db = SQLAlchemy(model_class=_by_column())
    key = mapped_column(sa.String(40), unique=True)
    app = make_app(db)
    sessions = DjangoSessions(app, db, model=_visit(db, session_key=key))
    with app.app_context():
        sessions.create_table()
        sessions.session().save()
        assert db.session.scalar(db.select(sa.column("id")).select_from(sa.table("visit"))) == 1


def test_a_column_that_nothing_fills_is_refused(make_app: MakeApp) -> None:
    db = SQLAlchemy()
    model = _visit(db, account_id=mapped_column(sa.Integer, nullable=False))
    with pytest.raises(RuntimeError, match=r"'account_id' must have a value.*'extra_columns'"):
        DjangoSessions(make_app(db), db, model=model)


class _Filling(DjangoSession):
    def extra_columns(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {"account_id": 42}


@pytest.mark.parametrize(
    ("options", "extension"),
    [
        ({"nullable": True}, {}),
        ({"server_default": "0"}, {}),
        ({"default": 0}, {}),
        ({"nullable": False}, {"session_class": _Filling}),
    ],
    ids=["nullable", "default of the server", "default", "filled"],
)
def test_a_column_that_has_a_value_is_not(
    options: dict[str, Any], extension: dict[str, Any], make_app: MakeApp
) -> None:
    db = SQLAlchemy()
    options = {"nullable": False, **options}
    model = _visit(db, account_id=mapped_column(sa.Integer, **options))
    assert DjangoSessions(make_app(db), db, model=model, **extension).model is model


class _Refused(DjangoSession):
    """Fills a column with what the database refuses, and does not draw keys for ever."""

    drawn = 0
    number: Any = None

    def extra_columns(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {"account_id": self.number}

    def _get_new_session_key(self) -> str:
        self.drawn += 1
        assert self.drawn < 3, "A key is drawn again and again, and none of them was taken."
        return super()._get_new_session_key()


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
@pytest.mark.parametrize("rule", ["not null", "unique", "check"])
def test_a_row_that_a_column_of_the_apps_own_refuses_is_an_error_at_once(
    make_app: MakeApp, rule: str
) -> None:
    db = SQLAlchemy()
    check = [sa.CheckConstraint("account_id > 0")] if rule == "check" else []
    column = mapped_column(sa.Integer, *check, nullable=rule != "not null", unique=rule == "unique")
    app = make_app(db)
    model = _visit(db, account_id=column)
    sessions = DjangoSessions(app, db, model=model, session_class=_Refused)
    with app.app_context():
        sessions.create_table()
        fine: Any = sessions.session()
        fine.number = 42
        fine.create()
        for store in ("create", "save"):
            session: Any = sessions.session()
            session.number = {"not null": None, "unique": 42, "check": -1}[rule]
            # PyMySQL takes what a CHECK of MariaDB refuses for an OperationalError.
            with pytest.raises((sa.exc.IntegrityError, sa.exc.OperationalError)):
                getattr(session, store)()
            assert session.drawn == 1
        assert len(db.session.scalars(db.select(model)).all()) == 1


def test_a_column_without_room_for_a_key_is_refused(make_app: MakeApp) -> None:
    db = SQLAlchemy()
    model = _visit(db, session_key=mapped_column(sa.String(31), primary_key=True))
    with pytest.raises(RuntimeError, match=r"room for 31 characters.*'String\(40\)'"):
        DjangoSessions(make_app(db), db, model=model)


def test_a_class_without_djangos_columns_is_refused(make_app: MakeApp) -> None:
    db = SQLAlchemy()

    class Visit(db.Model):  # type: ignore[name-defined, misc]
        session_key = db.Column(db.String(40), primary_key=True)

    with pytest.raises(RuntimeError, match=r"no column 'session_data'.*'AbstractSession'"):
        DjangoSessions(make_app(db), db, model=Visit)


def test_a_class_that_is_mapped_to_nothing_is_refused(make_app: MakeApp) -> None:
    db = SQLAlchemy()
    with pytest.raises(RuntimeError, match=r"'AbstractSession' is mapped to no table.*'db\.Model'"):
        DjangoSessions(make_app(db), db, model=AbstractSession)


class _Later(DeferredReflection, DeclarativeBase):
    __abstract__ = True


def test_a_class_that_is_mapped_after_init_app_is_used(
    make_app: MakeApp, django: LiveDjango
) -> None:
    db = SQLAlchemy(model_class=_Later)
    app = make_app(db)
    sessions = DjangoSessions(app, db, model=_visit(db, __tablename__="django_session"))
    with app.app_context():
        db.Model.prepare(db.engine)  # type: ignore[attr-defined]
        session = sessions.session()
        session.save()
        assert django.store().exists(session.session_key)


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_a_table_that_refers_to_another_is_made(make_app: MakeApp) -> None:
    db = SQLAlchemy()

    class Account(db.Model):  # type: ignore[name-defined, misc]
        id = db.Column(db.Integer, primary_key=True)

    account_id = mapped_column(sa.ForeignKey(Account.id), nullable=True)
    app = make_app(db)
    sessions = DjangoSessions(app, db, model=_visit(db, account_id=account_id))
    with app.app_context():
        Account.__table__.create(db.engine)
        sessions.create_table()
        sessions.session().save()
        db.engine.dispose()  # SQLite's remember the tables of before
        (key,) = sa.inspect(db.engine).get_foreign_keys("visit")
        assert key["referred_table"] == "account"


def test_what_listens_to_the_making_of_the_table_hears_it(make_app: MakeApp) -> None:
    db = SQLAlchemy()
    model, heard = _visit(db), []
    sa.event.listen(model.__table__, "after_create", lambda *_, **__: heard.append(1))
    app = make_app(db)
    sessions = DjangoSessions(app, db, model=model)
    with app.app_context():
        sessions.create_table()
    assert heard == [1]


def test_the_database_is_that_of_the_metadata_of_the_class(
    make_app: MakeApp, tmp_path: Any
) -> None:
    db = SQLAlchemy()
    app = make_app(db, SQLALCHEMY_BINDS={"django": f"sqlite:///{tmp_path / 'django.sqlite3'}"})
    model = _visit(db, metadata=db.metadatas["django"])
    sessions = DjangoSessions(app, db, model=model)
    with app.app_context():
        sessions.create_table()
        sessions.session().save()
        assert len(db.session.scalars(db.select(model)).all()) == 1
        assert not sa.inspect(db.engine).has_table("visit")
