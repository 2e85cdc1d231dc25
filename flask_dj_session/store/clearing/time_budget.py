"""How many rows are removed in a transaction for whose end all others wait; no statements here."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import NamedTuple

from .throttle import LEAST_ROWS, MOST_ROWS

# Who waits for SQLite's lock tries again after 53 and 78 ms, and then no sooner than after 103.
_MOMENT = 0.07
#: rows to a statement; a transaction can end after any of them
PIECE = 500


class _Commit(NamedTuple):
    seconds: float
    rows: int


class Moment:
    """Ends a transaction in time.

    What a row costs differs too much from one batch to the next to be told beforehand. So a
    transaction has several statements, and no further one if the moment were over before the
    commit; that one takes as long as the slowest of the last few.

    :param batch_size: rows in each transaction; by default as many as fit in a moment.
    """

    def __init__(self, batch_size: int | None) -> None:
        self._batch_size = batch_size
        self._rows = 0
        self._commits: deque[_Commit] = deque(maxlen=5)

    def pieces(self, numbers: list[int]) -> Iterator[list[int]]:
        """Take the pieces for a transaction from the front of *numbers*, and leave the others."""
        if self._batch_size is not None:
            yield _take(numbers, self._batch_size)
            return
        # Nothing is known of how long the first commit takes.
        most = MOST_ROWS if self._commits else LEAST_ROWS
        ends = [time.monotonic()]
        self._rows = 0
        while numbers and self._rows < most and self._is_time_for_more(ends):
            piece = _take(numbers, PIECE)
            yield piece
            self._rows += len(piece)
            ends.append(time.monotonic())

    @contextmanager
    def commit(self) -> Iterator[None]:
        """Time the commit of these pieces."""
        began = time.monotonic()
        yield
        self._commits.append(_Commit(time.monotonic() - began, max(self._rows, 1)))

    def _is_time_for_more(self, ends: list[float]) -> bool:
        """Tell from when the pieces were done, the beginning first, whether another one fits."""
        if self._rows < LEAST_ROWS:
            return True
        slowest = max(end - begin for begin, end in pairwise(ends))
        return ends[-1] - ends[0] + slowest + self._seconds_to_commit() <= _MOMENT

    def _seconds_to_commit(self) -> float:
        """Return how long a commit may take that has another piece."""
        rows = self._rows + PIECE
        return max((one.seconds * max(1.0, rows / one.rows) for one in self._commits), default=0.0)


def _take(numbers: list[int], most: int) -> list[int]:
    piece = numbers[:most]
    del numbers[:most]
    return piece
