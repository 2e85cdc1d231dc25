"""PBKDF2, with which Django encodes passwords unless it is told otherwise.

    pbkdf2_sha256$1000000$dW5mb3Jlc2VlYWJsZQ2026$…
    algorithm     rounds  salt                   base64

Django 5.2, contrib/auth/hashers.py: PBKDF2PasswordHasher
"""

from __future__ import annotations

import base64
import hashlib
from typing import ClassVar

from .hasher import Hasher, equal, new_salt

#: how many iterations each Django takes by default
ITERATIONS = {
    "1.4": 10_000,
    "1.5": 10_000,
    "1.6": 12_000,
    "1.7": 15_000,
    "1.8": 20_000,
    "1.9": 24_000,
    "1.10": 30_000,
    "1.11": 36_000,
    "2.0": 100_000,
    "2.1": 120_000,
    "2.2": 150_000,
    "3.0": 180_000,
    "3.1": 216_000,
    "3.2": 260_000,
    "4.0": 320_000,
    "4.1": 390_000,
    "4.2": 600_000,
    "5.0": 720_000,
    "5.1": 870_000,
    "5.2": 1_000_000,
    "6.0": 1_200_000,
    "6.1": 1_500_000,
}


class PBKDF2(Hasher):
    """PBKDF2 with SHA-256.

    :param iterations: those of the Django beside this app; with others each side would encode a
        password anew at every login.
    """

    name = "pbkdf2_sha256"
    digest: ClassVar[str] = "sha256"

    def __init__(self, iterations: int = ITERATIONS["5.2"]) -> None:
        self.iterations = iterations

    def encode(self, password: str) -> str:
        """Encode *password* with a new salt."""
        return self._encode(password, new_salt(), self.iterations)

    def verify(self, password: str, encoded: str) -> bool:
        """Return whether *password* is the one that was encoded, in constant time."""
        iterations, salt = self._split(encoded)
        return equal(self._encode(password, salt, iterations), encoded)

    def must_update(self, encoded: str) -> bool:
        """Return whether it has another number of iterations, or a short salt."""
        iterations, salt = self._split(encoded)
        return iterations != self.iterations or self.has_short_salt(salt)

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Do the iterations that *encoded* has too few."""
        iterations, salt = self._split(encoded)
        if iterations < self.iterations:
            self._encode(password, salt, self.iterations - iterations)

    def _split(self, encoded: str) -> tuple[int, str]:
        _, iterations, salt, _ = encoded.split("$", 3)
        return int(iterations), salt

    def _encode(self, password: str, salt: str, iterations: int) -> str:
        raw = hashlib.pbkdf2_hmac(self.digest, password.encode(), salt.encode(), iterations)
        return f"{self.name}${iterations}${salt}${base64.b64encode(raw).decode('ascii')}"


class PBKDF2SHA1(PBKDF2):
    """PBKDF2 with SHA-1."""

    name = "pbkdf2_sha1"
    digest: ClassVar[str] = "sha1"
