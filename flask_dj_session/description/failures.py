"""Why a site could not be asked: one sentence for each reason, and what to do; no secret."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from typing import Any

from ..errors import SettingError

#: Django's name for the name of its settings module
MODULE = "DJANGO_SETTINGS_MODULE"
#: the interpreter of the site's virtual environment
PYTHON = "DJANGO_PYTHON"
#: the folder that holds manage.py
PATH = "DJANGO_PATH"

_LOWEST_PYTHON = (3, 6)
_INTERPRETER = (
    "Give the interpreter of the site's virtual environment: '/srv/site/venv/bin/python'."
)


def bad_python(python: str, problem: str, mend: str = _INTERPRETER) -> SettingError:
    """Return the error of an interpreter that is of no use."""
    return SettingError(PYTHON, f"is {python!r}, {problem}", mend)


def too_slow(module: str, timeout: float) -> SettingError:
    """Return the error of a site that has not answered in time."""
    return SettingError(
        MODULE,
        f"is {module!r}, and the site was not set up in {timeout:g} seconds",
        "Find out what it waits for with 'manage.py check', or give it more time: 'timeout='.",
    )


def no_answer(module: str, python: str, returncode: int | None) -> SettingError:
    """Return the error of an interpreter that has ended without a word."""
    version = _version(python)
    if version is None:
        return bad_python(python, "which is no Python")
    if version < _LOWEST_PYTHON:
        number = ".".join(map(str, version))
        return bad_python(
            python,
            f"which is Python {number}; a site can be asked from 3.6 on",
            f"{_INTERPRETER} Or copy its settings into 'app.config'.",
        )
    return SettingError(
        MODULE,
        f"is {module!r}, and the site's Python ended with exit code {returncode} before it was set"
        " up",
        "Make sure that 'manage.py check' works there.",
    )


def _version(python: str) -> tuple[int, ...] | None:
    """Ask an interpreter for its version; before Python 3.4 it said so on stderr."""
    try:
        done = subprocess.run(  # noqa: S603
            [python, "-V"], capture_output=True, text=True, check=False, timeout=10
        )
        name, number = (done.stdout or done.stderr).split()[:2]
        major, minor = number.split(".")[:2]
        return (int(major), int(minor)) if name == "Python" else None
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def told(module: str, python: str, folder: str, facts: Mapping[str, Any]) -> SettingError:
    """Return the error that the site's Python has told of."""
    failure = facts["failure"]
    if failure["stage"] == "django":
        mend = "Give the one that runs the site's manage.py, in its virtual environment."
        return bad_python(python, "where Django is not installed", mend)
    if failure["stage"] == "version":
        problem = f"which has Django {facts['django']}; a site can be asked from 2.2 on"
        return bad_python(python, problem, "Copy the site's settings into 'app.config'.")
    return SettingError(MODULE, *_not_set_up(module, folder, failure))


def _not_set_up(module: str, folder: str, failure: Mapping[str, Any]) -> tuple[str, str]:
    if failure.get("variable"):
        return (
            f"is {module!r}, which needs the environment variable {failure['variable']!r}",
            "Set it here as it is set for Django.",
        )
    missing = failure.get("missing") or ""
    if missing and f"{module}.".startswith(f"{missing}."):
        return (
            f"is {module!r}, but there is no {missing!r} on the path of the site's Python",
            f"Give the folder that holds manage.py as 'path' or '{PATH}'; it was {folder!r}.",
        )
    said = f": {failure['message']}" if failure.get("message") else ""
    return (
        (
            f"is {module!r}, and the site fails in its own Python with"
            f" {failure['kind']}{place(failure)}{said.rstrip('.')}"
        ),
        "Make sure that 'manage.py check' works there, in the same environment.",
    )


def place(failure: Mapping[str, Any]) -> str:
    """Name the last line of the project's own code on the way to a failure."""
    where = failure.get("place")
    return f" in line {where[0]} of {where[1]!r}" if where else ""
