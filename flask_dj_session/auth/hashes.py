"""The hash of the stored password that ends sessions when the password changes; no storage.

Django 5.2, contrib/auth/base_user.py: get_session_auth_hash; until 3.1 it was made with SHA-1.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from enum import Enum

from ..wire.codec import Algorithm

_SALT = b"django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"

Key = str | bytes


class Match(Enum):
    """What made the hash that stands in a session."""

    CURRENT = "the present key"
    FALLBACK = "a key of SECRET_KEY_FALLBACKS"
    NONE = "neither"


def session_auth_hash(password: str, key: Key, algorithm: Algorithm) -> str:
    """Compute the hash of a stored *password*.

    # Django 5.2, utils/crypto.py: salted_hmac
    """
    secret = key.encode() if isinstance(key, str) else key
    derived = hashlib.new(algorithm, _SALT + secret).digest()
    return hmac.new(derived, password.encode(), algorithm).hexdigest()


def match(found: object, password: str, keys: Sequence[Key], algorithm: Algorithm) -> Match:
    """Tell what made the hash *found* in a session, in constant time for each key.

    :param keys: SECRET_KEY, then its fallbacks.
    """
    if not found:
        return Match.NONE
    if any(equal(found, made) for made in _current(password, keys[0], algorithm)):
        return Match.CURRENT
    fallbacks = (session_auth_hash(password, key, algorithm) for key in keys[1:])
    return Match.FALLBACK if any(equal(found, made) for made in fallbacks) else Match.NONE


def _current(password: str, key: Key, algorithm: Algorithm) -> Iterator[str]:
    yield session_auth_hash(password, key, algorithm)
    if algorithm != "sha1":
        # Unlike Django: since 4.0 it ends sessions that were begun before 3.1. Here they live on
        # as in 3.1 and 3.2, since the project may run on one of these.
        yield session_auth_hash(password, key, "sha1")


def equal(one: object, other: str) -> bool:
    """Compare hashes in constant time; what is no text is equal to none."""
    if not isinstance(one, str):
        return False
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())
