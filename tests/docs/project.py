"""A Django project, as ``startproject`` makes it, with the README's view; and Flask beside it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest

from . import serving
from .console import ROOT

_URLS = re.compile(r"^```python\n(from django\.http .*?)^```$", re.MULTILINE | re.DOTALL)
_EXPORTED = re.compile(r"(\w+)=")


class Project:
    """A terminal in the project: what is exported stays, and what ends in ``&`` runs on."""

    def __init__(self, folder: Path, course_folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._course_folder = course_folder
        self._stack = stack
        self._ports: dict[str, str] = {}
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        self._variables = {"PATH": path}

    def run(self, command: str) -> list[str]:
        """Run *command*; the ports of the documents are those of the servers here."""
        if command.startswith("export "):
            self._export(command.replace("/srv/mysite", str(self._folder)))
            return []
        if command == "python manage.py runserver &":
            self._ports["8000"] = self._stack.enter_context(
                serving.django(self._folder, self._variables)
            )
            return []
        if command == "flask run" or ("5000" in command and "5000" not in self._ports):
            self._serve("5000", serving.flask(self._course_folder, self._variables))
            if command == "flask run":
                return []
        for port, here in self._ports.items():
            command = command.replace(port, here)
        return self._bash(command)

    def _serve(self, port: str, server: AbstractContextManager[str]) -> None:
        self._ports[port] = self._stack.enter_context(server)

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
            env=serving.environment(self._variables),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout.splitlines()


@contextmanager
def project(folder: Path, *, prepare: tuple[str, ...] = ()) -> Iterator[Project]:
    """Lend a terminal in a new project.

    :param prepare: commands that have been given there before.
    """
    for name in ("site", "course"):
        (folder / name).mkdir()
    serving.copy_course(folder / "course")
    make = [sys.executable, "-m", "django", "startproject", "mysite", "."]
    subprocess.run(make, cwd=folder / "site", check=True, timeout=60)
    urls = _URLS.search((ROOT / "README.md").read_text(encoding="utf-8"))
    assert urls is not None
    (folder / "site" / "mysite" / "urls.py").write_text(urls[1], encoding="utf-8")
    with ExitStack() as stack:
        terminal = Project(folder / "site", folder / "course", stack)
        for command in prepare:
            terminal.run(command)
        yield terminal
