"""Users of a project's own: other tables, keys and names, and classes of the app's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from sqlalchemy.orm import MappedAsDataclass, mapped_column

from flask_dj_session.auth import DjangoAuth, UserMixin
from flask_dj_session.errors import MissingUserTableError

from ..conftest import NOW, MakeSite
from ..databases import EVERY_DATABASE
from ..live_django import LiveDjango
from .conftest import PASSWORD, AuthSite, MakeAuth, Visitor, add_views, quick_hashers

EVERYWHERE = pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)

APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "tests.auth.shop",
]

CUSTOMER = sa.Table(
    "shop_customer",
    sa.MetaData(),
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("password", sa.String(128)),
    sa.Column("email", sa.String(254)),
    sa.Column("last_login", sa.DateTime),
    sa.Column("is_active", sa.Boolean),
    sa.Column("is_superuser", sa.Boolean),
)


@contextmanager
def project_with(live: LiveDjango, model: str) -> Iterator[Any]:
    """Let Django have a model of users of its own, and yield it."""
    with live.settings(INSTALLED_APPS=APPS, AUTH_USER_MODEL=f"shop.{model}"):
        user_model = get_user_model()
        with connection.schema_editor() as editor:
            editor.create_model(user_model)
        yield user_model


def both_know(visitor: Visitor, name: str) -> bool:
    """Log in on either side, and see whether the other knows."""
    for here, there in (("Django", "Flask"), ("Flask", "Django")):
        visitor.key = None
        assert visitor.visit(here, "in", name=name, password=PASSWORD) == name
        assert visitor.visit(there, "who") == name
    return True


@EVERYWHERE
def test_a_table_that_the_database_tells_all_about(make_auth: MakeAuth, live: LiveDjango) -> None:
    make_auth()
    flask = make_auth(tables=False, auth_user_model="shop.Staff")
    with project_with(live, "Staff") as model:
        model.objects.create_user("ann", password=PASSWORD, phone="12")
        assert both_know(Visitor(flask.app, live), "ann")
        theirs = model.objects.get()
        with flask.app.app_context():
            ours = flask.auth.get_by_natural_key("ann")
            assert (ours.phone, ours.pk, ours.is_active) == ("12", theirs.pk, True)
            assert ours.is_superuser is False
            assert ours.last_login == theirs.last_login


def test_a_table_that_users_refer_to_is_not_asked_for(make_auth: MakeAuth) -> None:
    flask = make_auth(tables=False, auth_user_model="shop.Staff")
    with flask.app.app_context():
        with flask.site.db.engine.begin() as connection:
            connection.execute(
                sa.text(
                    "CREATE TABLE shop_staff (id integer PRIMARY KEY, username varchar(150),"
                    " password varchar(128), company_id integer REFERENCES elsewhere_company (id))"
                )
            )
            connection.execute(sa.text("INSERT INTO shop_staff VALUES (1, 'ann', '', NULL)"))
        assert flask.auth.get_user(1).get_username() == "ann"


@EVERYWHERE
def test_a_uuid_for_a_key_and_an_address_for_a_name(make_auth: MakeAuth, live: LiveDjango) -> None:
    make_auth()
    flask = make_auth(
        tables=False,
        auth_user_model="shop.Customer",
        user_model=CUSTOMER,
        username_field="email",
    )
    with project_with(live, "Customer") as model:
        user = model.objects.create_user("ann", "a@example.org", PASSWORD)
        assert both_know(Visitor(flask.app, live), "a@example.org")
        group = Group.objects.create(name="editors")
        user.groups.add(group)
        group.permissions.add(_permission("edit"))
        user.user_permissions.add(_permission("read"))
        with flask.app.app_context():
            found = flask.auth.get_user(user.pk)
            assert found.get_all_permissions() == {"shop.edit", "shop.read"}
            assert found.get_group_names() == {"editors"}


def _permission(codename: str) -> Any:
    kind, _ = ContentType.objects.get_or_create(app_label="shop", model="customer")
    return Permission.objects.create(codename=codename, name=codename, content_type=kind)


@EVERYWHERE
def test_the_least_of_a_user(make_auth: MakeAuth, live: LiveDjango) -> None:
    make_auth()
    flask = make_auth(
        tables=False,
        auth_user_model="shop.Member",
        user_model="club members",
        username_field="code",
    )
    with project_with(live, "Member") as model:
        member = model(code="m/1")
        member.set_password(PASSWORD)
        member.save()
        assert both_know(Visitor(flask.app, live), "m/1")
        with flask.app.app_context():
            found = flask.auth.get_user("m/1")
            assert not found.has_perm("shop.edit")
            assert not found.has_module_perms("shop")
            assert found.get_all_permissions() == set()


@pytest.fixture
def own_site(make_auth: MakeAuth, make_site: MakeSite) -> tuple[AuthSite, Any]:
    """Return an app that maps the users itself, and its class."""
    make_auth()
    site = make_site()

    class Staff(UserMixin, site.db.Model):  # type: ignore[misc, name-defined]
        __tablename__ = "shop_staff"
        number = mapped_column("id", sa.BigInteger, primary_key=True)
        username = mapped_column(sa.String(150))
        password = mapped_column(sa.String(128))
        last_login = mapped_column(sa.DateTime)
        is_active = mapped_column(sa.Boolean)
        is_superuser = mapped_column(sa.Boolean)
        called = mapped_column("first_name", sa.String(150))

        def greet(self) -> str:
            return f"Hello, {self.called}"

    options: dict[str, Any] = {"user_model": Staff, "auth_user_model": "shop.Staff"}
    auth = DjangoAuth(site.sessions, hashers=quick_hashers(), **options)
    add_views(site.app, auth)
    return AuthSite(site, auth), Staff


@EVERYWHERE
def test_a_mapped_class_of_the_apps_own(own_site: tuple[AuthSite, Any], live: LiveDjango) -> None:
    flask, staff = own_site
    with project_with(live, "Staff") as model:
        user = model.objects.create_user("ann", password=PASSWORD, first_name="Ann")
        assert both_know(Visitor(flask.app, live), "ann")
        with flask.app.app_context():
            found = flask.auth.get_user(user.pk)
            assert isinstance(found, staff)
            assert found.greet() == "Hello, Ann"
            assert found.pk == found.number == user.pk


def test_what_is_found_is_in_no_db_session_and_can_be_merged(
    own_site: tuple[AuthSite, Any], live: LiveDjango
) -> None:
    flask, _ = own_site
    with project_with(live, "Staff") as model, flask.app.app_context():
        user = model.objects.create_user("ann", password=PASSWORD)
        db_session = flask.site.db.session
        found = flask.auth.get_user(user.pk)
        assert found not in db_session
        assert found not in db_session.new
        db_session.merge(found, load=False).called = "Anna"
        db_session.commit()
        db_session.remove()
        assert flask.auth.get_user(user.pk).called == "Anna"


def test_a_mapped_class_that_makes_dataclasses(make_auth: MakeAuth) -> None:
    class Base(MappedAsDataclass, sa.orm.DeclarativeBase):
        pass

    class User(UserMixin, Base):
        __tablename__ = "auth_user"
        id: sa.orm.Mapped[int] = mapped_column(primary_key=True)
        username: sa.orm.Mapped[str]
        password: sa.orm.Mapped[str]

    make_auth()
    flask = make_auth(user_model=User)
    with flask.app.app_context():
        with flask.site.db.engine.begin() as connection:
            _insert_user(connection)
        assert flask.auth.get_by_natural_key("ann").get_username() == "ann"


def _insert_user(connection: sa.Connection) -> None:
    table = sa.Table("auth_user", sa.MetaData(), autoload_with=connection)
    texts = dict.fromkeys(("password", "first_name", "last_name", "email"), "")
    flags = dict.fromkeys(("is_superuser", "is_staff", "is_active"), True)
    row = {**texts, **flags, "date_joined": NOW.replace(tzinfo=None), "username": "ann"}
    connection.execute(sa.insert(table).values(row))


def test_a_class_without_the_methods_of_a_user_is_refused(make_auth: MakeAuth) -> None:
    class User:
        pass

    with pytest.raises(TypeError, match="'User' does not have the methods"):
        make_auth(user_model=User)


@pytest.mark.parametrize("options", [{}, {"auth_user_model": "shop.Staff"}])
@EVERYWHERE
def test_a_missing_table_says_how_to_make_it(make_auth: MakeAuth, options: dict[str, str]) -> None:
    flask = make_auth(tables=False, **options)
    with flask.app.app_context(), pytest.raises(MissingUserTableError, match="flask users create-"):
        flask.auth.get_user(1)
