"""A Django project, as ``startproject`` makes it, with a view that counts; and Flask beside it."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from . import serving
from .console import ROOT, files

_URLS = files(ROOT / "docs" / "how-to" / "beside-django.md")["mysite/urls.py"]
_SERVES = re.compile(r"flask(?: --app (?P<app>\w+))? run(?: &)?")
_GUNICORN = re.compile(r"gunicorn --bind 127\.0\.0\.1:(?P<port>\d+) (?P<options>.*) &")
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
        if serves := _SERVES.fullmatch(command):
            self._serve_flask(serves["app"])
            return []
        if serves := _GUNICORN.fullmatch(command):
            self._serve_with_gunicorn(serves["port"], *serves["options"].split())
            return []
        if "5000" in command and "5000" not in self._ports:
            self._serve_flask()
        for port, here in self._ports.items():
            command = command.replace(port, here)
        return self._bash(command)

    def write(self, name: str, text: str) -> None:
        """Put a file into the project."""
        (self._folder / name).write_text(text, encoding="utf-8")

    def _serve_flask(self, app: str | None = None) -> None:
        """Serve the *app* of the project's folder, or else ``app.py``."""
        folder, options = (self._folder, ("--app", app)) if app else (self._course_folder, ())
        server = serving.flask(folder, self._variables, *options)
        self._ports["5000"] = self._stack.enter_context(server)

    def _serve_with_gunicorn(self, port: str, *options: str) -> None:
        if not importlib.util.find_spec("gunicorn"):
            pytest.skip("not installed here: gunicorn")
        server = serving.gunicorn(self._folder, self._variables, *options)
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
            # Where app.py is for Flask's commands, unless they name an app beside manage.py.
            cwd=self._course_folder if _is_of_the_course(command) else self._folder,
            env=serving.environment(self._variables),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout.splitlines()


def _is_of_the_course(command: str) -> bool:
    return command.startswith("flask ") and "--app" not in command


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
    with ExitStack() as stack:
        terminal = Project(folder / "site", folder / "course", stack)
        terminal.write("mysite/urls.py", _URLS)
        for command in prepare:
            terminal.run(command)
        yield terminal
