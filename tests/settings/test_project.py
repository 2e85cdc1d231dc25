"""What is read from a settings module, and what a Flask app makes of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_dj_session import DjangoSessions, django_settings
from flask_dj_session.auth import DjangoAuth
from flask_dj_session.errors import SettingError
from flask_dj_session.settings import AUTH_DEFAULTS, DEFAULTS, ORIGIN, Origin, prepare

from .conftest import Pretend, WriteSettings


def _app(**config: Any) -> Flask:
    app = Flask("tests")
    app.config.from_mapping(config)
    DjangoSessions(app, SQLAlchemy(app))
    return app


def test_only_what_the_module_sets_is_read(write_settings: WriteSettings) -> None:
    read = django_settings(write_settings("SESSION_COOKIE_AGE = 77\nINSTALLED_APPS = []"))
    assert set(read) == {"SECRET_KEY", "SESSION_COOKIE_AGE", "SQLALCHEMY_DATABASE_URI", ORIGIN}
    assert read["SECRET_KEY"] == "the project's"
    assert read["SESSION_COOKIE_AGE"] == 77
    assert read["SQLALCHEMY_DATABASE_URI"] == "sqlite:////srv/db.sqlite3"


def test_every_setting_that_we_know_is_read(write_settings: WriteSettings) -> None:
    values: dict[str, Any] = {name: f"a {name}" for name in [*DEFAULTS, *AUTH_DEFAULTS]}
    flags = {
        name for name, value in {**DEFAULTS, **AUTH_DEFAULTS}.items() if value in (True, False)
    }
    values |= {"SESSION_ENGINE": "mysite.sessions", **dict.fromkeys(flags, True)}
    del values["DEFAULT_HASHING_ALGORITHM"]  # unknown to the Django that is installed
    code = "\n".join(f"{name} = {value!r}" for name, value in values.items())
    read = django_settings(write_settings(code))
    assert {name: read[name] for name in values} == values


def test_the_environment_names_the_module(
    write_settings: WriteSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", write_settings())
    assert django_settings()["SECRET_KEY"] == "the project's"


def test_a_package_that_stars_its_base_and_reads_the_environment_is_read(
    write_settings: WriteSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYSITE_KEY", "from outside")
    write_settings(module="site_settings.base")
    write_settings(begin="", module="site_settings.__init__")
    code = "import os\nfrom .base import *\nSECRET_KEY = os.environ['MYSITE_KEY']"
    read = django_settings(write_settings(code, begin="", module="site_settings.production"))
    assert read["SECRET_KEY"] == "from outside"
    assert read["SQLALCHEMY_DATABASE_URI"] == "sqlite:////srv/db.sqlite3"


def test_an_alias_is_chosen(write_settings: WriteSettings) -> None:
    code = "DATABASES['other'] = {**DATABASES['default'], 'NAME': '/srv/other.sqlite3'}"
    read = django_settings(write_settings(code), using="other")
    assert read["SQLALCHEMY_DATABASE_URI"] == "sqlite:////srv/other.sqlite3"


def test_the_database_can_be_left_to_the_caller(write_settings: WriteSettings) -> None:
    read = django_settings(write_settings("del DATABASES"), using=None)
    assert set(read) == {"SECRET_KEY", ORIGIN}


def test_it_is_remembered_where_settings_came_from_but_not_what_they_are(
    write_settings: WriteSettings,
) -> None:
    read = django_settings(write_settings())
    assert read[ORIGIN] == Origin("mysite.settings", "default", frozenset({"SECRET_KEY"}))


@pytest.mark.process
def test_django_is_not_imported_where_the_module_does_not(
    write_settings: WriteSettings, folder: Path
) -> None:
    script = (
        "import sys; from flask_dj_session import django_settings;"
        f"django_settings({write_settings()!r}); print('django' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(folder)!r});{script}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("5.0", {}),
        ("6.1a1", {}),
        ("4.2.11", {"USE_TZ": False}),
        ("3.1.14", {"USE_TZ": False}),
        ("3.0.14", {"USE_TZ": False, "DEFAULT_HASHING_ALGORITHM": "sha1"}),
    ],
)
def test_the_installed_django_decides_what_the_module_leaves_open(
    version: str, expected: dict[str, Any], write_settings: WriteSettings, pretend: Pretend
) -> None:
    pretend("Django", version)
    read = django_settings(write_settings(), using=None)
    assert {name: read[name] for name in expected} == expected
    assert len(read) == 2 + len(expected)


def test_what_the_module_sets_beats_the_installed_django(
    write_settings: WriteSettings, pretend: Pretend
) -> None:
    pretend("Django", "3.0.14")
    code = "USE_TZ = True\nDEFAULT_HASHING_ALGORITHM = 'sha256'"
    read = django_settings(write_settings(code), using=None)
    assert read["USE_TZ"] is True
    assert read["DEFAULT_HASHING_ALGORITHM"] == "sha256"


@pytest.mark.parametrize(("version", "read_as"), [("3.2.25", "sha1"), ("4.0", None)])
def test_the_old_form_is_not_written_for_a_django_that_cannot_read_it(
    version: str, read_as: str | None, write_settings: WriteSettings, pretend: Pretend
) -> None:
    pretend("Django", version)
    read = django_settings(write_settings("DEFAULT_HASHING_ALGORITHM = 'sha1'"))
    assert read.get("DEFAULT_HASHING_ALGORITHM") == read_as


def test_without_django_nothing_is_assumed(
    write_settings: WriteSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_dj_session.settings.project.installed", lambda _: None)
    read = django_settings(write_settings("DEFAULT_HASHING_ALGORITHM = 'sha1'"))
    assert read["DEFAULT_HASHING_ALGORITHM"] == "sha1"
    assert "USE_TZ" not in read


def test_a_project_may_choose_what_flask_has_by_default(write_settings: WriteSettings) -> None:
    code = "SESSION_COOKIE_NAME = 'session'\nSESSION_COOKIE_PATH = None"
    app = _app(**django_settings(write_settings(code)))
    assert app.config["SESSION_COOKIE_NAME"] == "session"
    assert app.config["SESSION_COOKIE_PATH"] is None
    assert app.config["SESSION_COOKIE_SAMESITE"] == "Lax"


def test_no_samesite_in_djangos_older_spelling_is_none_here_either(
    write_settings: WriteSettings,
) -> None:
    code = "SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = None"
    app = _app(**django_settings(write_settings(code)))
    assert app.config["SESSION_COOKIE_SAMESITE"] is app.config["CSRF_COOKIE_SAMESITE"] is False


def test_the_login_is_the_projects(write_settings: WriteSettings) -> None:
    code = "AUTH_USER_MODEL = 'shop.Customer'; LOGIN_URL = '/hello'; CSRF_COOKIE_NAME = 'xsrf'"
    app = Flask("tests")
    app.config.from_mapping(django_settings(write_settings(code)))
    auth = DjangoAuth(DjangoSessions(app, SQLAlchemy(app)))
    with app.app_context():
        settings = auth.accounts.settings
        assert (settings.user_model, settings.login_url) == ("shop.Customer", "/hello")
        assert settings.csrf_cookie.name == "xsrf"


def test_a_wrong_type_is_refused_at_init_app(write_settings: WriteSettings) -> None:
    read = django_settings(write_settings("SESSION_COOKIE_AGE = '2 weeks'"))
    with pytest.raises(SettingError, match="'SESSION_COOKIE_AGE' is '2 weeks'"):
        prepare(read, {})


@pytest.mark.parametrize("engine", ["cache", "file", "signed_cookies"])
def test_an_engine_that_does_not_use_the_table_is_refused(
    engine: str, write_settings: WriteSettings
) -> None:
    module = write_settings(f"SESSION_ENGINE = 'django.contrib.sessions.backends.{engine}'")
    with pytest.raises(SettingError, match=r"'SESSION_ENGINE' is .* does not keep sessions"):
        django_settings(module)


def test_cached_db_is_accepted_with_a_warning(write_settings: WriteSettings) -> None:
    module = write_settings("SESSION_ENGINE = 'django.contrib.sessions.backends.cached_db'")
    read = django_settings(module)
    with pytest.warns(UserWarning, match="changed or ended here only when its cache entry expires"):
        _app(**read)


@pytest.mark.parametrize("key", ["", "SECRET_KEY = ''", "SECRET_KEY = None"])
def test_a_module_without_a_secret_key_is_refused(key: str, write_settings: WriteSettings) -> None:
    with pytest.raises(SettingError, match=r"'SECRET_KEY' is not set in 'mysite\.settings'"):
        django_settings(write_settings(key, begin=""))


@pytest.mark.parametrize("databases", ["{}", "None", "[]"])
def test_a_module_without_databases_is_refused(
    databases: str, write_settings: WriteSettings
) -> None:
    with pytest.raises(SettingError, match="'DATABASES' is not set"):
        django_settings(write_settings(f"DATABASES = {databases}"))


def test_an_unknown_alias_is_refused_with_the_known_ones(write_settings: WriteSettings) -> None:
    module = write_settings("DATABASES['replica'] = {}")
    with pytest.raises(SettingError, match=r"has no 'logs'\. It has: 'default', 'replica'\."):
        django_settings(module, using="logs")
    with pytest.raises(SettingError, match="has an entry 'replica' without ENGINE"):
        django_settings(module, using="replica")


def test_no_error_holds_a_secret(write_settings: WriteSettings) -> None:
    entry = {"ENGINE": "django.db.backends.oracle", "PASSWORD": "hush", "OPTIONS": {"a": "hush"}}
    module = write_settings(f"SECRET_KEY = 'hush'\nDATABASES = {{'default': {entry}}}")
    with pytest.raises(SettingError) as caught:
        django_settings(module)
    assert "hush" not in str(caught.value)


def test_the_least_that_django_starts_with_is_enough(write_settings: WriteSettings) -> None:
    config = _app(**django_settings(write_settings())).config
    assert {name: config[name] for name in DEFAULTS} == {**DEFAULTS, "SECRET_KEY": "the project's"}
