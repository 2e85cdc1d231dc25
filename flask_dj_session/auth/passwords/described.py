"""Hashers of a site that was asked: those of its own that are Django's with other parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .argon2_bcrypt import Argon2, BCrypt, BCryptSHA256
from .django_versions import ARGON2ID_SINCE, Version
from .hasher import Hasher
from .pbkdf2 import PBKDF2, PBKDF2SHA1
from .scrypt import Scrypt

_MODULE = "django.contrib.auth.hashers."

_MAKE: dict[str, Callable[[Mapping[str, Any]], Hasher]] = {
    "PBKDF2PasswordHasher": lambda given: PBKDF2(given["iterations"]),
    "PBKDF2SHA1PasswordHasher": lambda given: PBKDF2SHA1(given["iterations"]),
    "Argon2PasswordHasher": lambda given: Argon2(
        time_cost=given["time_cost"],
        memory_cost=given["memory_cost"],
        parallelism=given["parallelism"],
        variety=given["variety"],
    ),
    "BCryptSHA256PasswordHasher": lambda given: BCryptSHA256(given["rounds"]),
    "BCryptPasswordHasher": lambda given: BCrypt(given["rounds"]),
    "ScryptPasswordHasher": lambda given: Scrypt(
        work_factor=given["work_factor"],
        block_size=given["block_size"],
        parallelism=given["parallelism"],
    ),
}


def described_hasher(told: Mapping[str, Any], version: Version) -> Hasher | None:
    """Return what does the same as a hasher of the site's own.

    :param told: what the site has said of it.
    :param version: of the site's Django.
    :returns: None where it has methods of its own, of which nobody knows here what they do.
    """
    if told.get("own") != []:
        return None
    names = [name.removeprefix(_MODULE) for name in told["mro"] if name.startswith(_MODULE)]
    make = next((_MAKE[name] for name in names if name in _MAKE), None)
    if make is None:
        return None
    variety = "argon2id" if version >= ARGON2ID_SINCE else "argon2i"
    hasher = make({**told["parameters"], "variety": variety})
    hasher.name = told["algorithm"]
    return hasher
