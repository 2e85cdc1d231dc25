"""Taking a ``session_data`` text apart without a key; nothing that comes out is verified.

For people who want to see what a row holds. A session is read by ``codec`` alone.
"""

from __future__ import annotations

import pickletools
from datetime import datetime
from typing import Any, Literal, NamedTuple

from ..errors import DecodeError, JSONError, SignatureError
from . import legacy
from .codec import unpack
from .serializers import JSONSerializer
from .signing import read_time


class Parts(NamedTuple):
    """The parts of a text. The signature is left out: it is of use to its verifier only."""

    form: Literal["signed", "legacy"]
    #: as it stands between the colons; in the legacy form the bytes behind the colon
    payload: str | bytes
    #: the time that the signed form names (aware, whole seconds)
    signed_at: datetime | None

    def unpack(self) -> tuple[bytes, bool]:
        """Return the serialized data, and whether it was compressed.

        :raises DecodeError: a subclass tells at which step it failed.
        """
        return unpack(self.payload) if isinstance(self.payload, str) else (self.payload, False)


def split(text: str) -> Parts:
    """Take *text* apart at its colons, in either form.

    :raises Base64Error: where a text in the legacy form is not base64.
    :raises SignatureError: where there is no signature, or no time of signing.
    """
    if ":" not in text:
        _, payload = legacy.split(text)
        return Parts("legacy", payload, None)
    value, _, _ = text.rpartition(":")
    encoded, separator, time = value.rpartition(":")
    if not separator or not encoded.isascii():
        raise SignatureError("The text does not have the three parts of a signed one")
    return Parts("signed", encoded, read_time(time))


class Written(NamedTuple):
    """The parts of a text as they are written, for the eye; an empty one is not there.

    In the legacy form, what base64 hides.
    """

    form: Literal["signed", "legacy"]
    payload: str
    time: str
    signature: str


def written(text: str) -> Written:
    """Take *text* apart at its colons; whatever it is, there is something to be seen."""
    if ":" in text:
        value, _, signature = text.rpartition(":")
        payload, _, time = value.rpartition(":")
        return Written("signed", payload, time, signature)
    try:
        signed, data = legacy.split(text)
    except DecodeError:
        return Written("legacy", text, "", "")
    return Written("legacy", _seen(data), "", _seen(signed))


def _seen(raw: bytes) -> str:
    return raw.decode(errors="backslashreplace")


def serializer_of(payload: bytes) -> Literal["json", "pickle", "unknown"]:
    """Tell what *payload* was most likely written by; a pickle is looked at, never unpickled."""
    try:
        JSONSerializer().loads(payload)
    except JSONError:
        return "unknown" if pickled_names(payload) is None else "pickle"
    return "json"


def pickled_names(payload: bytes) -> list[str] | None:
    """List the classes and functions that a pickle names, as ``os.system``; none of it is run.

    :returns: None where *payload* is no pickle.
    """
    names = _Names()
    try:
        for opcode, argument, _ in pickletools.genops(payload):
            names.see(opcode.name, argument)
    except Exception:  # the bytes may be anything, and pickletools promises no narrower one
        return None
    return list(dict.fromkeys(names.found))


class _Names:
    """Follows the texts that a pickle puts on its stack, since a name is made of the last two."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._texts: list[str] = []
        self._memo: dict[int, str] = {}
        self._top = "?"

    def see(self, opcode: str, argument: Any) -> None:
        """Take in the next instruction."""
        if opcode in ("GLOBAL", "INST"):
            self.found.append(".".join(str(argument).split(" ", 1)))
        elif opcode == "STACK_GLOBAL":
            self.found.append(".".join(self._texts[-2:]))
        elif opcode == "MEMOIZE" or opcode.endswith("PUT"):
            self._memoize(argument)
            return
        self._push(opcode, argument)

    def _memoize(self, index: int | None) -> None:
        self._memo[len(self._memo) if index is None else index] = self._top

    def _push(self, opcode: str, argument: Any) -> None:
        if opcode.endswith("GET"):
            self._top = self._memo.get(int(argument), "?")
        else:
            self._top = argument if isinstance(argument, str) else "?"
        if opcode.endswith("GET") or isinstance(argument, str):
            self._texts = [*self._texts[-1:], self._top]
