"""Session keys sealed for URLs: nobody reads the key in a history or a log, or makes up another.

    seal = Seal(secret_key)
    reference = seal.close("zjbo04lhtzt9qxwdvnrh3fsukh0qdf7j")
    seal.open(reference)

A keyed digest alone would hide the key just as well, but the row could then be found only by
reading the whole table. So the digest is also the nonce under which the key is encrypted: the
shape of SIV (RFC 5297), with the keyed hashes of the standard library. One key has one reference,
which holds until SECRET_KEY is changed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from .derived import derived_key

#: what is sealed: keys are text, but in a column of SQLite there may be bytes
Key = str | bytes

_TAG_SIZE = 16


class Seal:
    """Seals session keys, and opens what it has sealed."""

    def __init__(self, secret_key: str | bytes) -> None:
        self._tag_key = derived_key(secret_key, "seal.tag")
        self._pad_key = derived_key(secret_key, "seal.pad")

    def close(self, session_key: Key) -> str:
        """Return a reference to *session_key* that may stand in a URL."""
        return self._sealed(_as_bytes(session_key)).decode()

    def open(self, reference: str) -> Key | None:
        """Return the key that *reference* means; None for what was not sealed here."""
        try:
            given = reference.encode("ascii")
            sealed = base64.b64decode(given + b"=" * (-len(given) % 4), b"-_", validate=True)
        except (UnicodeEncodeError, binascii.Error):
            return None
        raw = self._pad(sealed[:_TAG_SIZE], sealed[_TAG_SIZE:])
        # All of it: base64 has more than one spelling for the same bytes.
        return _as_key(raw) if hmac.compare_digest(self._sealed(raw), given) else None

    def _sealed(self, raw: bytes) -> bytes:
        tag = self._tag(raw)
        return base64.urlsafe_b64encode(tag + self._pad(tag, raw)).rstrip(b"=")

    def _tag(self, raw: bytes) -> bytes:
        return hashlib.blake2b(raw, key=self._tag_key, digest_size=_TAG_SIZE).digest()

    def _pad(self, tag: bytes, raw: bytes) -> bytes:
        pad = hashlib.shake_256(self._pad_key + tag).digest(len(raw))
        return bytes(one ^ other for one, other in zip(raw, pad, strict=True))


def _as_bytes(session_key: Key) -> bytes:
    if isinstance(session_key, bytes):
        return b"b" + session_key
    return b"t" + session_key.encode(errors="surrogateescape")


def _as_key(raw: bytes) -> Key:
    return raw[1:] if raw[:1] == b"b" else raw[1:].decode(errors="surrogateescape")
