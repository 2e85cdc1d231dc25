"""The Djangos that the visitor meets, and a virtual environment for each."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .reasons import NoPythonError, NotInstalledError

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Era:
    """A version of Django; *pythons* in the order in which they are tried."""

    version: tuple[int, int]
    pythons: tuple[str, ...]
    drivers: dict[str, str]
    mysqlclient: str  # the version that PyMySQL shall pretend to be
    required: bool = False  # whether a machine of continuous integration must have its Python

    @property
    def name(self) -> str:
        """The version as it is spoken."""
        return ".".join(map(str, self.version))


_OLD_DRIVERS = {"PostgreSQL": "psycopg2-binary<2.9", "MariaDB": "PyMySQL"}
_DRIVERS = {"PostgreSQL": "psycopg2-binary", "MariaDB": "PyMySQL"}
_NEW_DRIVERS = {"PostgreSQL": "psycopg[binary]", "MariaDB": "PyMySQL"}

ERAS = (
    Era((2, 2), ("3.6", "3.7", "3.8", "3.9"), _OLD_DRIVERS, "1.4.6"),
    Era((3, 0), ("3.8", "3.7", "3.6", "3.9"), _OLD_DRIVERS, "1.4.6"),
    Era((3, 2), ("3.9", "3.8", "3.10", "3.7", "3.6"), _DRIVERS, "1.4.6"),
    Era((4, 2), ("3.11", "3.10", "3.12", "3.9", "3.8"), _NEW_DRIVERS, "2.2.7"),
    Era((5, 2), ("3.12", "3.13", "3.11", "3.10", "3.14"), _NEW_DRIVERS, "2.2.7", required=True),
    Era((6, 0), ("3.13", "3.14", "3.12"), _NEW_DRIVERS, "2.2.7", required=True),
    Era((6, 1), ("3.13", "3.14", "3.12"), _NEW_DRIVERS, "2.2.7", required=True),
)


class Environment:
    """The virtual environment of an era in ``.venv-interop/``, made when it is not there."""

    def __init__(self, era: Era) -> None:
        self.era = era
        self.folder = ROOT / ".venv-interop" / era.name
        self.python = self.folder / "bin" / "python"
        self._why_not: dict[str, NotInstalledError] = {}

    def make(self, kinds: list[str]) -> None:
        """Install Django, and the drivers of the databases in *kinds*.

        :raises NoPythonError: where the machine has none for it.
        :raises NotInstalledError: where Django cannot be installed; of a driver, ``require`` tells.
        """
        if not self.python.exists():
            _run([_find_python(self.era), "-m", "venv", "--clear", str(self.folder)])
        self._install("Django", f"Django~={self.era.name}.0", "tzdata")
        for kind in kinds:
            if kind in self.era.drivers:
                try:
                    self._install(kind, self.era.drivers[kind])
                except NotInstalledError as error:
                    self._why_not[kind] = error

    def require(self, kind: str) -> None:
        """Stop where the driver for *kind* could not be installed.

        :raises NotInstalledError: saying why.
        """
        if kind in self._why_not:
            raise self._why_not[kind]

    def _install(self, what: str, *requirements: str) -> None:
        done = self.folder / f"installed-{what}"
        text = "\n".join(requirements)
        if done.exists() and done.read_text() == text:
            return
        pip = [str(self.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        if what == "Django" and b"3.6" in _run([str(self.python), "--version"]):
            # The pip that comes along takes packages that need a newer Python.
            _run([*pip, "pip>=21.3,<22"])
        _run([*pip, *requirements])
        done.write_text(text)


def newest_django() -> str:
    """Return the version of the newest Django that the newest Python here can have.

    :raises NotRunError: where that cannot be found out.
    """
    python = _find_python(ERAS[-1])
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--dry-run", "--no-deps", "--ignore-installed", "--report", "-", "Django"]
    (found,) = json.loads(_run(command))["install"]
    version: str = found["metadata"]["version"]
    return version


def unknown_django(newest: str) -> str | None:
    """Say that nobody has looked at *newest* yet; None where it is one of :data:`ERAS`."""
    major, minor = (int(part) for part in re.findall(r"\d+", newest)[:2])
    if (major, minor) <= max(era.version for era in ERAS):
        return None
    return (
        f"NOT LOOKED AT: Django {newest} is out. Add it to 'ERAS' in interop/eras.py, and see what"
        " it does otherwise."
    )


def _find_python(era: Era) -> str:
    for version in era.pythons:
        found = subprocess.run(
            [ROOT / "tools" / "find-python", version], capture_output=True, text=True, check=False
        )
        if found.returncode == 0:
            return found.stdout.strip()
    raise NoPythonError(f"no Python {', '.join(sorted(era.pythons, key=_number))} here")


def _number(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _run(command: list[str]) -> bytes:
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        lines = done.stderr.decode().strip().splitlines() or ["it said nothing"]
        raise NotInstalledError(f"{command[2]} failed: {lines[-1]}")
    return done.stdout
