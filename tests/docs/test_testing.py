"""The example of docs/testing.md is a test-suite, and runs as one."""

from __future__ import annotations

import re

import pytest

from ..conftest import needs_installation
from .console import ROOT

pytestmark = pytest.mark.process

pytest_plugins = ["pytester"]

_TEST = re.compile(r"^def test_", re.MULTILINE)
_FILE = re.compile(r"^<!-- file: (\S+) -->\n```py(?:thon)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@needs_installation
def test_the_tests_of_the_example_pass(pytester: pytest.Pytester) -> None:
    page = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    files = dict(_FILE.findall(page))
    assert len(files) == page.count("```py")
    for name, text in files.items():
        path = pytester.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    result = pytester.runpytest_inprocess("-W", "error", "-p", "no:cacheprovider")
    tests = sum(len(_TEST.findall(text)) for text in files.values())
    result.assert_outcomes(passed=tests + 1)  # one of them is run with two values
