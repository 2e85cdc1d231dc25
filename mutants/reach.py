"""Which tests come by a line, and how long they take: one run of the suite with coverage."""

from __future__ import annotations

import ast
import itertools
import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path

from coverage import CoverageData

# Tests of what is installed, written or shown, which start programs or browsers of their own.
_LEFT_OUT = (
    "tests/docs",
    "tests/pytest_plugin",
    "tests/test_packaging.py",
    "tests/inspector/test_browser.py",
    "tests/store/test_gunicorn.py",
)
#: how many seconds of tests are tried on one fault, unless another number is given
PATIENCE = 20.0
#: how many files of tests count as those that are about a statement
_FILES_ABOUT = 8


class Reach:
    """Tells which tests to try on a fault.

    :param tree: the checkout that the suite runs in.
    :param folder: keeps what was found out.
    :param patience: how many seconds of tests are tried on one fault.
    """

    def __init__(self, tree: Path, folder: Path, patience: float = PATIENCE) -> None:
        self._tree = tree.resolve()
        self.patience = patience
        self._data = folder / "coverage"
        self._seconds_file = folder / "durations.json"

    @property
    def is_known(self) -> bool:
        """Whether the suite has run."""
        return self._seconds_file.exists()

    def find_out(self) -> None:
        """Run the suite, which must pass."""
        environment = {
            **os.environ,
            "COVERAGE_FILE": str(self._data.resolve()),
            "MUTANTS_DURATIONS": str(self._seconds_file.resolve()),
            "PYTHONPATH": str(self._tree),
        }
        # Not beside the data as "coverage.rc": each "coverage.*" is taken for a process's part.
        settings = self._data.with_name("settings.rc").resolve()
        settings.write_text("[run]\nsource = flask_dj_session\nrelative_files = true\n")
        options = ["-q", "-p", "mutants.durations", "--cov", f"--cov-config={settings}"]
        options += ["--cov-context=test", "--cov-report="]
        options += ["--numprocesses=auto", "--dist=worksteal"]
        options += [f"--ignore={path}" for path in _LEFT_OUT]
        command = [sys.executable, "-m", "pytest", *options]
        done = subprocess.run(command, cwd=self._tree, env=environment, check=False)
        if done.returncode:
            self._seconds_file.unlink(missing_ok=True)
            raise SystemExit("The tests do not pass as they are; faults would prove nothing.")

    def tests_for(self, path: Path, line: int) -> list[str]:
        """Return the tests to try where *line* of a file is changed, the likeliest first."""
        reached = self._contexts(path)
        tests: set[str] = set()
        for each in _lines_of_statement(self._tree / path, line):
            tests |= reached.get(each, set())
        if not tests:  # it runs when the file is imported
            tests = set().union(*reached.values())
        named = self._tests_that_name(_assigned(self._tree / path, line))
        # Files may have been renamed since.
        tests = {test for test in tests if (self._tree / test.partition("::")[0]).exists()}
        # What stands in the tests' folder of the room, or names the file, is about it.
        room = path.relative_to("flask_dj_session").parts[0].removesuffix(".py")
        near = {test for test in tests if test.startswith((f"tests/{room}/", f"tests/test_{room}"))}
        near |= named
        about = self._about(path, line, tests | named)
        parts = (about, near - about, tests - near - about)
        chosen = [test for part in parts for test in self._quickest(part)]
        return chosen or sorted(tests, key=lambda test: self._seconds.get(test, 1.0))[:1]

    def _about(self, path: Path, line: int, tests: set[str]) -> set[str]:
        """Return those of *tests* whose files speak most of what stands in a statement.

        A word counts the more the fewer files it is in, and the shorter the file is; most where it
        is in the file's name. Many tests come by most lines, and the quickest are rarely about it.
        """
        words = _words_around(self._tree / path, line)
        files = self._words_of_files
        among = {test.partition("::")[0] for test in tests} & files.keys()
        worth = {
            word: math.log(len(files) / number)
            for word in words
            if (number := sum(word in those for those in files.values()))
        }
        score = {file: _score(file, files[file], worth) for file in sorted(among)}
        best = sorted(score, key=lambda file: -score[file])[:_FILES_ABOUT]
        return {test for test in tests if test.partition("::")[0] in best}

    @cached_property
    def _words_of_files(self) -> dict[str, set[str]]:
        files = {test.partition("::")[0] for test in self._seconds}
        return {
            file: _words((self._tree / file).read_text(encoding="utf-8"))
            for file in files
            if (self._tree / file).exists()
        }

    def _tests_that_name(self, names: set[str]) -> set[str]:
        """Return the tests of the files in which one of *names* stands.

        A test that looks at a constant comes by no line of the file that the constant is in.
        """
        words = [re.compile(rf"\b{re.escape(name)}\b") for name in names]
        texts = {test.partition("::")[0] for test in self._seconds} if words else set()
        files = {file for file in texts if self._names(file, words)}
        return {test for test in self._seconds if test.partition("::")[0] in files}

    def _names(self, file: str, words: list[re.Pattern[str]]) -> bool:
        place = self._tree / file
        text = place.read_text(encoding="utf-8") if place.exists() else ""
        return any(word.search(text) for word in words)

    def _quickest(self, tests: set[str]) -> Iterator[str]:
        """Return tests for a third of the patience, of each file in turn the quickest first."""
        by_file: dict[str, list[str]] = {}
        for test in sorted(tests, key=lambda test: (self._seconds.get(test, 1.0), test)):
            by_file.setdefault(test.partition("::")[0], []).append(test)
        left = self.patience / 3
        for turn in itertools.zip_longest(*by_file.values()):
            for test in filter(None, turn):
                seconds = self._seconds.get(test, 1.0)
                if seconds <= left:
                    left -= seconds
                    yield test

    @cache  # noqa: B019
    def _contexts(self, path: Path) -> dict[int, set[str]]:
        found = self._coverage.contexts_by_lineno(str(path))
        return {
            line: {context.rpartition("|")[0] for context in contexts if context}
            for line, contexts in found.items()
        }

    @cached_property
    def _coverage(self) -> CoverageData:
        data = CoverageData(str(self._data))
        data.read()
        return data

    @cached_property
    def _seconds(self) -> dict[str, float]:
        seconds: dict[str, float] = json.loads(self._seconds_file.read_text())
        return seconds


