"""Columns of a project's own users: what the database says they are, in Django's types."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time, timezone
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from django.contrib.auth.models import Group
from sqlalchemy.dialects import mysql

from flask_dj_session.auth import DjangoAuth, UserMixin
from flask_dj_session.auth.tables import with_django_types
from flask_dj_session.auth.types import StoredUuid, uuid_type
from flask_dj_session.site import site_of
from flask_dj_session.store import DjangoDateTime

from ..conftest import MakeSite, Site
from ..databases import EVERY_DATABASE
from ..live_django import LiveDjango
from .conftest import PASSWORD, MakeAuth, Visitor, add_views, quick_hashers
from .test_models import both_know, project_with
from .test_verification import MODEL

pytestmark = pytest.mark.slow

EVERYWHERE = pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)

VALUES: dict[str, list[Any]] = {
    "card": [uuid.uuid4(), uuid.UUID(int=0), None],
    "height": [1.83, 2.0, -1e-7, None],
    "balance": [Decimal("12.3400"), Decimal("-1.0000"), Decimal("123456789.1234"), None],
    "born": [date(1999, 12, 31), None],
    "wakes": [time(6, 30), time(23, 59, 59, 999999), None],
    "seen": [datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=timezone.utc), None],
    "likes_tea": [True, False, None],
    "visits": [7, None],
    "steps": [2**40, None],
    "address": ["192.0.2.1", "2001:db8::1", None],
    "about": ["ž", None],
}


@EVERYWHERE
def test_a_column_has_the_type_that_it_has_in_django(make_auth: MakeAuth, live: LiveDjango) -> None:
    make_auth()
    flask = make_auth(tables=False, auth_user_model="shop.Typed")
    with project_with(live, "Typed") as model:
        user = model.objects.create_user("ann", password=PASSWORD)
        for name, values in VALUES.items():
            for value in values:
                model.objects.update(**{name: value})
                user.refresh_from_db()
                with flask.app.app_context():
                    ours = getattr(flask.auth.get_user(user.pk), name)
                theirs = getattr(user, name)
                assert (type(ours), ours) == (type(theirs), theirs), name


def _as_table(site: Site | None) -> Any:
    """Declare what a server could have, as an app does."""
    return sa.Table(
        "shop_elder",
        sa.MetaData(),
        sa.Column("id", sa.Uuid, primary_key=True),
        *(sa.Column(name, sa.String(150)) for name in ("username", "password", "email")),
        *(sa.Column(name, sa.String(150)) for name in ("first_name", "last_name")),
        *(sa.Column(name, sa.Boolean) for name in ("is_active", "is_staff", "is_superuser")),
        *(sa.Column(name, sa.DateTime) for name in ("last_login", "date_joined")),
    )


def _as_class(site: Site) -> Any:
    class Elder(UserMixin, site.db.Model):  # type: ignore[misc, name-defined]
        __table__ = _as_table(site).to_metadata(site.db.metadata)

    return Elder


@pytest.mark.parametrize(("told", "expected"), [(32, 32), (36, 36), (35, None), (37, None)])
def test_a_declared_uuid_is_written_as_the_column_is_long(told: int, expected: int | None) -> None:
    kind = uuid_type(sa.Uuid(), sa.CHAR(told))
    assert (kind.length if isinstance(kind, StoredUuid) else None) == expected


def test_in_a_table_that_the_app_declares_dates_and_flags_are_djangos() -> None:
    flag = mysql.TINYINT(display_width=1)
    declared = _as_table(None).to_metadata(sa.MetaData())
    declared.append_column(sa.Column("likes_tea", flag))
    table = with_django_types(declared, lambda: None)
    kinds = {name: type(table.c[name].type) for name in ("last_login", "likes_tea", "username")}
    assert kinds == {"last_login": DjangoDateTime, "likes_tea": sa.Boolean, "username": sa.String}


@pytest.mark.parametrize("declare", [_as_table, _as_class, None], ids=["table", "class", "told"])
@EVERYWHERE
def test_a_key_of_32_characters_is_one_on_every_server(
    make_auth: MakeAuth, make_site: MakeSite, live: LiveDjango, declare: Any
) -> None:
    if declare is None and live.url.get_backend_name() == "postgresql":
        return  # where a UUID is a type of its own, and such a column is text
    make_auth()
    site = make_site()
    auth = DjangoAuth(
        site.sessions,
        hashers=quick_hashers(),
        auth_user_model="shop.Elder",
        user_model=declare(site) if declare else None,
    )
    add_views(site.app, auth)
    with project_with(live, "Elder") as model:
        user = model.objects.create_user("ann", password=PASSWORD)
        user.groups.add(Group.objects.create(name="editors"))
        assert both_know(Visitor(site.app, live), "ann")
        with site.app.app_context():
            assert auth.get_user(user.pk).pk == user.pk
            assert auth.get_user(user.pk).get_group_names() == {"editors"}
            names = site_of(site.app).user_names
            assert names is not None
            assert names.of([str(user.pk)]) == {str(user.pk): "ann"}
            assert names.stored_id(uuid.UUID(str(user.pk)).hex.upper()) == str(user.pk)
            auth.create_user("bob", id=uuid.UUID(int=7))
        assert uuid.UUID(str(model.objects.get(username="bob").pk)) == uuid.UUID(int=7)


@pytest.mark.parametrize("text", ["x", "", "1", "550e8400"])
def test_an_id_that_is_no_uuid_is_nobodys(make_auth: MakeAuth, live: LiveDjango, text: str) -> None:
    make_auth()
    flask = make_auth(tables=False, auth_user_model="shop.Elder")
    with project_with(live, "Elder"), flask.app.test_request_context() as context:
        context.session.update({"_auth_user_id": text, "_auth_user_backend": MODEL})
        assert str(flask.auth.current_user) == "AnonymousUser"


def test_text_of_32_characters_that_is_no_uuid_stays_text(make_auth: MakeAuth) -> None:
    flask = make_auth(tables=False, auth_user_model="shop.Other")
    with flask.app.app_context():
        with flask.site.db.engine.begin() as connection:
            columns = "id char(32) PRIMARY KEY, username text, born date, wakes time, rate decimal"
            connection.exec_driver_sql(f"CREATE TABLE shop_other ({columns})")
            row = "INSERT INTO shop_other VALUES ('not a uuid', 'ann', '31.12.', 'late', 'much')"
            connection.exec_driver_sql(row)
        found = flask.auth.get_by_natural_key("ann")
        assert (found.pk, found.born, found.wakes, found.rate) == ("not a uuid", None, None, None)


@pytest.mark.parametrize("length", [32, 36])
def test_what_is_no_uuid_is_asked_for_as_it_is(site: Site, length: int) -> None:
    with site.app.app_context():
        dialect = site.db.engine.dialect
    number = uuid.UUID(int=7)
    kind = StoredUuid(length)
    assert kind.process_bind_param("no uuid", dialect) == "no uuid"
    assert uuid.UUID(kind.process_bind_param(number, dialect)) == number
