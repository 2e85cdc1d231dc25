"""The package's own mapped class: Django's table, whatever the app's base and metadata are."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.model import DefaultMeta, Model
from sqlalchemy import orm
from sqlalchemy.ext.automap import automap_base
from sqlalchemy.ext.declarative import DeferredReflection
from sqlalchemy.orm import (
    DeclarativeBase,
    DeclarativeBaseNoMeta,
    Mapped,
    MappedAsDataclass,
    declared_attr,
    mapped_column,
)

from flask_dj_session import DjangoSessions
from flask_dj_session.store.columns import DATETIME

from ..conftest import NOW
from ..live_django import LiveDjango
from .conftest import MakeApp

CONVENTION = {
    "ix": "ix_%(constraint_name)s",
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(column_0_name)s",
}


class _Columns:
    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    updated_at: Mapped[datetime] = mapped_column(onupdate=sa.func.now())


class _Attributes:
    @declared_attr
    def id(self) -> Any:
        return sa.Column(sa.Integer, primary_key=True)

    @declared_attr
    def owner_id(self) -> Any:
        return mapped_column(sa.ForeignKey("person.id"))

    @declared_attr.directive
    def __tablename__(cls) -> Any:  # noqa: N805
        return "of_the_base"

    @declared_attr.directive
    def __table_args__(cls) -> Any:  # noqa: N805
        return sa.CheckConstraint("id > 0"), {"schema": "elsewhere"}


def _mixin() -> Any:
    class Base(DeclarativeBase, _Columns):
        pass

    return Base


def _columns_and_a_version() -> Any:
    class Base(DeclarativeBase):
        id: Mapped[int] = mapped_column(primary_key=True)
        version: Mapped[int]

        @declared_attr.directive
        def __mapper_args__(cls) -> Any:  # noqa: N805
            return {"version_id_col": cls.version, "eager_defaults": True}

    return Base


def _no_metaclass() -> Any:
    class Base(DeclarativeBaseNoMeta):
        id: Mapped[int] = mapped_column(primary_key=True)

    return Base


def _declared_attributes() -> Any:
    class Base(_Attributes, DeclarativeBase):
        pass

    return Base


def _polymorphic() -> Any:
    class Base(DeclarativeBase):
        kind: Mapped[str]
        __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "base"}  # noqa: RUF012

    return Base


def _hooks() -> Any:
    class Base(DeclarativeBase):
        def __init_subclass__(cls, **kwargs: Any) -> None:
            assert cls.__name__ in ("Base", "FlaskSQLAlchemyBase"), "a class too many"
            super(DeclarativeBase, cls).__init_subclass__(**kwargs)

        def __init__(self, tenant: str) -> None:
            self.tenant = tenant

    return Base


def _types() -> Any:
    class Base(DeclarativeBase):
        registry = orm.registry(type_annotation_map={str: sa.String(7), datetime: sa.String(3)})

    return Base


class _OfVersion1(Model):
    id = sa.Column(sa.Integer, primary_key=True)


def _made_of_version_1() -> Any:
    return orm.declarative_base(cls=_OfVersion1, metaclass=DefaultMeta)


def _dataclasses() -> Any:
    return type("Base", (MappedAsDataclass, DeclarativeBase), {})


def _automap() -> Any:
    return automap_base(type("Base", (DeclarativeBase,), {}))


def _reflected_later() -> Any:
    return type("Base", (DeferredReflection, DeclarativeBase), {"__abstract__": True})


def _base(make: Callable[[], Any]) -> Callable[[], SQLAlchemy]:
    return lambda: SQLAlchemy(model_class=make())


WAYS: dict[str, Callable[[], SQLAlchemy]] = {
    "none": SQLAlchemy,
    "no names": lambda: SQLAlchemy(disable_autonaming=True),
    "convention": lambda: SQLAlchemy(metadata=sa.MetaData(naming_convention=CONVENTION)),
    "mixin": _base(_mixin),
    "version": _base(_columns_and_a_version),
    "no metaclass": _base(_no_metaclass),
    "declared attributes": _base(_declared_attributes),
    "polymorphic": _base(_polymorphic),
    "hooks": _base(_hooks),
    "types": _base(_types),
    "version 1": lambda: SQLAlchemy(model_class=_OfVersion1),
    "made of version 1": _base(_made_of_version_1),
    "automap": _base(_automap),
    "reflected later": _base(_reflected_later),
}
if sa.__version__ < "2.1":  # with which Flask-SQLAlchemy 3.1 makes no such base
    WAYS["dataclasses"] = _base(_dataclasses)
every_way = pytest.mark.parametrize("make_db", WAYS.values(), ids=WAYS.keys())


@every_way
def test_the_base_of_the_app_adds_nothing_to_djangos_table(
    make_db: Callable[[], SQLAlchemy],
) -> None:
    db = make_db()
    table = DjangoSessions(db=db).model.__table__  # type: ignore[attr-defined]
    assert table is db.metadata.tables["django_session"]
    assert table.columns.keys() == ["session_key", "session_data", "expire_date"]
    assert [type(one) for one in table.constraints] == [sa.PrimaryKeyConstraint]
    assert {table.primary_key.name, *(index.name for index in table.indexes)} == {
        "django_session_pkey",
        "django_session_expire_date_a5c62663",
        "django_session_session_key_c0390e0f_like",
    }
    assert table.kwargs == {}


@every_way
def test_sessions_and_rows_are_as_django_has_them_on_every_base(
    make_db: Callable[[], SQLAlchemy], make_app: MakeApp, django: LiveDjango
) -> None:
    db = make_db()
    app = make_app(db)
    sessions = DjangoSessions(app, db)
    theirs = django.store()
    theirs["a"] = 1
    theirs.save()
    with app.app_context():
        ours = sessions.session(theirs.session_key)
        ours["a"] += 1
        ours.save()
        assert django.store(theirs.session_key)["a"] == 2
        row = db.session.scalars(db.select(sessions.model)).one()
        assert (row.get_decoded(), row.expire_date.tzinfo) == ({"a": 2}, timezone.utc)


@every_way
def test_rows_are_added_and_queried_on_every_base(
    make_db: Callable[[], SQLAlchemy], make_app: MakeApp
) -> None:
    db = make_db()
    app = make_app(db)
    model = DjangoSessions(app, db).model
    with app.app_context():
        db.metadata.tables["django_session"].create(db.engine)
        db.session.add(model(session_key="k" * 32, session_data="", expire_date=NOW))
        db.session.commit()
        assert db.session.get(model, "k" * 32) is not None
        assert model.query.filter_by(expire_date=NOW).count() == 1  # type: ignore[attr-defined]
        assert db.paginate(db.select(model)).total == 1


def test_a_schema_of_the_metadata_is_the_tables(make_app: MakeApp) -> None:
    db = SQLAlchemy(metadata=sa.MetaData(schema="shop"))
    assert DjangoSessions(db=db).model is DjangoSessions(db=db).model
    assert list(db.metadata.tables) == ["shop.django_session"]


def test_a_bind_key_of_the_base_is_the_tables() -> None:
    class Base(DeclarativeBase):
        __bind_key__ = "django"

    db = SQLAlchemy(model_class=Base)
    DjangoSessions(db=db)
    assert list(db.metadatas["django"].tables) == ["django_session"]


def test_two_of_one_base_have_a_class_each(make_app: MakeApp) -> None:
    base = _mixin()
    for db in (SQLAlchemy(model_class=base), SQLAlchemy(model_class=base)):
        app = make_app(db)
        sessions = DjangoSessions(app, db)
        with app.app_context():
            sessions.create_table()
            sessions.session().save()
            assert sessions.model.query.count() >= 1  # type: ignore[attr-defined]


def test_a_class_of_the_app_may_be_called_session(make_app: MakeApp) -> None:
    db = SQLAlchemy()

    class Session(db.Model):  # type: ignore[name-defined, misc]
        id = db.Column(db.Integer, primary_key=True)
        talk_id = db.Column(db.ForeignKey("talk.id"))

    class Talk(db.Model):  # type: ignore[name-defined, misc]
        id = db.Column(db.Integer, primary_key=True)
        sessions = db.relationship("Session")

    DjangoSessions(make_app(db), db)
    assert Talk(sessions=[Session()]).sessions


def test_the_metadata_can_be_pickled() -> None:
    db = SQLAlchemy()
    DjangoSessions(db=db)
    again = pickle.loads(pickle.dumps(db.metadata)).tables["django_session"]
    assert [repr(column.type) for column in again.columns] == [
        "String(length=40)",
        "Text()",
        "DateTime(timezone=True)",
    ]
    assert len(again.indexes) == 2


def _no_zone() -> None:
    return None


def test_the_date_s_type_on_mysql_can_be_pickled_by_itself() -> None:
    again = pickle.loads(pickle.dumps(DATETIME(_no_zone)))
    assert (repr(again), again.naive_zone) == ("DATETIME(fsp=6)", _no_zone)
