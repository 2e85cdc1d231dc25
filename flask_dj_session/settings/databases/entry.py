"""An entry of Django's DATABASES, taken apart."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from ...errors import SettingError

#: how to go on where a database cannot be read
READ_THE_REST = (
    "Read the rest with 'django_settings(..., using=None)' and set 'SQLALCHEMY_DATABASE_URI'"
    " yourself."
)

#: the parts of an entry, and what the drivers call the same in OPTIONS
_PARTS = {
    "NAME": ("dbname", "database", "db"),
    "USER": ("user",),
    "PASSWORD": ("password", "passwd"),
    "HOST": ("host",),
    "PORT": ("port",),
}


@dataclass(frozen=True)
class Entry:
    """One entry of DATABASES as text; what is not given is empty."""

    alias: str
    engine: str
    name: str
    user: str
    password: str = field(repr=False)
    host: str
    port: str
    time_zone: str
    options: dict[str, Any] = field(repr=False)

    def refusal(self, problem: str, hint: str = READ_THE_REST) -> SettingError:
        """Return the error that says what is wrong with this entry."""
        return SettingError("DATABASES", f"has an entry {self.alias!r} with {problem}", hint)

    def text_options(self, *, without: Collection[str]) -> dict[str, str]:
        """Return OPTIONS as text, but for those named and those that are None or empty."""
        return {
            name: self.as_text(name, value)
            for name, value in self.options.items()
            if name not in without and value is not None and value != ""
        }

    def as_text(self, name: str, value: Any) -> str:
        """Return the *value* of the option *name* as text, or raise."""
        if isinstance(value, bool):
            return str(int(value))
        if isinstance(value, (str, int, float)):
            return str(value)
        if isinstance(value, os.PathLike):
            return os.fsdecode(value)
        raise self.refusal(f"the option {name!r}, which is neither text nor a number")

    def installed(self, kind: str, extra: str, drivers: Mapping[str, str]) -> list[str]:
        """Return those of *drivers* (module to SQLAlchemy's name) that can be imported.

        :raises SettingError: where none can.
        """
        found = [name for module, name in drivers.items() if _can_be_imported(module)]
        if found:
            return found
        raise self.refusal(
            f"a {kind} database, but no driver for it is installed here",
            f"Run 'pip install flask-dj-session[{extra}]'.",
        )


def _can_be_imported(module: str) -> bool:
    # Tried, not only looked for: without libpq, psycopg is installed and of no use.
    try:
        found = import_module(module)
    except ImportError:
        return False
    # PyMySQL can stand under the name of mysqlclient's module, for Django's sake.
    return found.__name__ == module


def entry(databases: Any, alias: str) -> Entry:
    """Return the entry *alias* of DATABASES.

    :raises SettingError: where there is none.
    """
    if not isinstance(databases, Mapping) or not databases:
        raise SettingError("DATABASES", "is not set", READ_THE_REST)
    if alias not in databases:
        known = ", ".join(repr(name) for name in databases)
        raise SettingError("DATABASES", f"has no {alias!r}", f"It has: {known}.")
    values = databases[alias]
    if not isinstance(values, Mapping) or not values.get("ENGINE"):
        raise SettingError("DATABASES", f"has an entry {alias!r} without ENGINE", READ_THE_REST)
    options = dict(values.get("OPTIONS") or {})
    name, user, password, host, port = (_part(values, options, part) for part in _PARTS)
    chosen = Entry(
        alias,
        engine=str(values["ENGINE"]),
        name=name,
        user=user,
        password=password,
        host=host,
        port=port,
        time_zone=str(values.get("TIME_ZONE") or ""),
        options=options,
    )
    if re.search(r"[^\d,]", port):
        raise chosen.refusal("a PORT that is not a number", "Give it as digits.")
    return chosen


def _part(values: Mapping[str, Any], options: dict[str, Any], part: str) -> str:
    """Return a part of the entry, and take it out of *options*, where it may stand, too."""
    in_options = [options.pop(name, None) for name in _PARTS[part]]
    value = values.get(part) or next(filter(None, in_options), "")
    return os.fsdecode(value) if isinstance(value, (bytes, os.PathLike)) else str(value)
