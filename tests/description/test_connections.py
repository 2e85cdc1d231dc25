"""Connections of a site: what stands around Django's engines, and where routers send sessions."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_dj_session import DjangoSessions
from flask_dj_session.auth import DjangoAuth
from flask_dj_session.description.connections import databases
from flask_dj_session.errors import SettingError
from flask_dj_session.settings import ORIGIN
from flask_dj_session.settings.databases import sqlalchemy_settings

from .conftest import ReadSite, WriteSite

#: an engine that measures Django's, as django-prometheus does, and asks somebody for a password
WRAPPER = """
    from django.db.backends.{kind} import base

    class Measured:
        pass

    class DatabaseWrapper(Measured, base.DatabaseWrapper):
        pass
"""
TOKENS = """
    def get_connection_params(self):
        return {"dbname": "shop", "user": "ann", "password": "drawn", "host": "db", "port": 5432}
    DatabaseWrapper.get_connection_params = get_connection_params
"""


@pytest.mark.process
def test_an_engine_around_djangos_is_taken_for_djangos(
    write_site: WriteSite, read_site: ReadSite
) -> None:
    folder = write_site(
        "DATABASES['default']['ENGINE'] = 'mysite.measured'",
        **{"mysite/measured/__init__": "", "mysite/measured/base": WRAPPER.format(kind="sqlite3")},
    )
    assert read_site()["SQLALCHEMY_DATABASE_URI"] == f"sqlite:///{folder}/db.sqlite3"


@pytest.mark.process
def test_what_an_engine_makes_of_the_settings_counts(
    write_site: WriteSite, read_site: ReadSite
) -> None:
    settings = "DATABASES['default'] = {'ENGINE': 'mysite.tokens', 'NAME': 'x', 'USER': 'nobody'}"
    base = WRAPPER.format(kind="postgresql") + TOKENS
    write_site(settings, **{"mysite/tokens/__init__": "", "mysite/tokens/base": base})
    url = sa.make_url(read_site()["SQLALCHEMY_DATABASE_URI"])
    assert (url.username, url.password, url.host, url.database) == ("ann", "drawn", "db", "shop")


@pytest.mark.process
def test_a_router_says_where_the_sessions_are(write_site: WriteSite, read_site: ReadSite) -> None:
    code = """
        DATABASES["visits"] = {**DATABASES["default"], "NAME": "/srv/visits.sqlite3"}
        DATABASE_ROUTERS = ["mysite.routers.Router"]
    """
    router = """
        class Router:
            def db_for_write(self, model, **hints):
                return "visits" if model._meta.app_label == "sessions" else None
    """
    folder = write_site(code, **{"mysite/routers": router})
    read = read_site()
    assert read["SQLALCHEMY_DATABASE_URI"] == "sqlite:////srv/visits.sqlite3"
    assert read[ORIGIN].using == "visits"
    assert read_site(using="default")["SQLALCHEMY_DATABASE_URI"] == f"sqlite:///{folder}/db.sqlite3"
    app = Flask("tests")
    app.config.from_mapping(read)
    app.config["SQLALCHEMY_BINDS"] = {"default": f"sqlite:///{folder}/db.sqlite3"}
    sessions = DjangoSessions(app, SQLAlchemy(app))
    with pytest.raises(
        SettingError, match="'DATABASE_ROUTERS' keeps the users in 'default', which"
    ):
        DjangoAuth(sessions)
    DjangoAuth(sessions, bind_key="default")


def _told(**changes: Any) -> dict[str, Any]:
    told = {
        "engine": "django.db.backends.postgresql",
        "mro": ["django.db.backends.postgresql.base.DatabaseWrapper"],
        "settings": {"NAME": "shop", "OPTIONS": {}},
        "params": None,
        "has_own_params": False,
        "unsaid": [],
    }
    return {"default": {**told, **changes}}


def test_an_option_that_json_has_no_words_for_is_refused_by_its_name() -> None:
    told = databases(_told(unsaid=["OPTIONS.target", "OPTIONS.cursor_factory", "CONN_MAX_AGE"]))
    with pytest.raises(SettingError, match="the option 'target', which is neither text"):
        sqlalchemy_settings(told, "default", use_tz=True)


def test_an_option_that_is_djangos_own_affair_needs_no_words() -> None:
    told = databases(_told(unsaid=["OPTIONS.cursor_factory", "params.cursor_factory"]))
    found = sqlalchemy_settings(told, "default", use_tz=True)["SQLALCHEMY_DATABASE_URI"]
    assert found == "postgresql+psycopg:///shop"


def test_an_engine_that_is_nothing_like_djangos_is_named_as_it_is() -> None:
    mro = ["shop.engine.base.DatabaseWrapper", "django.db.backends.base.base.BaseDatabaseWrapper"]
    told = databases(_told(engine="shop.engine", mro=mro))
    assert told["default"]["ENGINE"] == "shop.engine"
