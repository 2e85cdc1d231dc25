"""The hash of the stored password that ends sessions when the password changes; no storage.

Django 5.2, contrib/auth/base_user.py: get_session_auth_hash; until 3.1 it was made with SHA-1.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from enum import Enum

from flask import current_app

from ..wire.codec import Algorithm

_SALT = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"

Key = str | bytes


class Match(Enum):
    """What made the hash that stands in a session."""

    CURRENT = "the present key"
    FALLBACK = "a key of SECRET_KEY_FALLBACKS"
    NONE = "neither"


def salted_hmac(
    key_salt: str | bytes, value: object, secret: Key | None = None, *, algorithm: str = "sha1"
) -> hmac.HMAC:
    """Return the HMAC of *value* under a key made of *key_salt* and *secret*.

    Use it in a class of users whose project has its own ``get_session_auth_hash``.

    :param secret: by default the current app's SECRET_KEY.

    # Django 5.2, utils/crypto.py: salted_hmac
    """
    if secret is None:
        secret = current_app.config["SECRET_KEY"]
    derived = hashlib.new(algorithm, _bytes_of(key_salt) + _bytes_of(secret)).digest()
    return hmac.new(derived, _bytes_of(value), algorithm)


def session_auth_hash(password: object, key: Key, algorithm: Algorithm) -> str:
    """Compute the hash of a stored *password*; where there is none, of the text "None"."""
    return salted_hmac(_SALT, password, key, algorithm=algorithm).hexdigest()


def match(found: object, current: Iterable[object], fallbacks: Iterable[object]) -> Match:
    """Tell what made the hash *found* in a session, in constant time for each.

    :param current: the hashes that are right; computed only as far as they are needed.
    :param fallbacks: those that were right under the keys of SECRET_KEY_FALLBACKS.
    """
    if not found:
        return Match.NONE
    if any(equal(found, made) for made in current):
        return Match.CURRENT
    return Match.FALLBACK if any(equal(found, made) for made in fallbacks) else Match.NONE


def equal(one: object, other: object) -> bool:
    """Compare hashes in constant time; what is no text is equal to none."""
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    # Which no two texts share, lone surrogates included.
    first, second = (text.encode("utf-8", "surrogatepass") for text in (one, other))
    return hmac.compare_digest(first, second)


def _bytes_of(value: object) -> bytes:
    # Django 5.2, utils/encoding.py: force_bytes
    return bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode()
