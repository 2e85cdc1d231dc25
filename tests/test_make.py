"""``make run`` where something is in its way: an old Python, half an environment, a taken port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from .docs.serving import copy_course, environment

ROOT = Path(__file__).parents[1]
_TOOL = ROOT / "tools" / "make-venv"

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(
        not (shutil.which("make") and shutil.which("bash")), reason="make or bash is not installed"
    ),
]


@pytest.fixture
def old_python(tmp_path: Path) -> Path:
    """Return what behaves like a Python 3.9."""
    script = f"""\
[ "$1" = --version ] && echo Python 3.9.18 && exit
exec {sys.executable} -c "import sys; sys.version_info = (3, 9, 18); $2"
"""
    return _program(tmp_path / "python3.9", script)


def _program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def _make_venv(python: object, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(_TOOL), str(python), str(folder)]
    # Not what the 'make test' around this test is told.
    own = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, env=own
    )


def test_too_old_a_python_is_named_and_leaves_nothing_behind(
    old_python: Path, tmp_path: Path
) -> None:
    done = _make_venv(old_python, tmp_path / "venv")
    assert done.returncode == 1
    assert f"needs Python 3.10 or newer, and '{old_python}' is Python 3.9.18." in done.stderr
    assert "make run PYTHON=" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_a_python_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = _make_venv("nothing", tmp_path / "venv")
    assert done.returncode == 1
    assert "'nothing' is no Python." in done.stderr


def test_what_an_old_python_has_left_is_made_anew(old_python: Path, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(old_python)
    (venv / "pyvenv.cfg").touch()
    (venv / ".run").touch()
    done = _make_venv(sys.executable, venv)
    assert (done.returncode, done.stderr) == (0, "")
    assert "it is made anew" in done.stdout
    subprocess.run([venv / "bin" / "python", "-c", "import pip"], check=True)
    assert not (venv / ".run").exists()


def test_an_environment_that_is_in_order_is_left_alone(tmp_path: Path) -> None:
    _program(tmp_path / "venv" / "bin" / "python", "exit 0")
    done = _make_venv("nothing", tmp_path / "venv")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_folder_that_is_no_environment_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    _program(tmp_path / "python", '[ "$1" = -m ] && echo "$@"; exit 0')
    done = _make_venv(tmp_path / "python", tmp_path / "letters")
    assert done.stdout == f"-m venv {tmp_path / 'letters'}\n"


def test_a_taken_port_is_answered_with_the_variable_that_changes_it(tmp_path: Path) -> None:
    copy_course(tmp_path)
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "bin").symlink_to(Path(sys.executable).parent)
    for name in ("requirements.txt", "pyproject.toml", "venv/.run"):  # the last is the newest
        (tmp_path / name).touch()
    os.utime(tmp_path / "venv" / ".run", (2**31, 2**31))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            ["make", "-f", ROOT / "Makefile", "run", "VENV=venv", f"FLASK_RUN_PORT={port}"],
            cwd=tmp_path,
            env=environment({"PYTHONPATH": str(ROOT)}),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode != 0
    assert f"Port {port} is in use" in done.stdout + done.stderr
    assert "choose another: make run FLASK_RUN_PORT=5001" in done.stdout
