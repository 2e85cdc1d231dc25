"""The form of ``session_data`` before Django 3.1: base64 of ``sha1-hexdigest:payload``.

    YThiZWRjMjQ1NzZhMzYzMTBhZjYxNWI2ZDgyODI1Y2ExODI2MTJjNzp7Im51bV92aXNpdHMiOjF9

Django 3.0, sessions/backends/base.py: encode and decode (``_legacy_encode`` in 3.1 and 3.2).
Neither time nor compression is in it, and base64 leaves some freedom in writing the same bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from typing import NamedTuple

from itsdangerous import Signer

from ..errors import Base64Error, SignatureError


class LegacyUnsigned(NamedTuple):
    """What a verified text held, and which key verified it."""

    payload: bytes
    #: 0 for the current key, 1 for the first fallback key, and so on
    key_index: int


def split(text: str) -> tuple[bytes, bytes]:
    """Take *text* apart into signature and payload, neither of them verified.

    :raises Base64Error: where it is not base64.
    :raises SignatureError: where it has no signature.
    """
    try:
        raw = base64.b64decode(text.encode("ascii"))
    except (UnicodeEncodeError, binascii.Error) as error:
        raise Base64Error("The text is not base64") from error
    signature, separator, payload = raw.partition(b":")
    if not separator:
        raise SignatureError("The text has no signature")
    return signature, payload


class LegacySigner:
    """Signs payloads with the first of *keys*, accepts the signatures of all of them.

    :param keys: the current key first.
    :param salt: ``django.contrib.sessions`` and the name of Django's store class.
    """

    def __init__(self, keys: Iterable[str | bytes], *, salt: str) -> None:
        self._signers = [_derived_signer(key, salt) for key in keys]

    def sign(self, payload: bytes) -> str:
        """Sign *payload* and write both as base64, on one line."""
        digest = _hexdigest(self._signers[0], payload)
        return base64.b64encode(digest + b":" + payload).decode("ascii")

    def unsign(self, text: str) -> LegacyUnsigned:
        """Take a signed *text* apart; line ends in it, as Django 1.4 wrote them, are no matter.

        :raises Base64Error: where it is not base64.
        :raises SignatureError: where no key made its signature.
        """
        signature, payload = split(text)
        for index, signer in enumerate(self._signers):
            if hmac.compare_digest(_hexdigest(signer, payload), signature):
                return LegacyUnsigned(payload, index)
        raise SignatureError("None of the keys made this signature")


def _derived_signer(key: str | bytes, salt: str) -> Signer:
    derived = Signer(
        key, salt=salt, key_derivation="concat", digest_method=hashlib.sha1
    ).derive_key()
    return Signer(derived, key_derivation="none", digest_method=hashlib.sha1)


def _hexdigest(signer: Signer, payload: bytes) -> bytes:
    raw: bytes = signer.algorithm.get_signature(signer.secret_key, payload)
    return raw.hex().encode("ascii")
