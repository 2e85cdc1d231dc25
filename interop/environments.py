"""Virtual environments with Pythons of this machine, made when they are not there."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

from .reasons import NoPythonError, NotInstalledError

_FIND_PYTHON = Path(__file__).parent.parent / "tools" / "find-python"


class VirtualEnvironment:
    """A virtual environment; what was installed in it once is not installed again.

    :param folder: where it lies.
    :param pythons: the versions of Python that will do, in the order in which they are tried.
    """

    def __init__(self, folder: Path, pythons: tuple[str, ...]) -> None:
        self.folder = folder
        self.python = folder / "bin" / "python"
        self._pythons = pythons

    def install(self, what: str, *requirements: str) -> bool:
        """Install *requirements*, which together are *what*; return whether there was need to.

        :raises NoPythonError: where the machine has no Python for it.
        :raises NotInstalledError: where they cannot be installed.
        """
        self._begin()
        done = self.folder / f"installed-{what}"
        text = "\n".join(requirements)
        if done.exists() and done.read_text() == text:
            return False
        run_quietly([*self._pip(), *requirements])
        done.write_text(text)
        return True

    def _begin(self) -> None:
        if self.python.exists():
            return
        run_quietly([find_python(self._pythons), "-m", "venv", "--clear", str(self.folder)])
        if b"3.6" in run_quietly([str(self.python), "--version"]):
            # The pip that comes along takes packages that need a newer Python.
            run_quietly([*self._pip(), "pip>=21.3,<22"])

    def _pip(self) -> list[str]:
        return [str(self.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]


def find_python(versions: Iterable[str]) -> str:
    """Return the first Python of these versions that is here.

    :raises NoPythonError: where there is none.
    """
    for version in versions:
        found = subprocess.run([_FIND_PYTHON, version], capture_output=True, text=True, check=False)
        if found.returncode == 0:
            return found.stdout.strip()
    raise NoPythonError(f"no Python {', '.join(sorted(versions, key=_number))} here")


def _number(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def run_quietly(command: list[str]) -> bytes:
    """Run a command that makes something ready, and return what it printed.

    :raises NotInstalledError: where it fails, with its last line.
    """
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        lines = done.stderr.decode().strip().splitlines() or ["it said nothing"]
        raise NotInstalledError(f"{command[2]} failed: {lines[-1]}")
    return done.stdout
