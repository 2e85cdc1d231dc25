"""A site's description: the facts that its own Python told, and the file that they are kept in."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from ..errors import SettingError
from .redaction import SECRET, without_secrets

#: of what :func:`read_description` reads
FORMAT = 1
#: seconds that a site may take to describe itself
TIME_LIMIT = 30.0
#: the environment variable that names the file
FILE = "SITE_DESCRIPTION"

_MAKE_IT = "Make it anew on the site's machine: 'flask sessions describe > site.json'."


@dataclass(frozen=True)
class Description:
    """What a Django site has said of itself.

    :param facts: as ``program.py`` tells them; where they come from a file, without secrets.
    :param python: the interpreter that was asked; None where they come from a file.
    :param path: the folder in which it was asked.
    :param file: the file that they come from.
    """

    facts: Mapping[str, Any] = field(repr=False)
    python: str | None = None
    path: str | None = None
    file: str | None = None

    @property
    def module(self) -> str:
        """The dotted name of the site's settings."""
        return str(self.facts["module"])

    @property
    def django_version(self) -> tuple[int, int]:
        """Major and minor version of the site's Django."""
        major, minor = self.facts["django"].split(".")[:2]
        return int(major), int("".join(filter(str.isdigit, minor[:2])))

    @property
    def settings(self) -> dict[str, Any]:
        """The settings as Django has them, its defaults included; URLs are resolved."""
        found = {name: _value(told) for name, told in self.facts["settings"].items()}
        for name, told in (self.facts["urls"] or {}).items():
            if name in found and "problem" not in told:
                found[name] = told["url"]
        return found

    def has_default(self, name: str) -> bool:
        """Return whether the site's Django knows the setting *name*."""
        return name in self.facts["defaults"]

    @property
    def session_alias(self) -> str:
        """The connection that the rows of sessions are written to."""
        return self._alias("session")

    @property
    def user_alias(self) -> str:
        """The connection that users are written to."""
        return self._alias("user")

    def _alias(self, model: str) -> str:
        route = (self.facts["routes"] or {}).get(model, {})
        return str(route.get("write", "default"))

    @property
    def session(self) -> Mapping[str, Any] | None:
        """The session store; None where it cannot be made."""
        return self.facts["session"]  # type: ignore[no-any-return]

    @property
    def user(self) -> Mapping[str, Any] | None:
        """The model of the users; None where there is none."""
        return self.facts["user"]  # type: ignore[no-any-return]

    @property
    def backends(self) -> dict[str, Mapping[str, Any]]:
        """The authentication backends by their dotted names."""
        return {told["path"]: told for told in self.facts["backends"] or ()}

    @property
    def hashers(self) -> dict[str, Mapping[str, Any]]:
        """The password hashers by their dotted names."""
        return {told["path"]: told for told in self.facts["hashers"] or ()}

    @property
    def caches(self) -> dict[str, Any]:
        """The caches by their aliases, as CACHES has them."""
        return {alias: _value(told) for alias, told in (self.facts["caches"] or {}).items()}

    def problem(self, part: str) -> Mapping[str, Any] | None:
        """Return why a part of the site could not be described."""
        return self.facts["problems"].get(part)  # type: ignore[no-any-return]

    def without_secrets(self) -> Description:
        """Return the same without keys and passwords."""
        return Description(
            without_secrets(self.facts), python=self.python, path=self.path, file=self.file
        )


def read_description(file: str | os.PathLike[str]) -> Description:
    """Read a file that ``flask sessions describe`` has written.

    :raises SettingError: where it is none, or one of another format.
    """
    name = os.fspath(file)
    try:
        facts = json.loads(Path(name).read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingError(
            FILE, f"is {name!r}, which cannot be read ({error.strerror})", _MAKE_IT
        ) from error
    except ValueError as error:
        raise SettingError(FILE, f"is {name!r}, and no JSON", _MAKE_IT) from error
    found = facts.get("description") if isinstance(facts, dict) else None
    if found is None:
        raise SettingError(FILE, f"is {name!r}, and no description of a site", _MAKE_IT)
    if found != FORMAT:
        raise SettingError(
            FILE,
            f"is {name!r}, in format {found!r}, of which nothing is known here (known is {FORMAT})",
            f"Have the same version of this package on both machines. {_MAKE_IT}",
        )
    return Description(facts, file=os.path.abspath(name))


def _value(told: Any) -> Any:
    """Return what ``program.plain`` has put into words of JSON."""
    if isinstance(told, list):
        return [_value(one) for one in told]
    if not isinstance(told, dict) or told == SECRET:
        return told
    if "$bytes" in told:
        return base64.b64decode(told["$bytes"])
    if "$seconds" in told:
        return timedelta(seconds=told["$seconds"])
    return {name: _value(value) for name, value in told.items()}
