"""The rooms keep their walls: which module may import what."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import flask_dj_session

PACKAGE = Path(flask_dj_session.__file__).parent
_STORE = ["sqlalchemy", ".errors", ".store"]
_CHECKS = ["sqlalchemy", ".checks", ".errors", ".settings", ".store", ".wire"]
_SITE = ["flask", ".contexts", ".merging", ".session", ".settings", ".store", ".wire"]
_SHOWN = [".presentation", ".index"]
_INDEX = [".errors", ".index", ".presentation", ".settings", ".site", ".store", ".wire"]

#: what each room may import beyond the standard library; a dot means this package
MAY_IMPORT: dict[str, list[str]] = {
    "errors": ["click"],
    "wire": ["itsdangerous", ".errors", ".wire"],
    "description": ["django", ".description", ".errors"],
    "settings": [".description", ".errors", ".settings", ".wire"],
    "store": _STORE,
    "caches": ["sqlalchemy", ".caches", ".errors", ".settings", ".store", ".wire"],
    "merging": [".errors"],
    "protocols": [".merging", ".wire"],
    "conflicts": [".errors", ".merging", ".protocols"],
    "audit": [".protocols"],
    "signals": ["blinker"],
    "contexts": ["flask", "werkzeug"],
    "django_engine": ["asgiref", "django", ".conflicts", ".errors", ".merging"],
    "session": [
        "blinker",
        "flask",
        "markupsafe",
        "werkzeug",
        ".audit",
        ".signals",
        ".conflicts",
        ".protocols",
        ".wire",
        ".errors",
    ],
    "site": _SITE,
    "interface": ["flask", ".audit", ".contexts", ".errors", ".session", ".site", ".wire"],
    "model": ["sqlalchemy", "flask", "flask_sqlalchemy", ".store", ".model"],
    "checks": _CHECKS,
    "presentation": [".errors", ".store", ".presentation", ".wire"],
    "index": ["sqlalchemy", ".audit", *_INDEX],
    "cli": [
        "click",
        "sqlalchemy",
        *_SITE,
        ".audit",
        ".caches",
        ".site",
        ".errors",
        ".checks",
        *_SHOWN,
        ".cli",
    ],
    "pages": ["flask", "itsdangerous", "jinja2", ".pages", ".presentation", ".site", ".wire"],
    "inspector": [
        "itsdangerous",
        "markupsafe",
        "werkzeug",
        *_SITE,
        ".audit",
        ".errors",
        ".interface",
        ".pages",
        ".site",
        *_SHOWN,
        ".inspector",
    ],
    "extension": [
        *_SITE,
        ".caches",
        "sqlalchemy",
        "flask_sqlalchemy",
        ".errors",
        ".index",
        ".interface",
        ".site",
        ".model",
        ".cli",
    ],
    "auth": [
        *_SITE,
        "blinker",
        "click",
        "flask_login",
        "sqlalchemy",
        "werkzeug",
        ".audit",
        ".description",
        ".errors",
        ".site",
        ".checks",
        ".cli",
        ".extension",
        ".index",
        ".pages",
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
        ".caches",
        ".errors",
        ".extension",
        ".index",
        ".pytest_plugin",
        ".session",
        ".settings",
        ".signals",
        ".site",
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


@pytest.mark.slow
@pytest.mark.parametrize("module", _modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_rooms_below_it(module: Path) -> None:
    assert _imported(module) <= set(MAY_IMPORT[_room(module)])


def test_the_wire_layer_is_of_use_without_flask_and_sqlalchemy() -> None:
    imported = set().union(*(_imported(module) for module in _modules() if _room(module) == "wire"))
    assert imported == {"itsdangerous", ".errors", ".wire"}


def _files_imported(module: Path) -> set[Path]:
    """Return the files of this package that *module* imports from, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            folder = module.parents[node.level - 1]
            base = folder.joinpath(*(node.module or "").split("."))
            for alias in node.names:
                places = [base / f"{alias.name}.py", base / alias.name / "__init__.py"]
                places += [base.with_suffix(".py"), base / "__init__.py"]
                found |= {next(place for place in places if place.is_file())}
    return found - {module}


def test_no_file_imports_from_one_that_needs_it() -> None:
    imported = {module: _files_imported(module) for module in _modules()}
    while leaves := {module for module, files in imported.items() if not files}:
        imported = {m: files - leaves for m, files in imported.items() if m not in leaves}
    assert sorted(str(module.relative_to(PACKAGE)) for module in imported) == []
