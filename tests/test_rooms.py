"""The rooms keep their walls: which module may import what."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import flask_dj_session

PACKAGE = Path(flask_dj_session.__file__).parent
_STORE = ["sqlalchemy", ".errors", ".store"]
_DOCTOR = ["sqlalchemy", ".doctor", ".errors", ".settings", ".store", ".wire"]
_INTERFACE = ["flask", "werkzeug", ".session", ".store", ".wire", ".settings", ".errors"]

#: what each room may import beyond the standard library; a dot means this package
MAY_IMPORT: dict[str, list[str]] = {
    "errors": [],
    "wire": ["itsdangerous", ".errors", ".wire"],
    "settings": [".errors", ".settings", ".wire"],
    "store": _STORE,
    "site": [".wire"],
    "signals": ["blinker"],
    "session": [
        "blinker",
        "flask",
        "markupsafe",
        "werkzeug",
        ".signals",
        ".site",
        ".wire",
        ".errors",
    ],
    "interface": _INTERFACE,
    "model": ["sqlalchemy", "flask", "flask_sqlalchemy", ".store", ".model"],
    "doctor": _DOCTOR,
    "telling": [".errors", ".store", ".telling", ".wire"],
    "cli": ["click", "sqlalchemy", *_INTERFACE, ".interface", ".doctor", ".telling", ".cli"],
    "inspector": [
        "itsdangerous",
        "jinja2",
        "markupsafe",
        *_INTERFACE,
        ".interface",
        ".telling",
        ".inspector",
    ],
    "extension": [
        *_INTERFACE,
        "sqlalchemy",
        "flask_sqlalchemy",
        ".interface",
        ".model",
        ".cli",
    ],
    "auth": [
        *_INTERFACE,
        "blinker",
        "flask_login",
        "sqlalchemy",
        ".interface",
        ".cli",
        ".extension",
        ".auth",
    ],
    "pytest_plugin": [
        "django",
        "flask",
        "flask_sqlalchemy",
        "pytest",
        "sqlalchemy",
        "werkzeug",
        ".auth",
        ".errors",
        ".extension",
        ".interface",
        ".pytest_plugin",
        ".session",
        ".settings",
        ".signals",
        ".store",
        ".wire",
    ],
    "__init__": [".errors", ".extension", ".model", ".session", ".settings", ".signals", ".wire"],
}


def _modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def _room(module: Path) -> str:
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imported(module: Path) -> set[str]:
    """Name what *module* imports: distributions plainly, rooms with a dot."""
    names = set()
    depth = len(module.relative_to(PACKAGE).parts)
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").partition(".")[0])
        elif isinstance(node, ast.ImportFrom) and node.level < depth:
            names.add("." + _room(module))
        elif isinstance(node, ast.ImportFrom):
            rooms = [node.module] if node.module else [alias.name for alias in node.names]
            names |= {"." + room.partition(".")[0] for room in rooms}
    return {name for name in names if name not in sys.stdlib_module_names}


@pytest.mark.parametrize("module", _modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_rooms_below_it(module: Path) -> None:
    assert _imported(module) <= set(MAY_IMPORT[_room(module)])


def test_the_wire_layer_is_of_use_without_flask_and_sqlalchemy() -> None:
    imported = set().union(*(_imported(module) for module in _modules() if _room(module) == "wire"))
    assert imported == {"itsdangerous", ".errors", ".wire"}
