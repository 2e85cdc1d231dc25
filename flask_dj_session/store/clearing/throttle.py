"""How many rows a batch by date has, and how long the rest between any two; no statements here."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

# A batch has more rows than these where that takes no longer than a moment. Less would take long
# in all: on SQLite, most of what a batch costs is the same for few rows.
LEAST_ROWS = 1000
MOST_ROWS = 10_000
_MOMENT = 0.04
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
        self._pause = pause
        self._longest_rest = _REST if one_writer else 0.0
        self._begin_of_next = float("-inf")

    def rest(self) -> None:
        """Sleep until the next batch may begin."""
        left = self._begin_of_next - time.monotonic()
        if left > 0:
            time.sleep(left)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Time a batch, to tell how many rows the next one has and when it begins."""
        began = time.monotonic()
        yield
        took = time.monotonic() - began
        rest = self._rest_after(took) if self._pause is None else self._pause
        self._begin_of_next = began + took + rest
        if not self._is_fixed:
            self.rows = rows_of_next(self.rows, took / self.rows)

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Rest before and after what is done inside, which keeps others waiting as well."""
        self.rest()
        began = time.monotonic()
        yield
        ended = time.monotonic()
        self._begin_of_next = ended + self._rest_after(ended - began)

    def _rest_after(self, took: float) -> float:
        return min(took, self._longest_rest)


def rows_of_next(rows: int, seconds_of_a_row: float) -> int:
    """Return how many rows fit in a moment, if at most twice as many as before."""
    fitting = int(_MOMENT / max(seconds_of_a_row, 1e-9))
    return min(max(fitting, LEAST_ROWS), 2 * rows, MOST_ROWS)
