"""The one door into the wire format: session data to ``session_data`` text and back.

    >>> from datetime import datetime, timezone
    >>> codec = SessionCodec("secret")
    >>> text = codec.encode({"num_visits": 1}, datetime(2026, 11, 23, tzinfo=timezone.utc))
    >>> text
    'eyJudW1fdmlzaXRzIjoxfQ:1xVHTU:7ZgnZUhRxswbN-XAynuo51lZncV0EbyFLJaIIOQ0CXk'
    >>> codec.decode(text)
    {'num_visits': 1}

Of use without Flask and without a database.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from ..errors import Base64Error, CompressionError, DecodeError, EncodeError, JSONError
from .cached_text import CachedText
from .legacy import LegacySigner
from .serializers import JSONSerializer, Serializer
from .signing import TimestampSigner

#: the salt of Django's own database store, from ``django.contrib.sessions.`` and its class's name
SESSION_SALT = "django.contrib.sessions.SessionStore"

#: how many bytes a compressed payload may unpack to; more is neither read nor written
MAX_UNPACKED = 16 * 1024 * 1024

Algorithm = Literal["sha256", "sha1"]

# A payload of at most so many bytes is first tried with a compressor that has a small memory. It
# finds all that zlib's own finds in so short a text, and is ready in a fraction of the time.
_SHORT = 100
_SMALL_WINDOW, _SMALL_MEMORY = 9, 1


@dataclass(frozen=True)
class Reading:
    """What a ``session_data`` text held, and how it was read."""

    data: dict[str, Any] = field(repr=False)
    #: ``signed`` since Django 3.1, ``legacy`` before
    form: Literal["signed", "legacy"]
    #: 0 for SECRET_KEY, 1 for the first of SECRET_KEY_FALLBACKS, and so on
    key_index: int
    #: ``json``, ``pickle``, or the class name of a serializer of one's own
    serializer: str
    #: the serialized data, unpacked
    payload: bytes = field(repr=False)
    #: whether the payload was compressed
    compressed: bool = False
    #: the time in the signature (aware, whole seconds); None in the legacy form
    signed_at: datetime | None = None


class SessionCodec:
    """Encodes and decodes what Django keeps in the column ``session_data``.

    :param secret_key: the site's SECRET_KEY; it signs.
    :param fallback_keys: the site's SECRET_KEY_FALLBACKS, tried in order when reading.
    :param salt: ``django.contrib.sessions.`` and the qualified name of Django's store class.
    :param serializer: an object or class with ``dumps`` and ``loads``; Django's JSON by default.
    :param algorithm: ``sha1`` writes the form of before Django 3.1, as
        ``DEFAULT_HASHING_ALGORITHM`` did; both forms are read either way.
    """

    def __init__(
        self,
        secret_key: str | bytes,
        fallback_keys: Iterable[str | bytes] = (),
        *,
        salt: str = SESSION_SALT,
        serializer: Serializer | type[Serializer] = JSONSerializer,
        algorithm: Algorithm = "sha256",
    ) -> None:
        keys = [secret_key, *fallback_keys]
        class_name = salt.rpartition(".")[2]
        self._signer = TimestampSigner(keys, salt=salt)
        self._legacy = LegacySigner(keys, salt="django.contrib.sessions" + class_name)
        self._serializer = serializer() if isinstance(serializer, type) else serializer
        self._writes_legacy = algorithm == "sha1"

    def encode(self, data: dict[str, Any], now: datetime) -> str:
        """Write *data* as Django does at the second of *now* (aware), to the byte.

        :raises EncodeError: naming the value that cannot be stored.

        # Django 5.2, core/signing.py: dumps with compress=True
        """
        payload = self.serialize(data)
        if self._writes_legacy:
            return self._legacy.sign(payload)
        return self._signer.sign(_pack(payload), now)

    def serialize(self, data: dict[str, Any]) -> bytes:
        """Write *data* as bytes, which are neither packed nor signed yet.

        :raises EncodeError: naming the value that cannot be stored.
        """
        return self._serializer.dumps(data)

    def decode(self, text: str) -> dict[str, Any]:
        """Read the data of a *text* in either form.

        :raises DecodeError: a subclass tells at which step it failed.
        """
        if type(text) is CachedText:
            return text.data()
        return self.read(text).data

    def read(self, text: str) -> Reading:
        """Read a *text* in either form, and tell how.

        :raises DecodeError: a subclass tells at which step it failed; also where *text* is none,
            since a column of SQLite may hold anything.
        """
        if not isinstance(text, str):
            there = "NULL" if text is None else type(text).__name__
            raise Base64Error(f"The column holds {there} instead of text")
        # The alphabet of the old form has no colon, the new form always has two.
        return self._read_signed(text) if ":" in text else self._read_legacy(text)

    def key_index(self, text: str) -> int:
        """Tell which key signed *text*: 0 for SECRET_KEY, 1 for the first fallback, and so on.

        :raises SignatureError: where none did.
        :raises Base64Error: where a text in the legacy form is not base64.
        """
        signer = self._signer if ":" in text else self._legacy
        return signer.unsign(text).key_index

    def _read_signed(self, text: str) -> Reading:
        unsigned = self._signer.unsign(text)
        payload, compressed = unpack(unsigned.payload)
        return Reading(
            self._loads(payload),
            "signed",
            unsigned.key_index,
            self._serializer_name,
            payload,
            compressed,
            unsigned.signed_at,
        )

    def _read_legacy(self, text: str) -> Reading:
        payload, key_index = self._legacy.unsign(text)
        data = self._loads(payload)
        return Reading(data, "legacy", key_index, self._serializer_name, payload)

    @property
    def _serializer_name(self) -> str:
        return getattr(self._serializer, "name", type(self._serializer).__name__)

    def _loads(self, payload: bytes) -> dict[str, Any]:
        try:
            data = self._serializer.loads(payload)
        except DecodeError:
            raise
        except Exception as error:  # a serializer of the site's own may raise anything
            if type(self._serializer) is JSONSerializer:
                # Unlike Django: what is none of the payload's, as the end of a time limit, does not
                # make the session an empty one, which would then be stored.
                raise
            raise DecodeError("The payload cannot be read by the serializer") from error
        if not isinstance(data, dict):
            # Unlike Django: it takes the value for a session, and fails in the view.
            raise JSONError("The payload is not an object")
        return data


def _pack(payload: bytes) -> str:
    """Write *payload* as base64url, compressed where that saves more than a byte."""
    packed = b"" if _is_short_and_stays_so(payload) else zlib.compress(payload)
    if not packed or len(packed) >= len(payload) - 1:
        return base64.urlsafe_b64encode(payload).rstrip(b"=").decode("ascii")
    if len(payload) > MAX_UNPACKED:
        raise EncodeError("", f"takes {len(payload)} bytes; the limit is {MAX_UNPACKED}")
    return "." + base64.urlsafe_b64encode(packed).rstrip(b"=").decode("ascii")


def _is_short_and_stays_so(payload: bytes) -> bool:
    """Tell quickly of most short payloads that compressing them saves nothing."""
    if len(payload) > _SHORT:
        return False
    compressor = zlib.compressobj(
        zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, _SMALL_WINDOW, _SMALL_MEMORY
    )
    packed = compressor.compress(payload) + compressor.flush()
    return len(packed) >= len(payload) - 1


def unpack(text: str, at_most: int | None = None) -> tuple[bytes, bool]:
    """Read the payload of the signed form, and return whether it was compressed.

    :param at_most: how many bytes it may unpack to; by default 16 MiB.

    :raises Base64Error: where it is not base64.
    :raises CompressionError: where it is compressed, and not zlib data or too large.
    """
    packed = packed_bytes(text)
    if not text.startswith("."):
        return packed, False
    return _decompress(packed, MAX_UNPACKED if at_most is None else at_most), True


def packed_bytes(text: str) -> bytes:
    """Read the base64 of the payload of the signed form; it may be compressed still.

    :raises Base64Error: where it is not base64.
    """
    encoded = text.removeprefix(".").encode("ascii")
    try:
        return base64.urlsafe_b64decode(encoded + b"=" * (-len(encoded) % 4))
    except (binascii.Error, ValueError) as error:
        raise Base64Error("The payload is not base64") from error


def _decompress(packed: bytes, at_most: int) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        # Unlike Django: no row unpacks to more than a stated limit.
        payload = unpacker.decompress(packed, at_most)
    except zlib.error as error:
        raise CompressionError("The payload is not zlib data") from error
    if unpacker.unconsumed_tail:
        raise CompressionError(
            f"The payload unpacks to more than {at_most} bytes", is_too_large=True
        )
    if not unpacker.eof:
        raise CompressionError("The payload is zlib data that ends too early")
    return payload
