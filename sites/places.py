"""Where a site lies on this machine: its environment, its project, its database."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from interop.database import Database
from interop.environments import VirtualEnvironment
from interop.reasons import NotInstalledError

from .catalogue import DRIVERS, Site

ROOT = Path(__file__).parent.parent
#: git knows nothing of it; what is installed here is used again in the next run
FOLDER = ROOT / ".sites"
#: the variable by which a project of ours is told its database, as an entry of DATABASES
DATABASE = "SITES_DATABASE"
#: and the host and port of its cache
CACHE = "SITES_CACHE"

_PROJECTS = Path(__file__).parent / "projects"


class Place:
    """The folder of a site in ``.sites/``."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.folder = FOLDER / site.name
        self.project = self.folder / "project"
        self._home = FOLDER / (site.like or site.name)
        self._environment = VirtualEnvironment(self._home / "venv", site.pythons)

    @property
    def python(self) -> Path:
        """The site's own interpreter."""
        return self._environment.python

    def install(self) -> float:
        """Install the site; return the seconds that it took, in this run or an earlier one.

        :raises NotRunError: where it cannot be installed here.
        """
        needed = {"site": self.site.requirements}
        if self.site.kind in DRIVERS:
            needed[self.site.kind] = (DRIVERS[self.site.kind],)
        return sum(self._install(what, *requirements) for what, requirements in needed.items())

    def _install(self, what: str, *requirements: str) -> float:
        began, file = time.monotonic(), self._home / f"seconds-{what}"
        if self._environment.install(what, *requirements):
            file.write_text(str(time.monotonic() - began))
        return float(file.read_text())

    def begin_project(self) -> None:
        """Make the project anew."""
        shutil.rmtree(self.project, ignore_errors=True)
        self.project.mkdir(parents=True)
        if self.site.start:
            program, *arguments = self.site.start
            command = [str(self.python.with_name(program)), *arguments]
            done = subprocess.run(
                command, cwd=self.project, capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise NotInstalledError(f"{program} failed: {done.stderr.strip()[-200:]}")
        ours = _PROJECTS / self.site.name
        if ours.exists():
            shutil.copytree(ours, self.project, dirs_exist_ok=True)

    @contextmanager
    def variables(self, database: Database, cache: str = "") -> Iterator[None]:
        """Set what the site needs, for it and for the app beside it, as one sets it in a shell.

        :param cache: the host and port of its cache.
        """
        entry = database.django_settings()
        engine = entry["ENGINE"].split(".")[-1]
        told = {"folder": self.folder, "database": entry, "engine": engine, "cache": cache}
        own = {name: text.format(**told) for name, text in self.site.environment.items()}
        own |= {DATABASE: json.dumps(entry), CACHE: cache}
        own["DJANGO_SETTINGS_MODULE"] = self.site.module
        before = dict(os.environ)
        os.environ.update(own)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)
