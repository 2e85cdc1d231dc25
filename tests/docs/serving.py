"""Servers in processes of their own, whose environment is not that of who runs the tests."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from .console import ROOT

_ADDRESS = re.compile(r"(?:Running on|server at|Listening at:) http://127\.0\.0\.1:(\d+)")


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment and *variables*, but nothing else for Flask or Django."""
    own = {
        name: value for name, value in os.environ.items() if name[:6] not in ("FLASK_", "DJANGO")
    }
    return {**own, "PYTHONUNBUFFERED": "1", **variables}


def copy_course(folder: Path) -> None:
    """Put all that ``app.py`` is made of into *folder*."""
    for name in ("app.py", "shop_corner.py"):
        shutil.copy(ROOT / name, folder)
    for name in ("static", "templates"):
        shutil.copytree(ROOT / name, folder / name)


@contextmanager
def course(folder: Path, *options_of_run: str) -> Iterator[str]:
    """Copy ``app.py`` to *folder*, serve it from there, and lend the port."""
    copy_course(folder)
    with flask(folder, {}, run=options_of_run) as port:
        yield port


@contextmanager
def flask(
    folder: Path, variables: Mapping[str, str], *options: str, run: Sequence[str] = ()
) -> Iterator[str]:
    """Serve the app of *folder* as ``flask run`` does, and lend the port.

    :param options: of ``flask`` itself, such as ``--app shop``; without any it is ``app.py``.
    :param run: the options of ``flask run``.
    """
    command = ["-m", "flask", *options, "run", "--port", "0", *run]
    with _served(folder, _with_the_package(variables), *command) as port:
        yield port


@contextmanager
def gunicorn(folder: Path, variables: Mapping[str, str], *options: str) -> Iterator[str]:
    """Serve an application of *folder* with gunicorn, and lend the port."""
    command = ["-m", "gunicorn", "--bind", "127.0.0.1:0", *options]
    with _served(folder, _with_the_package(variables), *command) as port:
        yield port


def _with_the_package(variables: Mapping[str, str]) -> dict[str, str]:
    paths = [str(ROOT), *filter(None, [variables.get("PYTHONPATH")])]
    return {**variables, "PYTHONPATH": os.pathsep.join(paths)}


@contextmanager
def django(folder: Path, variables: Mapping[str, str]) -> Iterator[str]:
    """Serve the project in *folder* as ``runserver`` does, and lend the port."""
    command = ["manage.py", "runserver", "--noreload", "127.0.0.1:0"]
    with _served(folder, variables, *command) as port:
        yield port


@contextmanager
def _served(folder: Path, variables: Mapping[str, str], *arguments: str) -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment(variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        assert server.stdout is not None
        try:
            yield _port(server.stdout)
        finally:
            server.terminate()
            server.stdout.read()


def _port(lines: Iterator[str]) -> str:
    said = []
    for line in lines:
        if found := _ADDRESS.search(line):
            return found[1]
        said.append(line)
    raise AssertionError("The server has ended. It said:\n" + "".join(said))
