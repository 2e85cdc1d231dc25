"""A project as ``django-admin startproject`` makes it: read here, and run beside app.py."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from flask_dj_session import django_settings
from flask_dj_session.settings import DEFAULTS, prepare

pytestmark = pytest.mark.process

ROOT = Path(__file__).parent.parent.parent

_PRINT_SETTINGS = """
import json
from django.conf import settings
names = {names!r}
values = {{name: getattr(settings, name) for name in names if hasattr(settings, name)}}
print(json.dumps({{**values, "NAME": str(settings.DATABASES["default"]["NAME"])}}))
"""


def _python(folder: Path, *arguments: str, **variables: str) -> str:
    """Run Python in *folder* with the project's settings, and return what it prints."""
    outside = {name: value for name, value in os.environ.items() if name[:6] != "FLASK_"}
    project = {"DJANGO_SETTINGS_MODULE": "mysite.settings"}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**outside, **project, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def project(folder: Path) -> Path:
    """Return the folder of a new project, which is on Python's path."""
    path = folder / "project"
    path.mkdir()
    _python(path, "-m", "django", "startproject", "mysite", ".", DJANGO_SETTINGS_MODULE="")
    return path


@pytest.fixture
def flask_folder(tmp_path: Path) -> Path:
    """Return a folder that holds app.py and nothing else."""
    path = tmp_path / "flask"
    path.mkdir()
    shutil.copy(ROOT / "app.py", path)
    return path


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def test_flask_sees_what_django_sees(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = _PRINT_SETTINGS.format(names=list(DEFAULTS))
    django = json.loads(_python(project, "-c", script))
    monkeypatch.syspath_prepend(project)
    read = django_settings("mysite.settings")
    prepare(read, {})
    database = sa.make_url(read["SQLALCHEMY_DATABASE_URI"]).database
    assert database == django.pop("NAME")
    assert {name: _plain(read[name]) for name in django} == django
    assert set(DEFAULTS) - set(django) == {
        "SESSION_COOKIE_PARTITIONED",
        "DEFAULT_HASHING_ALGORITHM",
    }


def _flask(flask_folder: Path, project: Path, script: str, **variables: str) -> str:
    return _python(
        flask_folder,
        "-c",
        f"from app import app, db\nclient = app.test_client()\n{script}\n"
        "with app.app_context(): db.engine.dispose()",
        PYTHONPATH=f"{project}{os.pathsep}{ROOT}",
        PYTHONWARNINGS="error",
        **variables,
    )


def _django(project: Path, script: str) -> str:
    store = "from django.contrib.sessions.backends.db import SessionStore\n"
    return _python(project, "manage.py", "shell", "-v", "0", "-c", store + script)


def test_app_py_and_the_project_read_each_others_sessions(
    project: Path, flask_folder: Path
) -> None:
    _python(project, "manage.py", "migrate", "-v", "0")
    visits = "for _ in range(2): client.get('/session/sessfun')\n"
    key = _flask(
        flask_folder, project, visits + "print(client.get_cookie('sessionid').value)"
    ).strip()
    assert _django(project, f"print(SessionStore({key!r}).load())") == "{'num_visits': 2}\n"

    script = "s = SessionStore(); s['num_visits'] = 3; s.save(); print(s.session_key)"
    key = _django(project, script).strip()
    answer = f"client.set_cookie('sessionid', {key!r}); print(client.get('/session/sessfun').text)"
    assert _flask(flask_folder, project, answer) == "view count=4\n"


def test_app_py_draws_no_key_and_makes_no_database_beside_a_project(
    project: Path, flask_folder: Path
) -> None:
    _flask(flask_folder, project, "client.get('/session/sessfun')")
    assert list((flask_folder / "instance").iterdir()) == []


def test_flasks_variables_beat_the_project(project: Path, flask_folder: Path) -> None:
    printed = _flask(
        flask_folder,
        project,
        "print(app.secret_key, app.config['SESSION_COOKIE_NAME'])",
        FLASK_SECRET_KEY="another",
        FLASK_SESSION_COOKIE_NAME="mine",
    )
    assert printed == "another mine\n"
