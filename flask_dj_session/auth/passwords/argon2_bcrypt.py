"""argon2 and bcrypt, which take the libraries of the extra ``auth``, loaded when needed.

    argon2$argon2id$v=19$m=102400,t=2,p=8$salt$hash
    bcrypt_sha256$$2b$12$22 characters of salt and 31 of hash

Django 5.2, contrib/auth/hashers.py: Argon2PasswordHasher, BCryptSHA256PasswordHasher
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import re
from typing import Any, Literal

from .hasher import Hasher, equal, new_salt

_MOST_OF_BCRYPT = 72  # bytes of a password

# Before 4.3 the library panics at some salts, which no "except Exception" catches.
_BCRYPT_SALT = re.compile(r"\$2[abxy]\$[0-9]{2}\$[./A-Za-z0-9]{22}")

_NUMBER = "([1-9][0-9]{0,9})"
_ARGON2 = re.compile(
    r"\$argon2(?:id|i|d)(?:\$v=[1-9][0-9]{0,8})?"
    rf"\$m={_NUMBER},t={_NUMBER},p={_NUMBER}\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)"
)


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise RuntimeError(
            f"A password is encoded with {name}, but its library is not installed. Run"
            " 'pip install flask-dj-session[auth]'."
        ) from error


class Argon2(Hasher):
    """argon2id, or another of its kind.

    :param memory_cost: in KiB.
    :param variety: Django before 3.2 reads ``"argon2i"`` alone.
    """

    name = "argon2"

    def __init__(
        self,
        *,
        time_cost: int = 2,
        memory_cost: int = 102_400,
        parallelism: int = 8,
        variety: Literal["argon2id", "argon2i"] = "argon2id",
    ) -> None:
        self._cost = (time_cost, memory_cost, parallelism)
        self._variety = variety

    def encode(self, password: str) -> str:
        """Encode *password* with a new salt."""
        argon2 = _library("argon2")
        time_cost, memory_cost, parallelism = self._cost
        encoded: bytes = argon2.low_level.hash_secret(
            password.encode(),
            new_salt().encode(),
            time_cost=time_cost,
            memory_cost=memory_cost,
            parallelism=parallelism,
            hash_len=argon2.DEFAULT_HASH_LENGTH,
            type=self._type(argon2),
        )
        return self.name + encoded.decode("ascii")

    def verify(self, password: str, encoded: str) -> bool:
        """Return whether *password* is the one that was encoded, in constant time."""
        argon2 = _library("argon2")
        try:
            argon2.PasswordHasher().verify(_without_name(encoded), password)
        except argon2.exceptions.VerifyMismatchError:
            return False
        except argon2.exceptions.VerificationError as error:
            # Which comes at once: it is damaged, and nothing was computed.
            raise ValueError("It is no hash of argon2's.") from error
        return True

    def must_update(self, encoded: str) -> bool:
        """Return whether it was encoded in another way or at another cost, or with a short salt."""
        argon2 = _library("argon2")
        rest = _without_name(encoded)
        found = argon2.extract_parameters(rest)
        salt = rest.split("$")[-2]
        is_as_here = (
            (found.time_cost, found.memory_cost, found.parallelism) == self._cost
            and found.type is self._type(argon2)
            and found.version == argon2.low_level.ARGON2_VERSION
            and found.hash_len == argon2.DEFAULT_HASH_LENGTH
        )
        raw_salt = base64.b64decode(salt + "=" * (-len(salt) % 4)).decode("latin-1")
        return not is_as_here or self.has_short_salt(raw_salt)

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Do all the work, where *encoded* has less of it."""
        found = _library("argon2").extract_parameters(_without_name(encoded))
        time_cost, memory_cost, _ = self._cost
        # Unlike Django: it leaves out what cannot be reckoned to the byte.
        if found.time_cost * found.memory_cost < time_cost * memory_cost:
            self.encode(password)

    def _type(self, argon2: Any) -> Any:
        return getattr(argon2.low_level.Type, self._variety.removeprefix("argon2").upper())


