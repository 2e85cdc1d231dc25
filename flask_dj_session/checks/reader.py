"""How one row reads under the app's keys and serializer; nothing is counted here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from ..errors import CompressionError, DecodeError, PickleError, SignatureError
from ..store import TooLong
from ..wire import SESSION_SALT, JSONSerializer, PickleSerializer, Reading, SessionCodec
from ..wire.anatomy import split
from ..wire.serializers import Serializer
from .shape import Form, shape_of

#: ``readable``: as the app reads it; ``misfit``: verified, but another serializer wrote it;
#: ``refused``: verified, but a pickle of something that is never built; ``unread``: verified, but
#: of none of the serializers that are known, or too large; ``unverified``: whole, but none of the
#: keys signed it; ``corrupted``: damaged, or neither form; ``unfetched``: nobody has looked at it
State = Literal["readable", "misfit", "refused", "unread", "unverified", "corrupted", "unfetched"]


class RowReading(NamedTuple):
    """What became of a row."""

    state: State
    #: where its signature was verified and its payload read
    reading: Reading | None = None
    form: Form | None = None
    signed_at: datetime | None = None
    #: which key verified it; None where none did
    key_index: int | None = None
    #: what a refused pickle names
    global_name: str = ""
    #: whether an unread one is only too large
    is_too_large: bool = False


_CORRUPTED = RowReading("corrupted")


class RowReader:
    """Reads texts with the app's keys, in its serializer and, where that fails, in Django's others.

    :param keys: SECRET_KEY, then its fallbacks.
    :param serializer: the app's own.
    """

    def __init__(
        self, keys: Sequence[str | bytes], *, serializer: Serializer, salt: str = SESSION_SALT
    ) -> None:
        others: list[Serializer] = [
            other
            for other in (JSONSerializer(), PickleSerializer())
            if type(other) is not type(serializer)
        ]
        self._codec, *self._others = (
            SessionCodec(keys[0], keys[1:], salt=salt, serializer=each)
            for each in [serializer, *others]
        )

    def read(self, text: Any) -> RowReading:
        """Tell how *text*, the value of ``session_data``, reads."""
        if isinstance(text, TooLong):
            return RowReading("unfetched")
        try:
            reading = self._codec.read(text)
        except SignatureError:
            return _unverified(text)
        except DecodeError as error:
            return self._unread(text, error)
        return _row_reading("readable", reading)

    def _unread(self, text: Any, error: DecodeError) -> RowReading:
        """Tell about a text that verified, or is no base64 or text at all."""
        if not isinstance(text, str):
            return _CORRUPTED
        try:
            key_index = self._codec.key_index(text)
            parts = split(text)
        except DecodeError:
            return _CORRUPTED
        refused = _refused_global(error)
        for codec in self._others:
            try:
                return _row_reading("misfit", codec.read(text))
            except DecodeError as another:
                refused = refused or _refused_global(another)
        return RowReading(
            "refused" if refused else "unread",
            None,
            parts.form,
            parts.signed_at,
            key_index,
            refused,
            _is_too_large(error),
        )


def _row_reading(state: State, reading: Reading) -> RowReading:
    return RowReading(state, reading, reading.form, reading.signed_at, reading.key_index)


def _refused_global(error: Exception) -> str:
    return (error.global_name or "") if isinstance(error, PickleError) else ""


def _is_too_large(error: DecodeError) -> bool:
    return isinstance(error, CompressionError) and error.is_too_large


def _unverified(text: str) -> RowReading:
    try:
        shape = shape_of(text)
    except DecodeError as error:
        if not _is_too_large(error):
            return _CORRUPTED
        # As far as it was looked at, it is whole.
        return RowReading("unverified", None, "signed", split(text).signed_at)
    return RowReading("unverified", None, shape.form, shape.signed_at)
