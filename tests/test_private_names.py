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


#: private names of the package that tests use, and why: what they see is not to be seen otherwise
_USED_IN_TESTS = {
    "_AT_A_TIME": "a limit of thousands, made small",
    "_COMPARED_AT_A_TIME": "a limit of hundreds, made small",
    "_MOST_IN_SPANS": "a limit of hundred thousands, made small",
    "_QUICK": "a time, so that nothing depends on the clock",
    "_now": "a time, so that nothing depends on the clock",
    "_CREATE": "a database that nothing is known of, which is none that can be had",
    "_ensure_table": "a database that nothing is known of, which is none that can be had",
    "_migrations": "a database that nothing is known of, which is none that can be had",
    "_run": "the moment at which another comes",
    "_saved": "the moment at which another comes",
    "_keep": "the moment at which another comes",
    "_taken": "the moment at which another comes",
    "_is_pooled": "a pooler in an odd state",
    "_options": "what a client was made with, which it does not tell",
    "_states": "what is kept of an app",
    "_session": "Flask's own name",
    "_session_cache": "Django's own name, which sites use",
    "_session_key": "Django's own name, which sites use",
    "_get_new_session_key": "Django's own name, which sites use",
    "_timeout": "SQLAlchemy's own name",
    "_store": "Werkzeug's own name",
    "_app": "a name of these tests' own",
    "_take": "a name of sites.run's own",
    "_KEYS": "a limit of dozens, made small",
    "_ROOMS": "the table of the rooms, which this test is about",
}


def test_a_test_uses_a_private_name_of_the_package_only_for_a_reason() -> None:
    own = {name for tree in _trees() for node in ast.walk(tree) for name in _own(node)}
    own = {name for name in own if _is_private(name)} - _PUBLIC
    used: set[str] = set()
    for path in Path(__file__).parent.rglob("*.py"):
        nodes = [*ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
        made_here = {name for node in nodes for name in _own(node)}
        used |= {name for node in nodes for name in _reached(node)} & own - made_here
    assert used == _USED_IN_TESTS.keys()


def _reached(node: ast.AST) -> Iterator[str]:
    """Return the names that a node of a test reaches for in something else."""
    if isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.ImportFrom):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.Call) and ast.unparse(node.func) == "monkeypatch.setattr":
        texts = [one.value for one in node.args[:2] if isinstance(one, ast.Constant)]
        yield from (str(text).rpartition(".")[2] for text in texts)
