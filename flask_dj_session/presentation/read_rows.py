"""What is told of a row: read by the app's codec, or why it cannot be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from ..errors import DecodeError
from ..store import StoredRow, TooLong
from ..wire import Reading, SessionCodec
from .formatting import counted, iso, shortened, text_of

_USER_ID = "_auth_user_id"


class ReadRow(NamedTuple):
    """A stored row and its reading."""

    stored: StoredRow
    reading: Reading | None
    #: why there is no reading
    error: DecodeError | None = None

    @property
    def user_id(self) -> str | None:
        """The id of the user who is logged in, as text, since Django 1.4 stored an int."""
        user_id = self.reading.data.get(_USER_ID) if self.reading else None
        return None if user_id is None else text_of(user_id)

    @property
    def form(self) -> str:
        """The form of the text, or why it cannot be read."""
        return self.reading.form if self.reading else f"unreadable: {self.error}"

    def without_data(self) -> ReadRow:
        """Return what a line tells of the row; many of these may be in memory at a time."""
        stored = self.stored._replace(session_data=TooLong(self.stored.size))
        if self.reading is None:
            return self._replace(stored=stored)
        data = {} if self.user_id is None else {_USER_ID: self.user_id}
        return self._replace(stored=stored, reading=replace(self.reading, data=data, payload=b""))

    def facts(self, now: datetime, *, full: bool = False) -> dict[str, Any]:
        """Tell all of the row but the data, for programs."""
        key = self.stored.session_key
        return {
            "session_key": key if full else shortened(key),
            "user_id": self.user_id,
            "expire_date": iso(self.stored.expire_date),
            "expired": self.stored.has_expired(now),
            "form": self.reading.form if self.reading else None,
            "error": str(self.error) if self.error else None,
            "size": self.stored.size,
        }


def read(stored: StoredRow, codec: SessionCodec) -> ReadRow:
    """Read a row; one that cannot be read is no error here."""
    if isinstance(stored.session_data, TooLong):
        size = counted(stored.size, "byte")
        return ReadRow(stored, None, DecodeError(f"The text has {size}, so it was not read"))
    try:
        return ReadRow(stored, codec.read(stored.session_data))
    except DecodeError as error:
        # The frames of its traceback hold the text, for as long as the error is kept.
        error.__cause__ = error.__context__ = None
        return ReadRow(stored, None, error.with_traceback(None))
