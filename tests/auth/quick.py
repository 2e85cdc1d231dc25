"""Passwords that cost no time: Django's hasher with one iteration."""

from __future__ import annotations

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class QuickHasher(PBKDF2PasswordHasher):  # type: ignore[misc]
    iterations = 1


class TwiceHasher(PBKDF2PasswordHasher):  # type: ignore[misc]
    iterations = 2


QUICK = f"{__name__}.{QuickHasher.__name__}"
TWICE = f"{__name__}.{TwiceHasher.__name__}"