class BCrypt(Hasher):
    """bcrypt over the password itself.

    :param rounds: the binary logarithm of the work.
    """

    name = "bcrypt"

    def __init__(self, rounds: int = 12) -> None:
        self.rounds = rounds

    def encode(self, password: str) -> str:
        """Encode *password* with a new salt."""
        if not self.can_encode(password):
            raise ValueError(
                f"A password has more than {_MOST_OF_BCRYPT} bytes, and bcrypt would ignore the"
                " rest. Ask for a shorter one, or prefer 'BCryptSHA256PasswordHasher'."
            )
        return self._encode(password, _library("bcrypt").gensalt(self.rounds))

    def can_encode(self, password: str) -> bool:
        """Return whether bcrypt would look at all of *password*."""
        return len(password.encode()) <= _MOST_OF_BCRYPT

    def verify(self, password: str, encoded: str) -> bool:
        """Return whether *password* is the one that was encoded, in constant time."""
        return equal(self._encode(password, _bcrypt_salt(encoded)), encoded)

    def must_update(self, encoded: str) -> bool:
        """Return whether it was encoded with another number of rounds."""
        return _rounds(encoded) != self.rounds

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Do the rounds that *encoded* has too few."""
        salt = _bcrypt_salt(encoded)
        doublings = max(self.rounds - _rounds(encoded), 0)
        for _ in range(2**doublings - 1):
            self._encode(password, salt)

    def _encode(self, password: str, salt: bytes) -> str:
        secret = self._secret(password.encode())
        encoded: bytes = _library("bcrypt").hashpw(secret, salt)
        return f"{self.name}${encoded.decode('ascii')}"

    def _secret(self, password: bytes) -> bytes:
        # Unlike Django: where one is checked, more than 72 bytes count for nothing, as they did
        # when it was encoded. Today's library raises, and so does Django with it.
        return password[:_MOST_OF_BCRYPT]


class BCryptSHA256(BCrypt):
    """bcrypt over a digest of the password, so that all of a long one counts."""

    name = "bcrypt_sha256"

    def can_encode(self, password: str) -> bool:
        """Tell that every password fits."""
        return True

    def _secret(self, password: bytes) -> bytes:
        return hashlib.sha256(password).hexdigest().encode("ascii")


def refuse_damaged_argon2(encoded: str) -> None:
    """Raise where argon2 would refuse *encoded* before it computes anything.

    :raises ValueError: for what is no hash of argon2's.
    """
    found = _ARGON2.fullmatch(_without_name(encoded))
    if found is None:
        raise ValueError("It is no hash of argon2's.")
    memory_cost, time_cost, parallelism = (int(number) for number in found.groups()[:3])
    salt, raw = (_base64(part) for part in found.groups()[3:])
    numbers = time_cost < 2**32 and 8 * parallelism <= memory_cost < 2**32 and parallelism < 2**24
    if not numbers or len(salt) < 8 or len(raw) < 4:
        raise ValueError("It is no hash of argon2's.")


def _base64(text: str) -> bytes:
    """Read base64 as argon2 has it: without padding, and in one spelling alone."""
    raw = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    if base64.b64encode(raw).rstrip(b"=").decode("ascii") != text:
        raise ValueError("It is another spelling.")
    return raw


def _without_name(encoded: str) -> str:
    return "$" + encoded.partition("$")[2]


def _bcrypt_salt(encoded: str) -> bytes:
    found = _BCRYPT_SALT.match(encoded.partition("$")[2])
    if found is None:
        raise ValueError("There is no salt of bcrypt's in it.")
    return found[0].encode("ascii")


def _rounds(encoded: str) -> int:
    # bcrypt$$2b$12$...
    _, _, _, rounds, _ = encoded.split("$", 4)
    return int(rounds)
