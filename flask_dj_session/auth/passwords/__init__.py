"""Passwords as Django stores them; text in and out, no users and no database."""

from .argon2_bcrypt import Argon2, BCrypt, BCryptSHA256
from .digests import MD5, SaltedSHA1, UnsaltedMD5, UnsaltedSHA1
from .hasher import Hasher
from .hashers import (
    DEFAULT_HASHERS,
    PasswordHashers,
    Verdict,
    check_password,
    is_password_usable,
    make_password,
    must_update,
)
from .pbkdf2 import ITERATIONS, PBKDF2, PBKDF2SHA1
from .project import ProjectHasher
from .scrypt import Scrypt

__all__ = [
    "DEFAULT_HASHERS",
    "ITERATIONS",
    "MD5",
    "PBKDF2",
    "PBKDF2SHA1",
    "Argon2",
    "BCrypt",
    "BCryptSHA256",
    "Hasher",
    "PasswordHashers",
    "ProjectHasher",
    "SaltedSHA1",
    "Scrypt",
    "UnsaltedMD5",
    "UnsaltedSHA1",
    "Verdict",
    "check_password",
    "is_password_usable",
    "make_password",
    "must_update",
]
