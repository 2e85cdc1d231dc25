"""The Djangos that the visitor meets, and a virtual environment for each."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from .caches import KINDS as CACHES
from .caches import WITH_CACHES
from .environments import VirtualEnvironment, find_python, run_quietly
from .reasons import NotInstalledError

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

#: the first Django that we try "flask_dj_session.django_engine" with, and what that needs
OUR_ENGINE = (4, 2)
_OF_ENGINE = ("click", "itsdangerous")

ERAS = (
    Era((2, 2), ("3.6", "3.7", "3.8", "3.9"), _OLD_DRIVERS, "1.4.6"),
    Era((3, 0), ("3.8", "3.7", "3.6", "3.9"), _OLD_DRIVERS, "1.4.6"),
    Era((3, 2), ("3.9", "3.8", "3.10", "3.7", "3.6"), _DRIVERS, "1.4.6"),
    Era((4, 2), ("3.11", "3.10", "3.12", "3.9", "3.8"), _NEW_DRIVERS, "2.2.7"),
    Era((5, 2), ("3.12", "3.13", "3.11", "3.10", "3.14"), _NEW_DRIVERS, "2.2.7", required=True),
    Era((6, 0), ("3.13", "3.14", "3.12"), _NEW_DRIVERS, "2.2.7", required=True),
    Era((6, 1), ("3.13", "3.14", "3.12"), _NEW_DRIVERS, "2.2.7", required=True),
)


class Environment(VirtualEnvironment):
    """The virtual environment of an era in ``.venv-interop/``, made when it is not there."""

    def __init__(self, era: Era) -> None:
        super().__init__(ROOT / ".venv-interop" / era.name, era.pythons)
        self.era = era
        self._why_not: dict[str, NotInstalledError] = {}

    def make(self, kinds: list[str]) -> None:
        """Install Django, and the drivers of the databases in *kinds*.

        :raises NoPythonError: where the machine has none for it.
        :raises NotInstalledError: where Django cannot be installed; of a driver, ``require`` tells.
        """
        of_engine = _OF_ENGINE if self.era.version >= OUR_ENGINE else ()
        django = f"Django~={self.era.name}.0"
        self.install("Django", django, "tzdata", *of_engine)
        if self.era.version in WITH_CACHES:
            clients = (kind.requirement for kind in CACHES if kind.requirement)
            # Together with Django, or the newest client brings a newer one.
            self.install("caches", django, *clients)
        for kind in kinds:
            if kind in self.era.drivers:
                try:
                    self.install(kind, self.era.drivers[kind])
                except NotInstalledError as error:
                    self._why_not[kind] = error

    def require(self, kind: str) -> None:
        """Stop where the driver for *kind* could not be installed.

        :raises NotInstalledError: saying why.
        """
        if kind in self._why_not:
            raise self._why_not[kind]


def newest_django() -> str:
    """Return the version of the newest Django that the newest Python here can have.

    :raises NotRunError: where that cannot be found out.
    """
    python = find_python(ERAS[-1].pythons)
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--dry-run", "--no-deps", "--ignore-installed", "--report", "-", "Django"]
    (found,) = json.loads(run_quietly(command))["install"]
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
