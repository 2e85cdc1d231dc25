"""Sessions in one database and users in another, as Django's DATABASE_ROUTERS have it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import connections
from flask import Flask
from sqlalchemy.orm import mapped_column

from flask_dj_session import DjangoSessions
from flask_dj_session.auth import DjangoAuth, UserMixin
from flask_dj_session.errors import DatabaseHeldError, MissingUserTableError
from flask_dj_session.pytest_plugin.databases import django_entry, lend

from ..conftest import MakeSite, Site
from ..databases import EVERY_DATABASE, text_of
from ..live_django import LiveDjango
from .conftest import AGAIN, PASSWORD, Visitor, add_views, make_user, quick_hashers
from .test_both_ways import BOTH_WAYS

pytestmark = pytest.mark.slow

EVERYWHERE = pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)


class UsersElsewhere:
    """A router: users and what belongs to them are not in the default database."""

    def db_for_read(self, model: Any, **_: Any) -> str:
        return "users" if model._meta.app_label in ("auth", "contenttypes") else "default"

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **_: Any) -> bool:
        return (app_label in ("auth", "contenttypes")) == (db == "users")


@pytest.fixture
def users_url(database_url: sa.URL, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a second database, on the same server."""
    folder = tmp_path / "users"
    folder.mkdir()
    server = "" if database_url.get_backend_name() == "sqlite" else text_of(database_url)
    with lend(server, folder) as url:
        yield url


@pytest.fixture
def project(live: LiveDjango, users_url: str) -> Iterator[LiveDjango]:
    """Return a Django with two databases, migrated as its documents say."""
    entry = django_entry(sa.make_url(users_url))
    connections.settings["users"] = connections.configure_settings({"default": {}, "users": entry})[
        "users"
    ]
    with live.settings(DATABASE_ROUTERS=[f"{__name__}.UsersElsewhere"]):
        for alias in ("default", "users"):
            call_command("migrate", database=alias, verbosity=0)
        yield live
    connections["users"].close()
    del connections["users"], connections.settings["users"]


@pytest.fixture
def site(make_site: MakeSite, users_url: str) -> Site:
    """Return an app with both databases."""
    return make_site(table=False, SQLALCHEMY_BINDS={"users": users_url})


def _with_views(site: Site, **options: Any) -> DjangoAuth:
    auth = DjangoAuth(site.sessions, hashers=quick_hashers(), **options)
    add_views(site.app, auth)
    return auth


def _mapped(site: Site, bind_key: str | None) -> Any:
    class Person(UserMixin, site.db.Model):  # type: ignore[misc, name-defined]
        __tablename__ = "auth_user"
        __bind_key__ = bind_key
        id = mapped_column(sa.Integer, primary_key=True)
        username = mapped_column(sa.String(150))
        password = mapped_column(sa.String(128))
        last_login = mapped_column(sa.DateTime)
        is_active = mapped_column(sa.Boolean)
        is_superuser = mapped_column(sa.Boolean)

    return Person


def _both_know(site: Site, project: LiveDjango, **options: Any) -> bool:
    """Log in on either side, see whether the other knows, and what is read beside."""
    auth = _with_views(site, **options)
    user = make_user()
    user.groups.add(Group.objects.create(name="editors"))
    visitor = Visitor(site.app, project)
    for here, there in (("Django", "Flask"), ("Flask", "Django")):
        User.objects.update(last_login=None)
        visitor.key = None
        assert visitor.visit(here, "in", name="ann", password=PASSWORD) == "ann"
        assert visitor.visit(there, "who") == "ann"
        assert User.objects.get().last_login is not None
    with site.app.app_context():
        return bool(auth.get_user(user.pk).get_group_names() == {"editors"})


@EVERYWHERE
def test_users_are_read_from_their_own_database(site: Site, project: LiveDjango) -> None:
    assert _both_know(site, project, bind_key="users")


@pytest.mark.slow
def test_a_mapped_class_knows_where_its_users_are(site: Site, project: LiveDjango) -> None:
    assert _both_know(site, project, user_model=_mapped(site, "users"))


@pytest.mark.slow
def test_so_does_a_table(site: Site, project: LiveDjango) -> None:
    assert _both_know(site, project, user_model=_mapped(site, "users").__table__)


