"""Django's own hashers by their names, each with the parameters of one Django.

Django 1.4 to 6.1, contrib/auth/hashers.py
"""

from __future__ import annotations

import re
from collections.abc import Callable

from . import argon2_bcrypt, digests, pbkdf2, scrypt
from .hasher import Hasher

Version = tuple[int, int]

#: since this one salts are longer, and argon2 is argon2id
_LONG_SALTS: Version = (3, 2)
ARGON2ID_SINCE = _LONG_SALTS


def parse_version(text: str) -> Version:
    """Read major and minor version.

    :raises ValueError: for what is no Django with hashers.
    """
    number = re.match(r"(\d+)\.(\d+)(?:\D|$)", text)
    version = (int(number[1]), int(number[2])) if number else (0, 0)
    if version < min(_ITERATIONS):
        raise ValueError(f"'django_version' is {text!r}. Give it as '4.2'; the lowest is '1.4'.")
    return version


def renews_short_salts(version: Version) -> bool:
    """Return whether this Django encodes a password with a short salt anew."""
    return version >= _LONG_SALTS


def django_hasher(name: str, version: Version) -> Hasher | None:
    """Make Django's hasher of this name as that Django would; None where there is none."""
    make = _BY_NAME.get(name)
    return make(version) if make else None


def _iterations(version: Version) -> int:
    return _ITERATIONS[max(known for known in _ITERATIONS if known <= version)]


def _argon2(version: Version) -> Hasher:
    if version >= _LONG_SALTS:
        return argon2_bcrypt.Argon2()
    # An older one takes every password for wrong that is not encoded with argon2i.
    return argon2_bcrypt.Argon2(memory_cost=512, parallelism=2, variety="argon2i")


def _scrypt(version: Version) -> Hasher:
    return scrypt.Scrypt(parallelism=5 if version >= (5, 1) else 1)


_ITERATIONS: dict[Version, int] = {
    (int(major), int(minor)): iterations
    for (major, minor), iterations in (
        (text.split("."), iterations) for text, iterations in pbkdf2.ITERATIONS.items()
    )
}

_BY_NAME: dict[str, Callable[[Version], Hasher]] = {
    "PBKDF2PasswordHasher": lambda version: pbkdf2.PBKDF2(_iterations(version)),
    "PBKDF2SHA1PasswordHasher": lambda version: pbkdf2.PBKDF2SHA1(_iterations(version)),
    "Argon2PasswordHasher": _argon2,
    "BCryptSHA256PasswordHasher": lambda _: argon2_bcrypt.BCryptSHA256(),
    "BCryptPasswordHasher": lambda _: argon2_bcrypt.BCrypt(),
    "ScryptPasswordHasher": _scrypt,
    "MD5PasswordHasher": lambda _: digests.MD5(),
    "SHA1PasswordHasher": lambda _: digests.SaltedSHA1(),
    "UnsaltedSHA1PasswordHasher": lambda _: digests.UnsaltedSHA1(),
    "UnsaltedMD5PasswordHasher": lambda _: digests.UnsaltedMD5(),
}
