"""What is kept of where settings came from: the names, never the values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..description import Description
from .versions import installed

#: the name under which it stands in ``app.config``
ORIGIN = "DJANGO_PROJECT"


@dataclass(frozen=True)
class Origin:
    """The settings module of a Django project, and what was read from it.

    :param module: its dotted name.
    :param using: the alias in DATABASES; None where no database was read.
    :param names: the settings that the project decides, be it with a value that Flask, too,
        happens to have by default.
    :param description: what the site has said of itself, without its secrets; None where nobody
        has asked it.
    """

    module: str
    using: str | None
    names: frozenset[str]
    description: Description | None = None


def description_in(config: Mapping[str, Any]) -> Description | None:
    """Return what the site has said of itself, where the settings in *config* come from that."""
    origin = config.get(ORIGIN)
    return origin.description if isinstance(origin, Origin) else None


def django_version(config: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return the version of the site's Django, or else of the one that is installed here."""
    description = description_in(config)
    return description.django_version if description is not None else installed("Django")


def names_from_django(config: Mapping[str, Any]) -> frozenset[str]:
    """Return the names that a Django project has decided in *config*."""
    origin = config.get(ORIGIN)
    return origin.names if isinstance(origin, Origin) else frozenset()
