"""What is done to the code: operators of Cosmic Ray, and three that it has not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cosmic_ray.plugins
from cosmic_ray.ast import get_ast
from cosmic_ray.operators.operator import Example, Operator

Position = tuple[tuple[int, int], tuple[int, int]]

# One or two of each family: "+" is not tried as eleven other signs, of which each would be noticed
# like the first.
_BINARY = (
    "Add_Sub Sub_Add Mul_Add Div_Mul FloorDiv_Mul Mod_Mul Pow_Mul BitOr_BitAnd BitAnd_BitOr"
    " BitXor_BitOr LShift_RShift RShift_LShift"
)
_COMPARISONS = (
    "Eq_NotEq NotEq_Eq Lt_LtE Lt_GtE LtE_Lt LtE_Gt Gt_GtE Gt_LtE GtE_Gt GtE_Lt Is_IsNot IsNot_Is"
)
_OTHERS = (
    "AddNot ReplaceUnaryOperator_Delete_Not ReplaceUnaryOperator_USub_UAdd ReplaceAndWithOr"
    " ReplaceOrWithAnd ReplaceTrueWithFalse ReplaceFalseWithTrue NumberReplacer"
    " RemoveDecorator ZeroIterationForLoop ReplaceBreakWithContinue ReplaceContinueWithBreak"
)


class StatementRemover(Operator):  # type: ignore[misc]
    """Puts ``pass`` in the place of a call, a ``raise``, a ``del``, or what changes an object."""

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        """Tell where the operator does something to *node*."""
        if _is_removable(node):
            yield (node.start_pos, node.end_pos)

    def mutate(self, node: Any, index: int) -> Any:
        """Return what stands in its place."""
        return _parsed("pass", before=node)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Show what the operator does."""
        return (Example("f()\n", "pass\n"), Example("a.b = 1\n", "pass\n"))


class ReturnNone(Operator):  # type: ignore[misc]
    """Lets a function return None."""

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        """Tell where the operator does something to *node*."""
        if node.type == "return_stmt" and node.children[1].get_code().strip() != "None":
            yield (node.start_pos, node.end_pos)

    def mutate(self, node: Any, index: int) -> Any:
        """Return what stands in its place."""
        return _parsed("return None", before=node)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Show what the operator does."""
        return (Example("def f(): return 1\n", "def f(): return None\n"),)


class ExceptClass(Operator):  # type: ignore[misc]
    """Lets a handler wait for another error; Cosmic Ray's own knows no names with dots."""

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        """Tell where the operator does something to *node*."""
        if node.type == "except_clause":
            yield (node.children[1].start_pos, node.children[1].end_pos)

    def mutate(self, node: Any, index: int) -> Any:
        """Return what stands in its place."""
        node.children[1] = _parsed("FloatingPointError", before=node.children[1])
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Show what the operator does."""
        before = "try: f()\nexcept a.B: pass\n"
        return (Example(before, before.replace("a.B", "FloatingPointError")),)


def _is_removable(node: Any) -> bool:
    parent = node.parent
    if parent is None or parent.type != "simple_stmt":
        return False
    if node.type in ("raise_stmt", "del_stmt"):
        return True
    if node.type in ("atom_expr", "power", "await_expr"):
        return bool(node.children[-1].get_code().strip().startswith("("))
    return node.type == "expr_stmt" and node.children[0].type in ("atom_expr", "power")


def _parsed(code: str, *, before: Any) -> Any:
    """Parse *code*, and let it stand where *before* stood."""
    node = get_ast(code).children[0]
    node.get_first_leaf().prefix = before.get_first_leaf().prefix
    return node


_OWN = {"StatementRemover": StatementRemover, "ReturnNone": ReturnNone, "ExceptClass": ExceptClass}


def names() -> list[str]:
    """Return the names of the operators that are tried."""
    known = set(cosmic_ray.plugins.operator_names())
    chosen = [
        *(f"core/ReplaceBinaryOperator_{name}" for name in _BINARY.split()),
        *(f"core/ReplaceComparisonOperator_{name}" for name in _COMPARISONS.split()),
        *(f"core/{name}" for name in _OTHERS.split()),
    ]
    if missing := [name for name in chosen if name not in known]:
        raise LookupError(f"Cosmic Ray no longer has these operators: {', '.join(missing)}")
    return [*chosen, *_OWN]


def operator(name: str) -> Any:
    """Make the operator with this name."""
    kind: Any = _OWN.get(name) or cosmic_ray.plugins.get_operator(name)
    return kind()
