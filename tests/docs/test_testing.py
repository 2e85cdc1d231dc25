"""The example of docs/testing.md is a test-suite, and runs as one."""

from __future__ import annotations

import re

import pytest

from .console import ROOT

pytest_plugins = ["pytester"]

_BLOCK = re.compile(r"^```(python|py)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_tests_of_the_example_pass(pytester: pytest.Pytester) -> None:
    page = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    blocks = dict(_BLOCK.findall(page))
    pytester.makeconftest(blocks["python"])
    pytester.makepyfile(test_shop=blocks["py"])
    result = pytester.runpytest_inprocess("-W", "error", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=blocks["py"].count("\ndef test_") + 1)
