"""What a ``session_data`` text is by its looks, without any key: form, time, payload.

Nothing here says that a text is genuine; it tells one that another key signed from a broken one.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime, timezone
from typing import Literal, NamedTuple

from ..errors import Base64Error, DecodeError, SignatureError
from ..wire import JSONSerializer
from ..wire.codec import unpack
from ..wire.signing import base62_decode

Form = Literal["signed", "legacy"]

_SIGNED = re.compile(r"(\.?[-\w]*):([0-9A-Za-z]{1,6}):[-\w]{43}", re.ASCII)
_LEGACY = re.compile(rb"[0-9a-f]{40}:(.*)", re.DOTALL)


class Shape(NamedTuple):
    """What can be told of a text that no key verified."""

    form: Form
    payload: bytes
    #: None in the legacy form
    signed_at: datetime | None


def shape_of(text: str) -> Shape:
    """Take *text* apart without verifying it.

    :raises DecodeError: where it is damaged, or neither form.
    """
    shape = _signed(text) if ":" in text else _legacy(text)
    if not _is_pickle(shape.payload):
        data = JSONSerializer().loads(shape.payload)
        if not isinstance(data, dict):
            raise DecodeError("The payload is not an object")
    return shape


def _signed(text: str) -> Shape:
    parts = _SIGNED.fullmatch(text)
    if parts is None:
        raise SignatureError("The text is in neither format")
    payload, _ = unpack(parts[1])
    return Shape("signed", payload, datetime.fromtimestamp(base62_decode(parts[2]), timezone.utc))


def _legacy(text: str) -> Shape:
    try:
        parts = _LEGACY.fullmatch(base64.b64decode(text.encode("ascii")))
    except (UnicodeEncodeError, binascii.Error) as error:
        raise Base64Error("The text is not base64") from error
    if parts is None:
        raise SignatureError("The text is in neither format")
    return Shape("legacy", parts[1], None)


def _is_pickle(payload: bytes) -> bool:
    """Tell by its ends; nobody's pickle is loaded before its signature is verified."""
    return payload.startswith((b"\x80", b"(")) and payload.endswith(b".")
