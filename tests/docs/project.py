"""A Django project, as ``startproject`` makes it, with the README's view; and Flask beside it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from .console import ROOT

_URLS = re.compile(r"^```python\n(from django\.http .*?)^```$", re.MULTILINE | re.DOTALL)
_EXPORTED = re.compile(r"(\w+)=")
_ADDRESS = re.compile(r"server at http://127\.0\.0\.1:(\d+)/")

#: serves ``app.py`` from a folder, with some variables, and lends the port
Serve = Callable[[Path, dict[str, str]], Any]


class Project:
    """A terminal in the project: what is exported stays, and what ends in ``&`` runs on."""

    def __init__(self, folder: Path, course_folder: Path, serve: Serve, stack: ExitStack) -> None:
        self._folder = folder
        self._course_folder = course_folder
        self._serve = serve
        self._stack = stack
        self._ports: dict[str, str] = {}
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        self._variables = {"PATH": path, "PYTHONUNBUFFERED": "1"}

    def run(self, command: str) -> list[str]:
        """Run *command*; the ports of the documents are those of the servers here."""
        if command.startswith("export "):
            self._export(command.replace("/srv/mysite", str(self._folder)))
            return []
        if command == "python manage.py runserver &":
            self._ports["8000"] = self._stack.enter_context(self._django())
            return []
        if command == "flask run" or ("5000" in command and "5000" not in self._ports):
            served = self._serve(self._course_folder, self._variables)
            self._ports["5000"] = self._stack.enter_context(served)
            if command == "flask run":
                return []
        for port, here in self._ports.items():
            command = command.replace(port, here)
        return self._bash(command)

    def _export(self, command: str) -> None:
        names = _EXPORTED.findall(command)
        shown = " ".join(f'"${name}"' for name in names)
        values = self._bash(f"{command}; printf '%s\\n' {shown}")
        self._variables.update(zip(names, values, strict=True))

    def _bash(self, command: str) -> list[str]:
        if "curl" in command and not shutil.which("curl"):
            pytest.skip("not installed here: curl")
        done = subprocess.run(
            ["bash", "-c", command],
            # Where app.py is for Flask's commands, and manage.py for Django's.
            cwd=self._course_folder if command.startswith("flask ") else self._folder,
            env={**os.environ, **self._variables},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout.splitlines()

    @contextmanager
    def _django(self) -> Iterator[str]:
        with subprocess.Popen(
            [sys.executable, "manage.py", "runserver", "--noreload", "127.0.0.1:0"],
            cwd=self._folder,
            env={**os.environ, **self._variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as server:
            assert server.stdout is not None
            try:
                yield next(found[1] for line in server.stdout if (found := _ADDRESS.search(line)))
            finally:
                server.terminate()
                server.stdout.read()


@contextmanager
def project(folder: Path, serve: Serve, *, prepare: tuple[str, ...] = ()) -> Iterator[Project]:
    """Lend a terminal in a new project.

    :param prepare: commands that have been given there before.
    """
    for name in ("site", "course"):
        (folder / name).mkdir()
    make = [sys.executable, "-m", "django", "startproject", "mysite", "."]
    subprocess.run(make, cwd=folder / "site", check=True, timeout=60)
    urls = _URLS.search((ROOT / "README.md").read_text(encoding="utf-8"))
    assert urls is not None
    (folder / "site" / "mysite" / "urls.py").write_text(urls[1], encoding="utf-8")
    with ExitStack() as stack:
        terminal = Project(folder / "site", folder / "course", serve, stack)
        for command in prepare:
            terminal.run(command)
        yield terminal
