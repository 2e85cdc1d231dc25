"""A description as a file: nothing secret is in it, and an app on another machine works with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_dj_session import DjangoSessions, django_settings
from flask_dj_session.description import read_description
from flask_dj_session.errors import SettingError
from flask_dj_session.settings import ORIGIN, read_again

from .conftest import ReadSite, WriteSite

SECRETS = """
    SECRET_KEY = "hush-1"
    SECRET_KEY_FALLBACKS = [b"hush-2", "hush-3"]
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql", "NAME": "shop", "USER": "ann",
            "PASSWORD": "hush-4", "HOST": "db", "PORT": 5432,
            "OPTIONS": {"sslmode": "require", "passfile": "/etc/pgpass"},
        },
        "token": {"ENGINE": "django.db.backends.sqlite3", "NAME": "/srv/other.sqlite3"},
        "tls": {
            "ENGINE": "django.db.backends.postgresql", "NAME": "shop",
            "OPTIONS": {"sslpassword": "hush-5", "options": "-c app.password=hush-6"},
        },
    }
    CACHES = {"default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": ["redis://:hush-7@cache/1", "redis://me:hush-8/x@cache/1"],
        "OPTIONS": {"password": "hush-9", "auth": {"api_key": "hush-10"}, "db": 1},
    }}
