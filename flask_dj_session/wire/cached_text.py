"""What stands for the text of a row where its data comes from a cache; the cache is not read here.

Nobody has signed what is in a cache, and nobody has written it as a text. So there is no text to
compare with the row's, and a codec takes the data from here and nowhere else: not from a column.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class CachedText(str):
    """An empty text that has data: that of a session, as a cache has it.

    :param read: reads the data anew each time.
    :param first: what it has returned already.
    """

    _first: dict[str, Any] | None
    _read: Callable[[], dict[str, Any]]

    def __new__(
        cls, read: Callable[[], dict[str, Any]], first: dict[str, Any] | None = None
    ) -> CachedText:
        """Make an empty text that has data."""
        made = super().__new__(cls)
        made._read, made._first = read, first
        return made

    def data(self) -> dict[str, Any]:
        """Return the data, in objects of its own each time."""
        first, self._first = self._first, None
        return self._read() if first is None else first
