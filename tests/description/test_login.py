"""Users and backends of a site that was asked: who is known here, and what is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Integer, String
from sqlalchemy.orm import mapped_column

from flask_dj_session import DjangoSessions
from flask_dj_session.auth import DjangoAuth, UserMixin
from flask_dj_session.errors import SettingError

from .conftest import ReadSite, WriteSite

pytestmark = pytest.mark.process

SETTINGS = """
    INSTALLED_APPS += ["people"]
    AUTH_USER_MODEL = "people.Person"
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    AUTHENTICATION_BACKENDS = [
        "people.backends.Rules", "people.backends.ByEmail", "people.backends.Own",
        "people.backends.Same",
    ]
"""
MODELS = """
    from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
    from django.db import models

    class Person(AbstractBaseUser):
        email = models.EmailField(unique=True)
        is_active = models.BooleanField(default=True)
        USERNAME_FIELD = "email"
        objects = BaseUserManager()
        class Meta:
            db_table = "everybody"
"""
BACKENDS = """
    from django.contrib.auth.backends import ModelBackend

    class Rules:
        def has_perm(self, user, perm, obj=None):
            return False
    class ByEmail(ModelBackend):
        def authenticate(self, request, email=None, password=None):
            return None
    class Own(ModelBackend):
        def get_user(self, user_id):
            return None
    class Same(ModelBackend):
        pass
"""
FILES = {"people/__init__": "", "people/models": MODELS, "people/backends": BACKENDS}
OWN_HASH = """
    def own_hash(self):
        return "made of a token"
    Person.get_session_auth_hash = own_hash
"""
#: makes the tables, a user, and a session for each backend; prints the keys
_SESSIONS = """
    import django, json
    django.setup()
    from importlib import import_module
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    call_command("migrate", run_syncdb=True, verbosity=0)
    user = get_user_model()(email="ann@example.org")
    user.set_password("secret")
    user.save()
    keys = {}
    for path in settings.AUTHENTICATION_BACKENDS:
        session = import_module(settings.SESSION_ENGINE).SessionStore()
        session["_auth_user_id"], session["_auth_user_backend"] = str(user.pk), path
        session["_auth_user_hash"] = user.get_session_auth_hash()
        session.save()
        keys[path.rpartition(".")[2]] = session.session_key
    print(json.dumps(keys))
"""


def _keys(folder: Path) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-c", dedent(_SESSIONS)],
        cwd=folder,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "mysite.settings"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    keys: dict[str, str] = json.loads(done.stdout)
    return keys


def _app(read: dict[str, Any], **options: Any) -> tuple[Flask, DjangoAuth]:
    app = Flask("tests")
    app.config.from_mapping(read)
    auth = DjangoAuth(DjangoSessions(app, SQLAlchemy(app)), **options)
    app.add_url_rule("/", view_func=lambda: str(auth.current_user))
    return app, auth


def test_users_are_known_by_the_rules_of_the_backend_that_has_logged_them_in(
    write_site: WriteSite, read_site: ReadSite
) -> None:
    keys = _keys(write_site(SETTINGS, **FILES))
    with pytest.warns(UserWarning, match=r"'people\.backends\.Own', which finds its users in its"):
        app, auth = _app(read_site())
    who = {}
    for backend, key in keys.items():
        client = app.test_client()
        client.set_cookie("sessionid", key)
        who[backend] = client.get("/").text
    assert who == {
        "Rules": "AnonymousUser",
        "ByEmail": "ann@example.org",
        "Own": "AnonymousUser",
        "Same": "ann@example.org",
    }
    with app.test_request_context():
        user = auth.authenticate("ann@example.org", "secret")
        assert user.backend == "people.backends.Same"
    with app.app_context():
        assert auth.accounts.users.model.table == "everybody"
        app.extensions["sqlalchemy"].engine.dispose()


def test_a_password_that_was_changed_ends_a_session_as_in_django(
    write_site: WriteSite, read_site: ReadSite
) -> None:
    settings = f"{SETTINGS}    AUTHENTICATION_BACKENDS = ['people.backends.Same']\n"
    key = _keys(write_site(settings, **FILES))["Same"]
    app, auth = _app(read_site())
    with app.app_context():
        auth.set_password(auth.get_by_natural_key("ann@example.org"), "another")
    client = app.test_client()
    client.set_cookie("sessionid", key)
    assert client.get("/").text == "AnonymousUser"
    with app.app_context():
        assert not auth.accounts.site.store.exists(key)
        app.extensions["sqlalchemy"].engine.dispose()


def test_a_session_hash_of_the_users_own_is_refused_until_a_class_makes_the_same(
    write_site: WriteSite, read_site: ReadSite
) -> None:
    settings = f"{SETTINGS}    AUTHENTICATION_BACKENDS = ['people.backends.Same']\n"
    files = {**FILES, "people/models": MODELS + OWN_HASH}
    key = _keys(write_site(settings, **files))["Same"]
    read = read_site()
    with pytest.raises(SettingError, match=r"'people\.Person', whose own 'get_session_auth_hash'"):
        _app(read)
    app = Flask("tests")
    app.config.from_mapping(read)
    db = SQLAlchemy(app)

    class Person(UserMixin, db.Model):  # type: ignore[name-defined, misc]
        __tablename__ = "everybody"
        id = mapped_column(Integer, primary_key=True)
        email = mapped_column(String)
        USERNAME_FIELD = "email"

        def get_session_auth_hash(self, secret: Any = None) -> str:
            return "made of a token"

    auth = DjangoAuth(DjangoSessions(app, db), user_model=Person)
    app.add_url_rule("/", view_func=lambda: str(auth.current_user))
    client = app.test_client()
    client.set_cookie("sessionid", key)
    assert client.get("/").text == "ann@example.org"
    with app.app_context():
        db.engine.dispose()


def test_what_a_site_says_of_its_users(write_site: WriteSite, read_site: ReadSite) -> None:
    write_site(SETTINGS, **FILES)
    told = read_site()["DJANGO_PROJECT"].description.user
    # By default the one before Django 6.0, the other since.
    assert told["table"] == "everybody"
    assert told["pk"]["kind"] in ("AutoField", "BigAutoField")
    assert (told["username"]["name"], told["ignores_case"]) == ("email", False)
    assert (told["is_active"], told["has_own_session_hash"]) == ("column", False)


def test_a_hasher_that_is_djangos_with_other_parameters_needs_no_import(
    write_site: WriteSite, read_site: ReadSite
) -> None:
    hashers = """
        from django.contrib.auth.hashers import PBKDF2PasswordHasher
        class Quick(PBKDF2PasswordHasher):
            algorithm = "quick"
            iterations = 1000
    """
    settings = f"{SETTINGS}    AUTHENTICATION_BACKENDS = ['people.backends.Same']\n"
    settings += "    PASSWORD_HASHERS = ['people.hashers.Quick']\n"
    _keys(write_site(settings, **{**FILES, "people/hashers": hashers}))
    app, auth = _app(read_site())
    with app.app_context():
        user = auth.authenticate("ann@example.org", "secret")
        assert user.password.startswith("quick$1000$")
        assert auth.accounts.hashers.make("x").startswith("quick$1000$")
        app.extensions["sqlalchemy"].engine.dispose()
