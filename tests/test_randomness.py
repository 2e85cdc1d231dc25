"""Random examples are the same everywhere, and none fails now and then or for its time."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import settings

TESTS = Path(__file__).parent


@pytest.mark.parametrize("name", ["same", "desk", "quick", "further"])
def test_no_example_has_a_deadline_and_a_failure_prints_what_repeats_it(name: str) -> None:
    profile = settings.get_profile(name)
    assert profile.deadline is None
    assert profile.print_blob
    assert profile.database is None
    assert profile.derandomize is (name != "further")


def test_no_test_changes_more_than_the_number_of_its_examples() -> None:
    texts = [
        path.read_text(encoding="utf-8")
        for path in TESTS.rglob("*.py")
        if path != TESTS / "conftest.py"
    ]
    changed = {
        keyword.arg
        for text in texts
        if "from hypothesis import" in text
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "settings"
        for keyword in node.keywords
    }
    assert changed <= {"max_examples", "stateful_step_count"}
    assert "max_examples" in changed
