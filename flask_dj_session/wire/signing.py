"""Django's timestamped signature, as in ``payload:time:signature``; no payloads here.

    eyJudW1fdmlzaXRzIjoxfQ:1xVIM1:2-yjtu-3lQLt9enVs7KVmos8Nqurmqi-bqj7EfOasmU
    payload                time   signature

The time is a Unix time in base 62, the signature HMAC-SHA256 in base64url without padding over
all that stands before it. itsdangerous computes the signatures; only Django's alphabet of the
time is written here. Django 5.2, core/signing.py: TimestampSigner.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import NamedTuple

from itsdangerous import Signer

from ..errors import SignatureError

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DIGITS = {digit: value for value, digit in enumerate(_BASE62)}
# Of a number with more digits no date can be made, and it would cost the square of their number.
_MOST_DIGITS = 10

# Django's for an empty one: the name of its class.
_DJANGOS_SALT = "django.core.signing.TimestampSigner"


class Unsigned(NamedTuple):
    """What a verified text held, and how it was verified."""

    payload: str
    signed_at: datetime
    #: 0 for the current key, 1 for the first fallback key, and so on
    key_index: int


def base62_encode(number: int) -> str:
    """Write *number* in Django's base 62."""
    digits = ""
    rest = abs(number)
    while rest:
        rest, digit = divmod(rest, 62)
        digits = _BASE62[digit] + digits
    return ("-" if number < 0 else "") + (digits or "0")


def base62_decode(text: str) -> int:
    """Read a number in Django's base 62.

    :raises ValueError: for anything else.
    """
    number = 0
    try:
        for digit in text.removeprefix("-"):
            number = number * 62 + _DIGITS[digit]
    except KeyError as error:
        raise ValueError("no digit") from error
    return -number if text.startswith("-") else number


def read_time(text: str) -> datetime:
    """Read the time of signing (aware, whole seconds).

    :raises SignatureError: where it is none.
    """
    try:
        if len(text.lstrip("-0")) > _MOST_DIGITS:
            raise OverflowError("no date")
        return datetime.fromtimestamp(base62_decode(text), timezone.utc)
    except (ValueError, OverflowError, OSError) as error:
        raise SignatureError("The text is signed, but has no time of signing") from error


class TimestampSigner:
    """Signs text with the first of *keys*, accepts the signatures of all of them.

    :param keys: the current key first, as in Django (itsdangerous takes them the other way).
    :param salt: what sets these signatures apart from others with the same keys.
    """

    def __init__(self, keys: Iterable[str | bytes], *, salt: str) -> None:
        self._signers = [_derived_signer(key, salt or _DJANGOS_SALT) for key in keys]

    def sign(self, payload: str, now: datetime) -> str:
        """Sign *payload* as of *now* (aware; whole seconds are kept)."""
        value = f"{payload}:{base62_encode(int(now.timestamp()))}"
        return self._signers[0].sign(value).decode("ascii")

    def unsign(self, text: str) -> Unsigned:
        """Take a signed *text* apart.

        :raises SignatureError: where no key made its signature.
        """
        value, separator, signature = text.rpartition(":")
        if not separator:
            raise SignatureError("The text has no signature")
        key_index = self._key_index(value, signature)
        payload, _, time = value.rpartition(":")
        return Unsigned(payload, read_time(time), key_index)

    def _key_index(self, value: str, signature: str) -> int:
        try:
            signed, given = value.encode("ascii"), signature.encode("ascii")
        except UnicodeEncodeError as error:
            raise SignatureError("The text is not ASCII, so it is not a signed text") from error
        for index, signer in enumerate(self._signers):
            # As text, since itsdangerous' own verification decodes the base64 first, and so
            # would take a signature with "=" behind it for the same one.
            if hmac.compare_digest(signer.get_signature(signed), given):
                return index
        raise SignatureError("None of the keys made this signature")


def _derived_signer(key: str | bytes, salt: str) -> Signer:
    """Derive Django's signing key once, instead of at every signature."""
    derived = Signer(
        key, salt=salt, key_derivation="django-concat", digest_method=hashlib.sha256
    ).derive_key()
    return Signer(derived, sep=":", key_derivation="none", digest_method=hashlib.sha256)
