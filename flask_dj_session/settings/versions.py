"""What is installed here, found out without importing it."""

from __future__ import annotations

import re
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path


def installed(distribution: str) -> tuple[int, int] | None:
    """Return major and minor version of *distribution*, or None where it is not installed."""
    try:
        number = re.match(r"(\d+)\.(\d+)", metadata.version(distribution))
    except metadata.PackageNotFoundError:
        return None
    return (int(number[1]), int(number[2])) if number else None


def django_has_setting(name: str) -> bool:
    """Return whether the Django that is installed here has a default for the setting *name*."""
    django = find_spec("django")
    if django is None or django.origin is None:
        return False
    defaults = Path(django.origin).with_name("conf") / "global_settings.py"
    try:
        return re.search(rf"^{name} = ", defaults.read_text("utf-8"), re.MULTILINE) is not None
    except OSError:
        return False
