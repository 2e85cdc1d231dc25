"""Taking a ``session_data`` text apart without a key; nothing that comes out is verified.

For people who want to see what a row holds. A session is read by ``codec`` alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, NamedTuple

from ..errors import DecodeError, JSONError, SignatureError
from . import legacy
from .budget import MAX_STEPS
from .codec import unpack
from .opcodes import NAMES, instructions
from .serializers import JSONSerializer
from .signing import read_time
from .unpickling import Memo

#: how many names of a pickle are listed
MAX_NAMES = 100
#: stands for the names that are not
MORE = "…"

_NAME_SHOWN = 100


class Parts(NamedTuple):
    """The parts of a text. The signature is left out: it is of use to its verifier only."""

    form: Literal["signed", "legacy"]
    #: as it stands between the colons; in the legacy form the bytes behind the colon
    payload: str | bytes
    #: the time that the signed form names (aware, whole seconds)
    signed_at: datetime | None

    def unpack(self, at_most: int | None = None) -> tuple[bytes, bool]:
        """Return the serialized data, and whether it was compressed.

        :raises DecodeError: a subclass tells at which step it failed.
        """
        if isinstance(self.payload, bytes):
            return self.payload, False
        return unpack(self.payload, at_most)


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

    :returns: None where *payload* is no pickle. Where there may be more names than are listed, the
        last is ``…``.
    """
    names = _Names()
    try:
        for step, (code, argument) in enumerate(instructions(payload)):
            if step == MAX_STEPS or len(names.found) == MAX_NAMES:
                return [*names.found, MORE]
            names.see(step, NAMES[code], argument)
    except Exception:  # the bytes may be anything
        return None
    return list(names.found)


class _Names:
    """Follows the texts that a pickle puts on its stack, since a name is made of the last two."""

    def __init__(self) -> None:
        self.found: dict[str, None] = {}
        self._texts = ["?", "?"]
        self._memo = Memo()
        self._top = "?"

    def see(self, step: int, opcode: str, argument: Any) -> None:
        """Take in the next instruction."""
        if opcode == "MEMOIZE" or opcode.endswith("PUT"):
            self._memo.put(argument, self._top, step=step)
            return
        if opcode in ("GLOBAL", "INST"):
            self._find(*argument)
        elif opcode == "STACK_GLOBAL":
            self._find(*self._texts)
        elif opcode.startswith("EXT"):
            self._find("copyreg", f"extension {argument}")
        self._push(opcode, argument)

    def _find(self, *names: str) -> None:
        self.found[".".join(name[:_NAME_SHOWN] for name in names)] = None

    def _push(self, opcode: str, argument: Any) -> None:
        self._top = "?"
        if opcode.endswith("GET"):
            self._top = self._memo.get(argument)
        elif isinstance(argument, str):
            self._top = argument[: _NAME_SHOWN + 1]
        else:
            return
        self._texts = [self._texts[1], self._top]
