"""The steps from a ``session_data`` text to its data, each told in words; it stops where one fails.

What none of the keys signed is shown only where that is asked for, and a pickle among it is never
unpickled: the names in it are listed.
"""

from __future__ import annotations

from typing import Any

from ..errors import DecodeError, JSONError, SignatureError
from ..wire import MAX_UNPACKED, JSONSerializer, PickleSerializer, SessionCodec
from ..wire.anatomy import Parts, pickled_names, serializer_of, split
from .formatting import counted, iso, key_name, printable

_FORMS = {
    "signed": "signed: payload, time and signature (since Django 3.1)",
    "legacy": "legacy: base64 of signature and payload (before Django 3.1)",
}
#: what makes the signature, by form
HASHES = {"signed": "HMAC-SHA256", "legacy": "HMAC-SHA1"}

# A few bytes of nobody's must not unpack to megabytes. Data of people seldom is packed to a tenth.
_UNVERIFIED = 1024 * 1024
_TIMES = 50


class Steps:
    """What was found, for people in lines and for programs by name."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.error: DecodeError | None = None
        self.facts: dict[str, Any] = dict.fromkeys(
            ["form", "signed_at", "verified", "key", "compressed", "serializer", "names", "data"]
        )
        self.facts.update(verified=False, error=None)

    def add(self, label: str, said: str, **facts: Any) -> None:
        """Take in the outcome of a step."""
        self.lines.append((label, said))
        self.facts.update(facts)


def steps_of(text: str, codec: SessionCodec, *, unverified: bool) -> Steps:
    """Take *text* apart, as far as it goes."""
    steps = Steps()
    try:
        parts = _split(steps, text)
        verified = _verify(steps, text, codec, parts, unverified=unverified)
        payload = _unpack(steps, parts, MAX_UNPACKED if verified else _at_most(text))
        if verified:
            _read(steps, text, codec, payload)
        else:
            _look(steps, payload)
    except DecodeError as error:
        steps.error = error
        steps.facts["error"] = str(error)
    return steps


def _at_most(text: str) -> int:
    """Return how many bytes a *text* that nobody has verified may unpack to."""
    return max(_UNVERIFIED, min(_TIMES * len(text), MAX_UNPACKED))


def _split(steps: Steps, text: str) -> Parts:
    parts = split(text)
    steps.add("format", _FORMS[parts.form], form=parts.form)
    if parts.signed_at is not None:
        steps.add("signed at", iso(parts.signed_at), signed_at=iso(parts.signed_at))
    return parts


def _verify(
    steps: Steps, text: str, codec: SessionCodec, parts: Parts, *, unverified: bool
) -> bool:
    digest = HASHES[parts.form]
    try:
        key = key_name(codec.key_index(text))
    except SignatureError:
        steps.add("signature", f"WRONG: no {digest} by SECRET_KEY or its fallbacks")
        if not unverified:
            raise
        return False
    steps.add("signature", f"right: {digest} by {key}", verified=True, key=key)
    return True


def _unpack(steps: Steps, parts: Parts, at_most: int) -> bytes:
    payload, compressed = parts.unpack(at_most)
    kind = "zlib, unpacks to" if compressed else "not compressed:"
    steps.add("payload", f"{kind} {counted(len(payload), 'byte')}", compressed=compressed)
    return payload


def _read(steps: Steps, text: str, codec: SessionCodec, payload: bytes) -> None:
    """Read verified data, also where it is not by the app's own serializer."""
    try:
        reading = codec.read(text)
    except DecodeError:
        serializer = serializer_of(payload)
        if serializer == "unknown":
            raise
        data = _loads(payload, serializer)
        note = f"{serializer}, which is not the app's SESSION_SERIALIZER"
        steps.add("data", note, serializer=serializer, data=data)
    else:
        steps.add("data", reading.serializer, serializer=reading.serializer, data=reading.data)


def _loads(payload: bytes, serializer: str) -> Any:
    return (PickleSerializer() if serializer == "pickle" else JSONSerializer()).loads(payload)


def _look(steps: Steps, payload: bytes) -> None:
    """Show data that nobody has verified."""
    try:
        data = JSONSerializer().loads(payload)
    except JSONError:
        _look_at_names(steps, payload)
    else:
        steps.add("data", "UNVERIFIED json", serializer="json", data=data)


def _look_at_names(steps: Steps, payload: bytes) -> None:
    found = pickled_names(payload)
    if found is None:
        raise JSONError("The payload is neither JSON nor a pickle")
    names = [printable(name) for name in found]
    told = f"it names {', '.join(names)}" if names else "it names nothing"
    said = f"UNVERIFIED pickle, which is not unpickled; {told}"
    steps.add("data", said, serializer="pickle", names=names)
