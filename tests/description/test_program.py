"""The program that a site's own Python runs: whoever runs it must be able to read it."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from flask_dj_session.description import description, program

FILE = Path(program.__file__)
_FIND = Path(__file__).parents[2] / "tools" / "find-python"
_LOWEST = (3, 6)


def test_it_speaks_the_format_that_is_read() -> None:
    assert program.FORMAT == description.FORMAT


def test_it_is_ascii_so_that_no_locale_mistakes_it() -> None:
    assert FILE.read_bytes().isascii()


def test_it_needs_the_standard_library_and_django_alone() -> None:
    tree = ast.parse(FILE.read_text())
    names = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    outside = {name.partition(".")[0] for name in names} - sys.stdlib_module_names
    assert outside == {"django"}


def test_its_words_are_those_of_python_3_6() -> None:
    ast.parse(FILE.read_text(), feature_version=_LOWEST)


@pytest.mark.process
def test_the_oldest_python_here_reads_it() -> None:
    found = (_python(minor) for minor in range(_LOWEST[1], sys.version_info[1] + 1))
    oldest = next(python for python in found if python is not None)
    script = f"compile(open({str(FILE)!r}).read(), 'program', 'exec')"
    subprocess.run([oldest, "-c", script], check=True, timeout=60)


def _python(minor: int) -> str | None:
    if minor == sys.version_info[1]:
        return sys.executable
    done = subprocess.run(
        [_FIND, f"3.{minor}"], capture_output=True, text=True, check=False, timeout=60
    )
    return done.stdout.strip() if done.returncode == 0 and os.path.exists(_FIND) else None