@pytest.mark.slow
@BOTH_WAYS
def test_a_password_is_changed_in_their_own_database(
    site: Site, project: LiveDjango, here: str, there: str
) -> None:
    _with_views(site, bind_key="users")
    make_user()
    visitor = Visitor(site.app, project)
    visitor.visit(there, "in", name="ann", password=PASSWORD)
    visitor.visit(here, "password", name="ann", password=AGAIN, keep="")
    assert visitor.visit(there, "who") == "ann"
    assert visitor.visit(there, "in", name="ann", password=AGAIN) == "ann"


@pytest.mark.slow
@pytest.mark.parametrize("bind_key", ["users", None])
def test_sessions_may_be_what_is_elsewhere(
    make_site: MakeSite, project: LiveDjango, database_url: sa.URL, users_url: str, bind_key: Any
) -> None:
    site = make_site(
        table=False,
        SQLALCHEMY_DATABASE_URI=users_url,
        SQLALCHEMY_BINDS={"sessions": text_of(database_url), "users": users_url},
        extension={"bind_key": "sessions"},
    )
    _with_views(site, user_model=_mapped(site, bind_key))
    make_user()
    visitor = Visitor(site.app, project)
    visitor.on_django("in", name="ann", password=PASSWORD)
    assert visitor.on_flask("who") == "ann"


def test_a_class_without_a_bind_is_where_the_sessions_are_if_there_is_no_other_place(
    database_url: sa.URL,
) -> None:
    app = Flask("tests")
    app.config.update(SECRET_KEY="x", SQLALCHEMY_BINDS={"django": text_of(database_url)})
    site = _site_of(app, bind_key="django")
    auth = DjangoAuth(site.sessions, user_model=_mapped(site, None))
    with app.app_context():
        auth.create_tables()
        assert auth.get_user(1) is None
        site.db.engines["django"].dispose()


def _site_of(app: Flask, **options: Any) -> Site:
    from flask_sqlalchemy import SQLAlchemy

    db = SQLAlchemy(app)
    return Site(app, db, DjangoSessions(app, db, **options))


def test_a_bind_that_there_is_not_is_named(site: Site) -> None:
    auth = DjangoAuth(site.sessions, bind_key="persons")
    with site.app.app_context(), pytest.raises(RuntimeError, match="has no 'persons'"):
        auth.get_user(1)


# What does harm is not advised, and not done


def test_beside_django_nobody_is_advised_to_make_a_second_table(
    site: Site, project: LiveDjango
) -> None:
    _with_views(site)
    make_user()
    visitor = Visitor(site.app, project)
    visitor.on_django("in", name="ann", password=PASSWORD)
    with pytest.raises(MissingUserTableError) as caught:
        visitor.on_flask("who")
    assert "DATABASE_ROUTERS" in str(caught.value)
    assert "bind_key" in str(caught.value)
    assert "create" not in str(caught.value)
    assert visitor.on_django("who") == "ann"


@pytest.mark.usefixtures("project")
def test_beside_django_no_second_table_is_made(site: Site) -> None:
    auth = _with_views(site)
    with site.app.app_context(), pytest.raises(ValueError, match="A second table of users was not"):
        auth.create_tables()
    result = site.app.test_cli_runner().invoke(args=["users", "create-tables"])
    assert (result.exit_code, "Error: Django has run the migrations" in result.output) == (1, True)
    with site.app.app_context():
        assert "auth_user" not in sa.inspect(site.db.engine).get_table_names()


@pytest.mark.parametrize("bind_key", ["users", None])
def test_a_write_of_the_views_own_on_their_database_is_told(
    site: Site, users_url: str, bind_key: str | None
) -> None:
    with site.app.app_context():
        site.sessions.create_table()
    auth = _with_views(site, bind_key=bind_key)
    with site.app.test_request_context():
        auth.create_tables()
        user = auth.create_user("ann", password=PASSWORD)
        with site.db.engines[bind_key].begin() as connection:
            connection.exec_driver_sql("UPDATE auth_user SET email = 'a@example.org'")
            with pytest.raises(DatabaseHeldError):
                auth.login(user)
