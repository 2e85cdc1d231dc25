"""What every way of encoding a password has in common: its name, its salt, its doors."""

from __future__ import annotations

import hmac
import math
import secrets
import string
from abc import ABC, abstractmethod

_ALPHABET = string.ascii_letters + string.digits
_SALT_BITS = 128

#: of a salt as Django makes it: 22 characters
SALT_LENGTH = math.ceil(_SALT_BITS / math.log2(len(_ALPHABET)))


class Hasher(ABC):
    """One way of encoding passwords; ``encoded`` is always one that names this algorithm.

    A malformed ``encoded`` raises ValueError, TypeError or OverflowError.

    # Django 5.2, contrib/auth/hashers.py: BasePasswordHasher
    """

    #: what an encoded password begins with, up to the first "$"
    name: str

    #: whether a salt that is shorter than Django's is a reason to encode a password anew
    renews_short_salts = True

    #: whether the missing work is also done where another algorithm is preferred
    hardens_always = True

    @abstractmethod
    def encode(self, password: str) -> str:
        """Encode *password* with a new salt.

        :raises ValueError: for a password of which only a part would count.
        :raises RuntimeError: where the library that this takes is not installed.
        """

    @abstractmethod
    def verify(self, password: str, encoded: str) -> bool:
        """Return whether *password* is the one that was encoded, in constant time.

        :raises RuntimeError: where the library that this takes is not installed.
        """

    def must_update(self, encoded: str) -> bool:
        """Return whether it was encoded with other parameters than these, or with a short salt."""
        return False

    def can_encode(self, password: str) -> bool:
        """Return whether all of *password* would count."""
        return True

    def has_short_salt(self, salt: str) -> bool:
        """Return whether *salt* is too short to stay."""
        return self.renews_short_salts and len(salt) < SALT_LENGTH

    # Nothing by default: not every algorithm can do just the rest of its work.
    def harden_runtime(self, password: str, encoded: str) -> None:  # noqa: B027
        """Do the work that *encoded* has too little of, so that time does not tell it."""


def new_salt() -> str:
    """Draw a salt as Django does."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(SALT_LENGTH))


def equal(one: str, other: str) -> bool:
    """Compare in constant time; both may be any text."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