"""
_KEYS = {"DJANGO_SECRET_KEY": "hush-1", "DJANGO_SECRET_KEY_FALLBACKS": '["hush-3"]'}


@pytest.fixture
def file(write_site: WriteSite, read_site: ReadSite, tmp_path: Path) -> Path:
    """Return the file of a site that has secrets wherever it can."""
    write_site(SECRETS)
    told = read_site(using=None)[ORIGIN].description
    path = tmp_path / "site.json"
    path.write_text(json.dumps(told.facts))
    return path


def _refusal(**options: Any) -> str:
    with pytest.raises(SettingError) as caught:
        django_settings(**options)
    return str(caught.value)


@pytest.mark.process
def test_no_secret_is_in_it_nor_in_what_an_app_keeps_of_a_site(
    file: Path, write_site: WriteSite, read_site: ReadSite
) -> None:
    text = file.read_text()
    assert "hush" not in text
    assert "/etc/pgpass" in text
    assert "redis://me:***@cache/1" in text
    assert "/srv/other.sqlite3" in text
    kept = read_site(using=None)[ORIGIN]
    assert "hush" not in repr(kept)
    assert "hush" not in json.dumps(kept.description.facts)


@pytest.mark.process
def test_keys_and_password_come_from_the_environment(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _refusal(description=file) == (
        "'DJANGO_SECRET_KEY' is not set, and the description holds no key."
        " Set it to what the site has."
    )
    monkeypatch.setenv("DJANGO_SECRET_KEY", "hush-1")
    assert _refusal(description=file).startswith(
        "'DJANGO_SECRET_KEY_FALLBACKS' is not set, and the site has older keys (2)."
    )
    monkeypatch.setenv("DJANGO_SECRET_KEY_FALLBACKS", "hush-2")
    assert _refusal(description=file).startswith(
        "'DJANGO_SECRET_KEY_FALLBACKS' is no list of texts in JSON."
    )
    monkeypatch.setenv("DJANGO_SECRET_KEY_FALLBACKS", '["hush-3"]')
    assert _refusal(description=file).startswith(
        "'DJANGO_DATABASE_PASSWORD' is not set, and the description does not hold the password of"
    )
    monkeypatch.setenv("DJANGO_DATABASE_PASSWORD", "hush-4")
    read = django_settings(description=file)
    assert (read["SECRET_KEY"], read["SECRET_KEY_FALLBACKS"]) == ("hush-1", ("hush-3",))
    url = sa.make_url(read["SQLALCHEMY_DATABASE_URI"])
    assert (url.username, url.password, url.host, url.port) == ("ann", "hush-4", "db", 5432)
    assert url.query == {"sslmode": "require", "passfile": "/etc/pgpass"}
    monkeypatch.setenv("SITE_DESCRIPTION", str(file))
    assert django_settings() == read
    assert read_again(read[ORIGIN], using="default") == read


@pytest.mark.process
def test_the_password_of_the_cache_comes_from_the_environment(
    write_site: WriteSite, read_site: ReadSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_site("""
        SESSION_ENGINE = 'django.contrib.sessions.backends.cached_db'
        CACHES = {'default': {
            'BACKEND': 'django.core.cache.backends.redis.RedisCache',
            'LOCATION': ['redis://:hush-7@cache/1', 'redis://me:hush-7@cache/1'],
            'OPTIONS': {'password': 'hush-7', 'db': 1}}}
    """)
    read = read_site(using=None)
    path = tmp_path / "site.json"
    path.write_text(json.dumps(read[ORIGIN].description.facts))
    assert "hush" not in path.read_text()
    monkeypatch.setenv("DJANGO_SECRET_KEY", "hush-1")
    assert _refusal(description=path, using=None) == (
        "'DJANGO_CACHE_PASSWORD' is not set, and the description does not hold the password of the"
        " cache 'default'. Set it to what the site has."
    )
    monkeypatch.setenv("DJANGO_CACHE_PASSWORD", "hush-7")
    assert django_settings(description=path, using=None)["CACHES"] == read["CACHES"]


@pytest.mark.process
def test_a_database_that_needs_no_password_asks_for_none(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in _KEYS.items():
        monkeypatch.setenv(name, value)
    read = django_settings(description=file, using="token")
    assert read["SQLALCHEMY_DATABASE_URI"] == "sqlite:////srv/other.sqlite3"
    assert "has under 'tls' the secret option 'sslpassword', which no description holds." in (
        _refusal(description=file, using="tls")
    )


@pytest.mark.process
def test_the_command_prints_what_a_file_holds(
    write_site: WriteSite, site_folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_site("SECRET_KEY = 'hush'; print('Welcome')")
    app = Flask("tests")
    app.config.update(SECRET_KEY="another", SQLALCHEMY_DATABASE_URI="sqlite://")
    DjangoSessions(app, SQLAlchemy(app))
    options = ["--settings", "mysite.settings", "--path", str(site_folder)]
    done = app.test_cli_runner().invoke(args=["sessions", "describe", *options])
    assert done.exit_code == 0
    file = tmp_path / "site.json"
    file.write_text(done.output)
    assert read_description(file).module == "mysite.settings"
    assert "hush" not in done.output
    assert "Welcome" not in done.output + capfd.readouterr().out
    wrong = [*options, "--python", str(tmp_path / "absent")]
    failed = app.test_cli_runner().invoke(args=["sessions", "describe", *wrong])
    assert (failed.exit_code, failed.output.count("\n")) == (1, 1)
    assert failed.output.startswith("Error: 'DJANGO_PYTHON' is ")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "which cannot be read (No such file or directory)"),
        ("{", "and no JSON"),
        ("[]", "and no description of a site"),
        ("{}", "and no description of a site"),
        ('{"description": 2}', "in format 2, of which nothing is known here (known is 1)"),
    ],
)
def test_a_file_that_is_no_description_is_refused(
    text: str | None, problem: str, tmp_path: Path
) -> None:
    file = tmp_path / "site.json"
    if text is not None:
        file.write_text(text)
    assert _refusal(description=file).startswith(f"'SITE_DESCRIPTION' is {str(file)!r}, {problem}.")


@pytest.mark.parametrize(
    "options",
    [{"description": "x", "python": "y"}, {"description": "x", "module": "y"}, {"path": "/srv"}],
)
def test_arguments_that_do_not_go_together_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=r"Leave out|too\.$"):
        django_settings(**options)
