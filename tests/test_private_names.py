"""Private names of other libraries are debts: each one stands in docs/design.md, with its price."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import flask_dj_session

PACKAGE = Path(flask_dj_session.__file__).parent
DESIGN = (PACKAGE.parent / "docs" / "design.md").read_text(encoding="utf-8")

#: private by their looks alone, or documented all the same
_PUBLIC = {"_replace", "_exit", "_anchor", "_method"}
#: whose names are ours as well, so that no other use of them is found
_SHARED = {"_session", "_recycle", "_Pickler"}


@cache
def _trees() -> tuple[ast.Module, ...]:
    return tuple(ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py"))


def _own(node: ast.AST) -> Iterator[str]:
    """Return what a node gives a name to."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif (
        isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id in ("self", "cls")
    ):
        yield node.attr


def _used(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.keyword) and node.arg:
        yield node.arg
    elif isinstance(node, ast.ImportFrom) and not node.level and node.module != "__future__":
        yield from (alias.name for alias in node.names)


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _others_private_names() -> set[str]:
    nodes = [node for tree in _trees() for node in ast.walk(tree)]
    own = {name for node in nodes for name in _own(node)}
    used = {name for node in nodes for name in _used(node) if _is_private(name)}
    return (used - own - _PUBLIC) | _SHARED


def _told() -> set[str]:
    _, _, section = DESIGN.partition("## Other people's private names")
    table = section.partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    return {name for name in rows if _is_private(name)}


def test_each_private_name_of_another_library_stands_in_the_design_and_no_other() -> None:
    assert _told() == _others_private_names() | {"_load_user"}  # which is overridden


def test_what_is_not_documented_there_stands_in_the_design_as_well() -> None:
    imported = {
        alias.name
        for tree in _trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "sqlalchemy.engine.base"
        for alias in node.names
    }
    assert imported == {"OptionEngine"}
    assert "| `OptionEngine` |" in DESIGN
