"""What is kept of where settings came from: the names, never the values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: the name under which it stands in ``app.config``
ORIGIN = "DJANGO_PROJECT"


@dataclass(frozen=True)
class Origin:
    """The settings module of a Django project, and what was read from it.

    :param module: its dotted name.
    :param using: the alias in DATABASES; None where no database was read.
    :param names: the settings that the project decides, be it with a value that Flask, too,
        happens to have by default.
    """

    module: str
    using: str | None
    names: frozenset[str]


def names_from_django(config: Mapping[str, Any]) -> frozenset[str]:
    """Return the names that a Django project has decided in *config*."""
    origin = config.get(ORIGIN)
    return origin.names if isinstance(origin, Origin) else frozenset()
