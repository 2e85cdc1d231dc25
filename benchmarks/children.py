"""Processes that answer each line of text with one line of text."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from types import TracebackType


class Child:
    """A process that runs a module of this package.

    :param module: its name.
    :param arguments: its command line.
    """

    def __init__(self, module: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.{module}", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._process.kill()
        self._process.communicate()

    def wait_until_ready(self) -> None:
        """Wait until it says that it can be asked."""
        self.answer()

    def ask(self, question: str) -> str:
        """Send a line, and return the line that it answers."""
        self.tell(question)
        return self.answer()

    def tell(self, question: str) -> None:
        """Send a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(question + "\n")
        self._process.stdin.flush()

    def answer(self) -> str:
        """Return its next line."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("A process of the benchmark has failed; see its message above.")
        return line.rstrip("\n")


def answer_lines(answer: Callable[[str], str]) -> None:
    """Be a child: answer each line of the input until there are no more."""
    print("ready", flush=True)
    for line in sys.stdin:
        print(answer(line.strip()), flush=True)
