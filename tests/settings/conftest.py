"""Settings modules of Django projects, really written and really imported."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

#: writes the code of a settings module, and returns the module's name
WriteSettings = Callable[..., str]
#: makes Python believe in a version of a distribution
Pretend = Callable[[str, str], None]

#: the least that Django starts with
MINIMAL = """
SECRET_KEY = "the project's"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "/srv/db.sqlite3"}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder on Python's path; what was imported from it is forgotten in the end."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    yield tmp_path
    for name, module in list(sys.modules.items()):
        places = [getattr(module, "__file__", None), *getattr(module, "__path__", [])]
        if any(str(place).startswith(str(tmp_path)) for place in places):
            del sys.modules[name]


@pytest.fixture
def write_settings(folder: Path) -> WriteSettings:
    """Return what writes a settings module: by default the least, and *code* after it."""

    def write(code: str = "", *, begin: str = MINIMAL, module: str = "mysite.settings") -> str:
        file = folder.joinpath(*module.split(".")).with_suffix(".py")
        file.parent.mkdir(exist_ok=True)
        file.write_text(begin + dedent(code), encoding="utf-8")
        importlib.invalidate_caches()
        return module

    return write


@pytest.fixture
def pretend(folder: Path) -> Pretend:
    """Return what makes a distribution look installed in a version."""

    def install(distribution: str, version: str) -> None:
        info = folder / f"{distribution}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Name: {distribution}\nVersion: {version}\n")
        importlib.invalidate_caches()

    return install
