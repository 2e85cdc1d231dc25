"""Passwords as Django stores them; text in and out, no users and no database."""

from .algorithms import Algorithm
from .digests import MD5, SaltedSHA1, UnsaltedMD5, UnsaltedSHA1
from .hashers import (
    DEFAULT_HASHERS,
    PasswordHashers,
    Verdict,
    check_password,
    is_password_usable,
    make_password,
    must_update,
)
from .libraries import Argon2, BCrypt, BCryptSHA256
from .pbkdf2 import ITERATIONS, PBKDF2, PBKDF2SHA1
from .project import ProjectHasher
from .scrypt import Scrypt

__all__ = [
    "DEFAULT_HASHERS",
    "ITERATIONS",
    "MD5",
    "PBKDF2",
    "PBKDF2SHA1",
    "Algorithm",
    "Argon2",
    "BCrypt",
    "BCryptSHA256",
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
