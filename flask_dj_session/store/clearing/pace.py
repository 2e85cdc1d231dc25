"""How many rows a batch has, and how long the rest between two; no statements here."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

# A batch has more rows than these where that takes no longer than a moment. Less would take long
# in all: on SQLite, most of what a batch costs is the same for few rows.
LEAST_ROWS = 1000
MOST_ROWS = 10_000
_MOMENT = 0.04
# On SQLite a visitor waits for the whole batch, and then up to 25 ms until he tries again.
_MOMENT_OF_ONE_WRITER = 0.06
_REST = 0.03


class Pace:
    """Times the batches, and rests between them.

    :param batch_size: rows in each; by default as many as fit in a moment.
    :param pause: seconds from the end of one to the beginning of the next, at the least.
    :param one_writer: whether nobody else can write during a batch. Who waits tries again at
        intervals and not in the order of coming, so there must be a gap to be met.
    """

    def __init__(self, batch_size: int | None, pause: float | None, *, one_writer: bool) -> None:
        #: how many rows the next batch is to have
        self.rows = batch_size or LEAST_ROWS
        self._is_fixed = batch_size is not None
        self._moment = _MOMENT_OF_ONE_WRITER if one_writer else _MOMENT
        self._pause = pause
        self._longest_rest = _REST if one_writer else 0.0
        self._begin_of_next = float("-inf")
        # Of the last batches: they differ, and the slowest one counts for whoever waits.
        self._seconds_of_a_row: deque[float] = deque(maxlen=5)

    def rest(self) -> None:
        """Sleep until the next batch may begin."""
        left = self._begin_of_next - time.monotonic()
        if left > 0:
            time.sleep(left)

    @contextmanager
    def batch(self, rows: int | None = None) -> Iterator[None]:
        """Time a batch, to tell how many rows the next one has and when it begins.

        :param rows: how many it has, where that may be less than was said; such a one tells little.
        """
        began = time.monotonic()
        yield
        took = time.monotonic() - began
        rest = self._rest_after(took) if self._pause is None else self._pause
        self._begin_of_next = began + took + rest
        if not self._is_fixed and rows in (None, self.rows):
            self._adapt(took / self.rows)

    def _adapt(self, seconds_of_a_row: float) -> None:
        self._seconds_of_a_row.append(seconds_of_a_row)
        rows = rows_of_next(self.rows, max(self._seconds_of_a_row), moment=self._moment)
        if rows == 2 * self.rows:
            # A row of a small batch costs more than one of a large batch.
            self._seconds_of_a_row.clear()
        self.rows = rows

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Rest before and after what is read, where nobody can write meanwhile."""
        self.rest()
        began = time.monotonic()
        yield
        ended = time.monotonic()
        self._begin_of_next = ended + self._rest_after(ended - began)

    def _rest_after(self, took: float) -> float:
        return min(took, self._longest_rest)


def rows_of_next(rows: int, seconds_of_a_row: float, *, moment: float) -> int:
    """Tell how many rows fit in a *moment* (seconds), if at most twice as many as before."""
    fitting = int(moment / max(seconds_of_a_row, 1e-9))
    return min(max(fitting, LEAST_ROWS), 2 * rows, MOST_ROWS)
