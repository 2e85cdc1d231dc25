"""Importing a settings module, and saying why that did not work."""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from traceback import walk_tb
from types import ModuleType

from ..description.failures import MODULE as VARIABLE
from ..description.program import missing_variable
from ..errors import SettingError

_ON_PATH = "Put the folder that holds manage.py on PYTHONPATH."


def settings_module(name: str | None) -> ModuleType:
    """Import the module *name*, by default the one that DJANGO_SETTINGS_MODULE names.

    :raises SettingError: for whatever goes wrong, without the words of the original error,
        which may hold a secret; that error is the cause of this one.
    """
    name = module_name(name)
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise SettingError(VARIABLE, *_not_found(name, error)) from error
    except Exception as error:
        raise SettingError(VARIABLE, *_failed(name, error)) from error


def module_name(name: str | None) -> str:
    """Return *name*, by default what DJANGO_SETTINGS_MODULE says.

    :raises SettingError: where it is no module's name.
    """
    name = name or os.environ.get(VARIABLE)
    if not name:
        raise SettingError(
            VARIABLE,
            "is not set",
            "Set it to the project's settings module, such as 'mysite.settings'.",
        )
    if not all(name.split(".")) or "/" in name:
        raise SettingError(VARIABLE, *_no_name(name))
    return name


def _no_name(name: str) -> tuple[str, str]:
    return (
        f"is {name!r}, which is not the name of a module",
        "Give it with dots: 'mysite.settings'.",
    )


def _not_found(name: str, error: ModuleNotFoundError) -> tuple[str, str]:
    if "/" in name or name.endswith(".py"):
        return _no_name(name)
    missing = error.name or ""
    package, _, module = missing.rpartition(".")
    if missing == name.partition(".")[0]:
        return f"is {name!r}, but there is no {missing!r} on Python's path", _ON_PATH
    if missing and f"{name}.".startswith(f"{missing}."):
        return (
            f"is {name!r}, but there is no {module!r} in the {package!r} that was found",
            f"Correct the name. If you mean another {package!r}: {_ON_PATH}",
        )
    if missing.partition(".")[0] == "django" and find_spec("django") is None:
        return (
            f"is {name!r}, which imports Django, but Django is not installed here",
            "Run 'pip install Django', preferably in the project's version.",
        )
    if missing:
        return (
            f"is {name!r}, which imports {missing!r}, but no such module is installed here",
            "Install the project's requirements here, too.",
        )
    return _failed(name, error)


def _failed(name: str, error: Exception) -> tuple[str, str]:
    if variable := missing_variable(error):
        return (
            f"is {name!r}, which needs the environment variable {variable!r}",
            "Set it to the same value as for Django.",
        )
    return (
        f"is {name!r}, which fails with {type(error).__name__}{_place(name, error)}",
        "Make sure that Django starts with it in the same environment.",
    )


def _place(name: str, error: Exception) -> str:
    """Tell the last line in the project's own code that the error came through."""
    if isinstance(error, SyntaxError):
        return f" in line {error.lineno} of {Path(error.filename or name).name!r}"
    project = name.partition(".")[0]
    lines = [
        f" in line {line} of {Path(frame.f_code.co_filename).name!r}"
        for frame, line in walk_tb(error.__traceback__)
        if str(frame.f_globals.get("__name__")).partition(".")[0] == project
    ]
    return lines[-1] if lines else ""
