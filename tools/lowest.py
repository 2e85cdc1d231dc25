"""Prints for pip the lowest versions that pyproject.toml allows: `python tools/lowest.py EXTRA...`.

Run it with a Python that has the package installed, and `packaging`, which comes with pytest.
"""

from __future__ import annotations

import sys
from importlib.metadata import requires

from packaging.requirements import Requirement

NAME = "flask-dj-session"


def lowest(extras: list[str]) -> dict[str, str]:
    """Return the lowest version of each requirement; those of extras within extras, too."""
    versions: dict[str, str] = {}
    for requirement in map(Requirement, requires(NAME) or []):
        marker = requirement.marker
        if marker and not any(marker.evaluate({"extra": extra}) for extra in ["", *extras]):
            continue
        if requirement.name == NAME:
            versions |= lowest(sorted(requirement.extras))
        for specifier in requirement.specifier:
            if specifier.operator == ">=":
                named = ",".join(sorted(requirement.extras))
                versions[requirement.name + f"[{named}]" * bool(named)] = specifier.version
    return versions


if __name__ == "__main__":
    for name, version in sorted(lowest(sys.argv[1:]).items()):
        print(f"{name}=={version}")
