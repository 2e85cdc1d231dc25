"""Small sites, really written, and set up by a Python of their own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from flask_dj_session import django_settings

#: the least that has sessions and users
MINIMAL = """
SECRET_KEY = "the site's"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}
INSTALLED_APPS = [
    "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]
ROOT_URLCONF = "mysite.urls"
"""

#: writes files by their names, and returns the folder of manage.py
WriteSite = Callable[..., Path]
#: asks the site in that folder, and returns settings for a Flask app
ReadSite = Callable[..., dict[str, Any]]


@pytest.fixture
def site_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that is not on Python's path; no variable names a site."""
    names = (
        "SETTINGS_MODULE",
        "PYTHON",
        "PATH",
        "SECRET_KEY",
        "DATABASE_PASSWORD",
        "CACHE_PASSWORD",
    )
    for name in [*(f"DJANGO_{name}" for name in names), "SITE_DESCRIPTION"]:
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "site"
    folder.mkdir()
    return folder


@pytest.fixture
def write_site(site_folder: Path) -> WriteSite:
    """Return what writes a site: by default the least, and *code* after it in the settings."""

    def write(code: str = "", **files: str) -> Path:
        texts = {"mysite/settings": MINIMAL + dedent(code), "mysite/urls": "urlpatterns = []"}
        for name, text in {**texts, **files}.items():
            file = site_folder / f"{name}.py"
            file.parent.mkdir(exist_ok=True)
            file.write_text(dedent(text), encoding="utf-8")
        return site_folder

    return write


@pytest.fixture
def read_site(site_folder: Path) -> ReadSite:
    """Return what asks the site with the Python that runs the tests."""

    def read(module: str = "mysite.settings", **options: Any) -> dict[str, Any]:
        return django_settings(module, **{"python": sys.executable, "path": site_folder, **options})

    return read
