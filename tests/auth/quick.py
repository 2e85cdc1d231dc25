"""Passwords that cost no time: Django's hasher with one iteration."""

from __future__ import annotations

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class QuickHasher(PBKDF2PasswordHasher):  # type: ignore[misc]
    iterations = 1


QUICK = f"{__name__}.{QuickHasher.__name__}"
