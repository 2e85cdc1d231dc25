"""Plain digests, salted or not, as old tables hold them. They are read where the site names them.

    md5$salt$hexdigest    sha1$salt$hexdigest    sha1$$hexdigest    hexdigest

Django 5.2, contrib/auth/hashers.py: MD5PasswordHasher. The others left Django with
5.1: SHA1PasswordHasher, UnsaltedSHA1PasswordHasher, UnsaltedMD5PasswordHasher.
"""

from __future__ import annotations

import hashlib

from .hasher import Hasher, equal, new_salt


class MD5(Hasher):
    """MD5 over salt and password."""

    name = "md5"

    def encode(self, password: str) -> str:
        """Encode *password* with a new salt."""
        return self._encode(password, new_salt())

    def verify(self, password: str, encoded: str) -> bool:
        """Return whether *password* is the one that was encoded, in constant time."""
        return equal(self._encode(password, self._salt(encoded)), encoded)

    def must_update(self, encoded: str) -> bool:
        """Return whether it has a short salt."""
        return self.has_short_salt(self._salt(encoded))

    def _salt(self, encoded: str) -> str:
        _, salt, _ = encoded.split("$", 2)
        return salt

    def _encode(self, password: str, salt: str) -> str:
        return f"{self.name}${salt}${_hexdigest(self.name, salt + password)}"


class SaltedSHA1(MD5):
    """SHA-1 over salt and password."""

    name = "sha1"


class UnsaltedSHA1(Hasher):
    """SHA-1 over the password alone."""

    name = "unsalted_sha1"

    def encode(self, password: str) -> str:
        """Encode *password*."""
        return f"sha1$${_hexdigest('sha1', password)}"

    def verify(self, password: str, encoded: str) -> bool:
        """Return whether *password* is the one that was encoded, in constant time."""
        return equal(self.encode(password), encoded)


class UnsaltedMD5(Hasher):
    """MD5 over the password alone."""

    name = "unsalted_md5"

    def encode(self, password: str) -> str:
        """Encode *password*."""
        return _hexdigest("md5", password)

    def verify(self, password: str, encoded: str) -> bool:
        """Return whether *password* is the one that was encoded, in constant time."""
        return equal(self.encode(password), encoded.removeprefix("md5$$"))


def _hexdigest(name: str, text: str) -> str:
    return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()
