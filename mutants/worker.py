"""Tries one fault after the other in a tree of its own.

What tests import from elsewhere is imported once, before: each fault is tried in a fork.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

# None of these imports the package.
_BEFORE = [
    "_hypothesis_pytestplugin",
    "alembic",
    "argon2",
    "bcrypt",
    "django.contrib.auth.hashers",
    "django.contrib.sessions.backends.db",
    "django.test",
    "flask",
    "flask_login",
    "flask_migrate",
    "flask_socketio",
    "flask_sqlalchemy",
    "flask_wtf",
    "hypothesis",
    "psycopg",
    "pymysql",
    "pytest_cov.plugin",
    "sqlalchemy.dialects.mysql",
    "sqlalchemy.dialects.postgresql",
    "time_machine",
    "unittest.mock",
    "wtforms",
    "xdist.plugin",
]
_MEMORY = 6 * 2**30


class _Chosen:
    """A plugin for pytest that leaves only the chosen tests, in their order by file."""

    def __init__(self, tests: list[str]) -> None:
        self._place = {test: place for place, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if item.nodeid in self._place]
        first: dict[Path, int] = {}
        for item in items:
            place = self._place[item.nodeid]
            first[item.path] = min(place, first.get(item.path, place))
        items.sort(key=lambda item: (first[item.path], self._place[item.nodeid]))


def main() -> None:
    """Read jobs, a line of JSON each, and write what became of them."""
    for name in _BEFORE:
        with suppress(ImportError):
            importlib.import_module(name)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        job: dict[str, Any] = json.loads(line)
        with _in_place_of(Path(job["path"]), job["code"]):
            for tests in _in_two(job["tests"]):
                is_noticed, output = _try(tests, job["seconds"])
                if is_noticed:
                    break
        answers.write(json.dumps({"is_noticed": is_noticed, "output": output}) + "\n")
        answers.flush()


@contextmanager
def _in_place_of(path: Path, code: str) -> Iterator[None]:
    before, times = path.read_bytes(), path.stat()
    path.write_text(code, encoding="utf-8")
    try:
        yield
    finally:
        path.write_bytes(before)
        # With its old date, so that what Python has compiled of it is still good.
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def _in_two(tests: list[str]) -> Iterator[list[str]]:
    """Return the tests of the likeliest files, then the others.

    Most faults are noticed by the first, and to read all files takes longer than these tests do.
    """
    likeliest = [*dict.fromkeys(test.partition("::")[0] for test in tests)][:3]
    first = [test for test in tests if test.partition("::")[0] in likeliest]
    others = [test for test in tests if test not in first]
    yield first
    if others:
        yield others


def _try(tests: list[str], seconds: float) -> tuple[bool, str]:
    log = Path("mutants.log")
    child = os.fork()
    if child == 0:
        # By the way that a program ends, so that tests can clean up after themselves.
        sys.exit(_run(tests, seconds, log))
    end = time.monotonic() + 1.5 * seconds  # for what waits; what loops has less
    status: int | None = None
    while status is None and time.monotonic() < end:
        done, told = os.waitpid(child, os.WNOHANG)
        status = told if done else None
        time.sleep(0.02)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    if status is None:
        os.waitpid(child, 0)
        return True, "it takes too long"
    output = log.read_text(errors="replace")[-4000:]
    if os.waitstatus_to_exitcode(status) == pytest.ExitCode.NO_TESTS_COLLECTED:
        raise SystemExit(
            f"None of the chosen tests is there; find out anew which there are: {output}"
        )
    return status != 0, output


def _run(tests: list[str], seconds: float, log: Path) -> int:
    os.setsid()
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(written, 1)
    os.dup2(written, 2)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    # By the processor's clock, since a slow test on a busy machine is no fault.
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 1))
    files = [*dict.fromkeys(test.partition("::")[0] for test in tests)]
    options = ["-x", "-q", "--tb=line", "-p", "no:cacheprovider"]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # of what is imported before
    try:
        return int(pytest.main([*options, *files], plugins=[_Chosen(tests)]))
    except BaseException as error:
        print(repr(error), flush=True)
        return 99


if __name__ == "__main__":
    main()
