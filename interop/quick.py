"""Passwords in Django's usual format that cost no time; Python 3.6 reads this."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class QuickHasher(PBKDF2PasswordHasher):  # type: ignore[misc]
    """Django's hasher with few iterations."""

    iterations = 1000
