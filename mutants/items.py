"""Which faults there are: made anew for a file that has changed, kept for the others."""

from __future__ import annotations

import ast
import hashlib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.ast.ast_query import ASTQuery
from cosmic_ray.mutating import mutate_code
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec, WorkItem

from . import operators

PACKAGE = Path("flask_dj_session")
#: what is tried, by the names under which the report counts
ROOMS = {
    "wire": ["wire"],
    "session": ["session.py", "audit.py", "merging.py", "conflicts.py"],
    "interface": ["interface.py"],
    "store": ["store", "index"],
    "auth": ["auth"],
    "inspector": ["inspector", "pages"],
    "caches": ["caches"],
}


class Mutant(NamedTuple):
    """One fault: where it is, and what does it."""

    path: Path
    operator: str
    occurrence: int

    @classmethod
    def of(cls, item: WorkItem) -> Mutant:
        """Return the one mutation that an item of ours has."""
        (spec,) = item.mutations
        return cls(spec.module_path, spec.operator_name, spec.occurrence)

    def code(self, source: str) -> str:
        """Return *source* with the fault in it."""
        return str(mutate_code(source, operators.operator(self.operator), self.occurrence))


def room_of(path: Path) -> str:
    """Return the room that a file is in."""
    within = path.relative_to(PACKAGE).parts[0]
    return next(room for room, parts in ROOMS.items() if within in parts)


def files(rooms: list[str]) -> Iterator[Path]:
    """Return the files of these rooms."""
    for part in (PACKAGE / part for room in rooms for part in ROOMS[room]):
        yield from sorted(part.rglob("*.py")) if part.is_dir() else [part]


def database_of(path: Path, folder: Path) -> WorkDB:
    """Open what Cosmic Ray keeps on one file: its faults, and what became of each.

    It is found again as long as the file is as it was; otherwise it is made anew.
    """
    source = path.read_text(encoding="utf-8")
    name = ".".join(path.with_suffix("").parts)
    current = folder / f"{name}-{hashlib.sha256(source.encode()).hexdigest()[:12]}.sqlite3"
    if not current.exists():
        for former in folder.glob(f"{name}-*.sqlite3*"):
            former.unlink()
        unfinished = current.with_suffix(".part")
        unfinished.unlink(missing_ok=True)
        with use_db(unfinished) as work:
            work.add_work_items([*_items(path, source)])
        unfinished.rename(current)
    return WorkDB(current, WorkDB.Mode.open)


def _items(path: Path, source: str) -> Iterator[WorkItem]:
    seen = {_meaning(source)}
    for name in operators.names():
        operator = operators.operator(name)
        places = (
            (node, *position)
            for node in ast_nodes(get_ast(source))
            for position in operator.mutation_positions(node)
        )
        for occurrence, (node, start, end) in enumerate(places):
            meaning = _meaning(Mutant(path, name, occurrence).code(source))
            if meaning is not None and meaning not in seen:
                seen.add(meaning)
                spec = MutationSpec(
                    module_path=path,
                    operator_name=name,
                    occurrence=occurrence,
                    start_pos=start,
                    end_pos=end,
                    definition_name=ASTQuery(node).get_definition_name(),
                )
                yield WorkItem.single(job_id=uuid.uuid4().hex, mutation=spec)


def _meaning(source: str) -> str | None:
    """Return what Python makes of *source*, without what it makes nothing of; None for no code."""
    try:
        tree = _WithoutAnnotations().visit(ast.parse(source))
    except SyntaxError:
        return None
    return ast.dump(tree)


class _WithoutAnnotations(ast.NodeTransformer):
    """Annotations are texts in this package, and read by nobody while it runs."""

    def visit_arg(self, node: ast.arg) -> Any:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        node.annotation = ast.Constant(value=None)
        return self.generic_visit(node)

    def visit_Assert(self, node: ast.Assert) -> Any:
        return None  # they tell mypy what is known
