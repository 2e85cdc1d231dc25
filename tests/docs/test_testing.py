"""The example of docs/testing.md is a test-suite, and runs as one."""

from __future__ import annotations

import importlib.util
import re

import pytest

from ..conftest import needs_installation
from .console import ROOT, files

pytestmark = pytest.mark.process

pytest_plugins = ["pytester"]

#: in one process and, where pytest-xdist is there, in two
_OPTIONS = [[], ["-n", "2"]] if importlib.util.find_spec("xdist") else [[]]
_TEST = re.compile(r"^def test_", re.MULTILINE)


@needs_installation
@pytest.mark.parametrize("options", _OPTIONS, ids=" ".join)
def test_the_tests_of_the_example_pass(pytester: pytest.Pytester, options: list[str]) -> None:
    page = ROOT / "docs" / "testing.md"
    shown = files(page)
    assert len(shown) == page.read_text(encoding="utf-8").count("```py")
    for name, text in shown.items():
        path = pytester.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    result = pytester.runpytest_inprocess("-W", "error", "-p", "no:cacheprovider", *options)
    tests = sum(len(_TEST.findall(text)) for text in shown.values())
    result.assert_outcomes(passed=tests + 1)  # one of them is run with two values
