"""The course's ``app.py`` beside a site, started as a learner starts it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from time import monotonic, sleep
from typing import IO

from interop.scenarios import DisagreementError

_APP = Path(__file__).parent.parent / "app.py"
#: seconds until it must answer
_PATIENCE = 60


@dataclass
class AppPy:
    """``app.py``; ``url`` is where it is served."""

    url: str


@contextmanager
def app_py(python: Path, folder: Path) -> Iterator[AppPy]:
    """Run ``flask run`` beside the site that DJANGO_SETTINGS_MODULE names.

    :param python: the site's own interpreter, which DJANGO_PYTHON names.
    :param folder: the one of manage.py, where it is run.
    """
    command = [sys.executable, "-m", "flask", "--app", str(_APP), "run", "--port", "0"]
    variables = {**os.environ, "DJANGO_PYTHON": str(python)}
    with TemporaryFile("w+") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=variables, stdout=log, stderr=subprocess.STDOUT, text=True
        )
        try:
            yield AppPy(_url(process, log))
        finally:
            process.terminate()
            process.wait(timeout=30)


def _url(process: subprocess.Popen[str], log: IO[str]) -> str:
    end = monotonic() + _PATIENCE
    while monotonic() < end and process.poll() is None:
        log.seek(0)
        found = re.search(r"Running on (http://[\d.:]+)", log.read())
        if found:
            return found[1]
        sleep(0.1)
    log.seek(0)
    lines = log.read().strip().splitlines() or ["without a word"]
    raise DisagreementError(f"app.py does not start: {lines[-1]}")
