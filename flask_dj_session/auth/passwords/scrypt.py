"""scrypt: ``scrypt$work_factor$salt$block_size$parallelism$base64``.

Django 5.2, contrib/auth/hashers.py: ScryptPasswordHasher
"""

from __future__ import annotations

import base64
import hashlib
from typing import NamedTuple

from .hasher import Hasher, equal, new_salt

_OPENSSL_MAXMEM = 32 * 1024 * 1024


class _Cost(NamedTuple):
    work_factor: int
    block_size: int
    parallelism: int

    @property
    def work(self) -> int:
        """What the time goes by."""
        return self.work_factor * self.block_size * self.parallelism

    @property
    def memory(self) -> int:
        """In bytes, as OpenSSL counts them."""
        return 128 * self.block_size * (self.work_factor + self.parallelism + 2)


class Scrypt(Hasher):
    """scrypt, which takes memory as well as time.

    :param work_factor: a power of two.
    :param maxmem: how many bytes a check may take, where that is more than these parameters do
        and more than OpenSSL's 32 MiB; what is stored with more of it is refused.
    """

    name = "scrypt"

    def __init__(
        self,
        *,
        work_factor: int = 2**14,
        block_size: int = 8,
        parallelism: int = 5,
        maxmem: int = 0,
    ) -> None:
        self._cost = _Cost(work_factor, block_size, parallelism)
        self._maxmem = max(maxmem, self._cost.memory, _OPENSSL_MAXMEM)

    def encode(self, password: str) -> str:
        """Encode *password* with a new salt."""
        return self._encode(password, new_salt(), self._cost)

    def verify(self, password: str, encoded: str) -> bool:
        """Return whether *password* is the one that was encoded, in constant time."""
        salt, cost = self._split(encoded)
        return equal(self._encode(password, salt, cost), encoded)

    def must_update(self, encoded: str) -> bool:
        """Return whether it was encoded at another cost."""
        return self._split(encoded)[1] != self._cost

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Do all the work, where *encoded* has less of it."""
        salt, cost = self._split(encoded)
        # Unlike Django: it leaves out what cannot be reckoned to the byte.
        if cost.work < self._cost.work:
            self._encode(password, salt, self._cost)

    def _split(self, encoded: str) -> tuple[str, _Cost]:
        _, work_factor, salt, block_size, parallelism, _ = encoded.split("$", 5)
        return salt, _Cost(int(work_factor), int(block_size), int(parallelism))

    def _encode(self, password: str, salt: str, cost: _Cost) -> str:
        n, r, p = cost
        raw = hashlib.scrypt(
            password.encode(), salt=salt.encode(), n=n, r=r, p=p, maxmem=self._maxmem, dklen=64
        )
        return f"{self.name}${n}${salt}${r}${p}${base64.b64encode(raw).decode('ascii')}"
