"""How one row reads under the app's keys and serializer; nothing is counted here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from ..errors import DecodeError, PickleError, SignatureError
from ..wire import SESSION_SALT, JSONSerializer, PickleSerializer, Reading, SessionCodec
from ..wire.serializers import Serializer
from .shape import Form, shape_of

#: ``readable``: as the app reads it; ``misfit``: verified, but another serializer wrote it;
#: ``refused``: verified, but a pickle of something that is never built; ``unverified``: whole,
#: but none of the keys signed it; ``corrupted``: damaged, or neither form
State = Literal["readable", "misfit", "refused", "unverified", "corrupted"]


class Verdict(NamedTuple):
    """What became of a row."""

    state: State
    #: where its signature was verified and its payload read
    reading: Reading | None = None
    form: Form | None = None
    signed_at: datetime | None = None
    #: what a refused pickle names
    global_name: str = ""


_CORRUPTED = Verdict("corrupted")


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

    def read(self, text: Any) -> Verdict:
        """Tell how *text*, the value of ``session_data``, reads."""
        try:
            reading = self._codec.read(text)
        except SignatureError:
            return _unverified(text)
        except DecodeError as error:
            return self._unread(text, error)
        return Verdict("readable", reading, reading.form, reading.signed_at)

    def _unread(self, text: Any, error: Exception) -> Verdict:
        """Tell about a text that verified, or is no base64 or text at all."""
        if not isinstance(text, str):
            return _CORRUPTED
        refused = _refused_global(error)
        for codec in self._others:
            try:
                reading = codec.read(text)
            except DecodeError as another:
                refused = refused or _refused_global(another)
            else:
                return Verdict("misfit", reading, reading.form, reading.signed_at)
        if refused:
            form: Form = "signed" if ":" in text else "legacy"
            return Verdict("refused", None, form, None, refused)
        return _CORRUPTED


def _refused_global(error: Exception) -> str:
    return (error.global_name or "") if isinstance(error, PickleError) else ""


def _unverified(text: str) -> Verdict:
    try:
        shape = shape_of(text)
    except DecodeError:
        return _CORRUPTED
    return Verdict("unverified", None, shape.form, shape.signed_at)
