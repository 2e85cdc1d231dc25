"""Which version of a distribution is installed here, without importing it."""

from __future__ import annotations

import re
from importlib import metadata


def installed(distribution: str) -> tuple[int, int] | None:
    """Return major and minor version of *distribution*, or None where it is not installed."""
    try:
        number = re.match(r"(\d+)\.(\d+)", metadata.version(distribution))
    except metadata.PackageNotFoundError:
        return None
    return (int(number[1]), int(number[2])) if number else None
