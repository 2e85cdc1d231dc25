"""A progress bar on the terminal for work that takes several steps; nothing where nobody looks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

Advance = Callable[[int], object]


@contextmanager
def progress(label: str, *, length: Callable[[], int], step: int) -> Iterator[Advance]:
    """Lend what moves the bar on; it is shown on stderr.

    :param length: tells how much there is to do; asked only where stderr is a terminal.
    :param step: how much is done at a time; where that is all, there is no bar.
    """
    total = length() if sys.stderr.isatty() else 0
    if total <= step:
        yield lambda _: None
        return
    with click.progressbar(length=total, label=label, file=sys.stderr) as bar:
        yield bar.update
