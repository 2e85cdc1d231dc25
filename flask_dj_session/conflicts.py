"""What a save does where another request has saved the same session since it was loaded.

The row is changed only if it still has the text that was loaded. If it has not, what this request
has changed is put onto what is there now, and it is tried again: no lock, no transaction, and no
statement more where nobody was in the way.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from .errors import ConflictError, UpdateError
from .merging import AnotherSessionError, Form, Merger, merge
from .protocols import WritableRows

#: how often a save is tried
ATTEMPTS = 100
#: so many times at once; then with a pause, since the others are as quick
_AT_ONCE = 5
#: the longest pause, in seconds
_PAUSE = 0.02


class RowValues(NamedTuple):
    """What a row gets."""

    text: str
    #: aware
    expire_date: datetime
    columns: dict[str, Any]


class Merging(NamedTuple):
    """A session that can be stored onto what another request has stored."""

    rows: WritableRows
    #: returns the time, aware
    now: Callable[[], datetime]
    mergers: Mapping[str, Merger]
    #: its data, which is changed here
    data: dict[str, Any]
    #: returns what its row would get now
    row_values: Callable[[], RowValues]
    #: reads a text, and tells where that fails
    decode: Callable[[str], dict[str, Any]]
    #: reads a text that was read before
    read_again: Callable[[str], dict[str, Any]]
    #: tells two values of an item apart
    form: Form

    def store(self, key: str, as_loaded: str, tried: RowValues | None = None) -> str:
        """Store what was changed since *as_loaded*, and return the text that the row has now.

        :param tried: what the row would get, where that was tried already, in vain.
        :raises UpdateError: if the row is gone, or belongs to another login.
        :raises ConflictError: if others were quicker each time.
        :raises MergeError: if a merger fails.
        """
        for _ in _attempts():
            values = tried or self.row_values()
            if tried is None and self.rows.replace(
                key, as_loaded, values.text, values.expire_date, **values.columns
            ):
                return values.text
            tried = None
            stored = self._stored(key)
            if stored == as_loaded == values.text:
                return stored  # MySQL may count only rows that change, and this one need not
            self._merge(as_loaded, stored)
            as_loaded = stored
        raise ConflictError(ATTEMPTS)

    def leave(self, key: str, as_loaded: str) -> tuple[bool, bool]:
        """Delete the row of a key that the session has left, and take over what others stored.

        :returns: whether there was a row, and whether the data has changed.
        :raises MergeError: if a merger fails.
        """
        has_changed = False
        for _ in _attempts():
            if self.rows.delete(key, as_loaded):
                return True, has_changed
            try:
                stored = self._stored(key)
                self._merge(as_loaded, stored)
            except UpdateError:
                break
            as_loaded, has_changed = stored, True
        return self.rows.delete(key), has_changed

    def _stored(self, key: str) -> str:
        stored = self.rows.reload(key, self.now())
        if stored is None:
            raise UpdateError("The session's row is gone")
        return stored

    def _merge(self, as_loaded: str, stored: str) -> None:
        loaded, theirs = self.read_again(as_loaded), self.decode(stored)
        try:
            merged = merge(loaded, theirs, self.data, self.mergers, self.form)
        except AnotherSessionError as error:
            raise UpdateError("The session belongs to another login by now") from error
        self.data.clear()
        self.data.update(merged)


def _attempts() -> Iterator[int]:
    for attempt in range(ATTEMPTS):
        if attempt >= _AT_ONCE:
            time.sleep(random.uniform(0, _PAUSE))  # noqa: S311 - nobody gains by guessing it
        yield attempt