def _lines_of_statement(path: Path, line: int) -> Iterator[int]:
    """Return the lines of the smallest statement around *line*; of one with a body, its head's."""
    best: range | None = None
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            first = min([node.lineno, *(each.lineno for each in _decorators(node))])
            last = body[0].lineno - 1 if body else node.end_lineno or node.lineno
            if first <= line <= last and (best is None or last - first < len(best)):
                best = range(first, max(last, first) + 1)
    yield from best or [line]


def _words_around(path: Path, line: int) -> set[str]:
    """Return the words of the smallest statement around *line*, of its function and its file."""
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines()
    text = [path.stem, *(lines[each - 1] for each in _lines_of_statement(path, line))]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and _is_in(line, node):
            text.append(node.name)
    return _words(" ".join(text))


def _is_in(line: int, node: ast.stmt) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def _score(file: str, words: set[str], worth: dict[str, float]) -> float:
    """Return how much a file of tests speaks of the words that are worth something."""
    name = Path(file).stem.removeprefix("test_")
    in_name = sum(worth.get(word, 0.0) for word in {name, *_words(name)})
    return in_name + sum(worth[word] for word in words & worth.keys()) / math.sqrt(
        max(1, len(words))
    )


def _words(text: str) -> set[str]:
    """Return the names in a text, and the parts of names."""
    names = {name.strip("_") for name in re.findall(r"[A-Za-z_]{3,}", text)}
    return names | {part for name in names for part in name.lower().split("_") if len(part) > 3}


def _assigned(path: Path, line: int) -> set[str]:
    """Return the names that a statement outside of all functions gives a value, without ``_``."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    bodies = [*body, *(one for node in body if isinstance(node, ast.ClassDef) for one in node.body)]
    for node in bodies:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.lineno <= line <= (
            node.end_lineno or node.lineno
        ):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            return {one.id for one in targets if isinstance(one, ast.Name) and len(one.id) > 2}
    return set()


def _decorators(node: ast.stmt) -> list[ast.expr]:
    return getattr(node, "decorator_list", [])
