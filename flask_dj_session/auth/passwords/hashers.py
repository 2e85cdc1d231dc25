"""Which algorithms a site accepts, which one it prefers, and what a check of a password says.

Django 5.2, contrib/auth/hashers.py: verify_password, make_password
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ...errors import SettingError
from . import digests, libraries, pbkdf2, scrypt
from .algorithms import Algorithm, new_salt

_MODULE = "django.contrib.auth.hashers."
_UNUSABLE = "!"
_UNUSABLE_BYTES = 20

#: Django's PASSWORD_HASHERS
DEFAULT_HASHERS = (
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher",
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
)

_KNOWN: dict[str, Callable[[], Algorithm]] = {
    "PBKDF2PasswordHasher": pbkdf2.PBKDF2,
    "PBKDF2SHA1PasswordHasher": pbkdf2.PBKDF2SHA1,
    "Argon2PasswordHasher": libraries.Argon2,
    "BCryptSHA256PasswordHasher": libraries.BCryptSHA256,
    "BCryptPasswordHasher": libraries.BCrypt,
    "ScryptPasswordHasher": scrypt.Scrypt,
    "MD5PasswordHasher": digests.MD5,
    "SHA1PasswordHasher": digests.SaltedSHA1,
    "UnsaltedSHA1PasswordHasher": digests.UnsaltedSHA1,
    "UnsaltedMD5PasswordHasher": digests.UnsaltedMD5,
}

# What a malformed text raises, in the one algorithm or the other.
_MALFORMED = (ValueError, TypeError, OverflowError)


class Verdict(NamedTuple):
    """What a check of a password has said."""

    correct: bool
    #: whether it should be encoded anew, since the site prefers another way by now
    must_update: bool


class PasswordHashers:
    """Makes and checks passwords as a site's PASSWORD_HASHERS says.

    :param hashers: Django's dotted names, or an :class:`.Algorithm` of one's own parameters; the
        first is what new passwords are encoded with, no others than these are accepted.
    :param iterations: of PBKDF2, where they are not those of Django 5.2; ``ITERATIONS`` knows
        those of the Django beside this app.
    :param renew_short_salts: whether a password with a salt of before Django 3.2 is to be encoded
        anew; false next to such a Django, which makes no others.
    :raises SettingError: for a name that is not known.
    """

    def __init__(
        self,
        hashers: Sequence[str | Algorithm] = DEFAULT_HASHERS,
        *,
        iterations: int | None = None,
        renew_short_salts: bool = True,
    ) -> None:
        algorithms = [_algorithm(one) for one in hashers]
        if not algorithms:
            raise SettingError("PASSWORD_HASHERS", "is empty", "Name one of Django's hashers.")
        for one in algorithms:
            one.renews_short_salts = renew_short_salts
            if iterations is not None and isinstance(one, pbkdf2.PBKDF2):
                one.iterations = iterations
        self._preferred = algorithms[0]
        self._by_name = {one.name: one for one in reversed(algorithms)}

    def make(self, password: str | None) -> str:
        """Encode *password*; without one, return what no password fits.

        :raises TypeError: for anything but text.
        :raises RuntimeError: where the library that this takes is not installed.
        """
        if password is None:
            return _UNUSABLE + secrets.token_hex(_UNUSABLE_BYTES)
        if not isinstance(password, str):
            raise TypeError(f"A password is text, and no {type(password).__name__}.")
        return self._preferred.encode(password)

    def verify(self, password: str | None, encoded: str | None) -> Verdict:
        """Check *password* against what is stored.

        Where there is nothing to check against, the time of a check is spent, so that it does
        not tell such a user from others.

        :raises RuntimeError: where the library that this takes is not installed.
        """
        algorithm = self._algorithm_of(encoded)
        if password is None or encoded is None or algorithm is None:
            self.spend(password or "")
            return Verdict(correct=False, must_update=False)
        try:
            verdict = self._verify(algorithm, password, encoded)
        except _MALFORMED:
            # Unlike Django: what is stored is damaged, which is a refusal and no error.
            self.spend(password)
            return Verdict(correct=False, must_update=False)
        return verdict

    def spend(self, password: str) -> None:
        """Take the time that encoding a password takes."""
        self._preferred.encode(new_salt())

    def _verify(self, algorithm: Algorithm, password: str, encoded: str) -> Verdict:
        is_other = algorithm is not self._preferred
        must_update = is_other or algorithm.must_update(encoded)
        is_correct = algorithm.verify(password, encoded)
        if must_update and not is_other and not is_correct:
            algorithm.harden(password, encoded)
        return Verdict(is_correct, must_update)

    def _algorithm_of(self, encoded: str | None) -> Algorithm | None:
        if not encoded or not is_password_usable(encoded):
            return None
        return self._by_name.get(_name_in(encoded))


def _algorithm(hasher: str | Algorithm) -> Algorithm:
    if isinstance(hasher, Algorithm):
        return hasher
    make = _KNOWN.get(hasher.removeprefix(_MODULE))
    if make is None or not hasher.startswith(_MODULE):
        raise SettingError(
            "PASSWORD_HASHERS",
            f"names '{hasher}', which is not known here",
            "Name Django's own, or pass 'PasswordHashers' with an Algorithm in its place.",
        )
    return make()


def _name_in(encoded: str) -> str:
    # Django 5.2, contrib/auth/hashers.py: identify_hasher
    if (len(encoded) == 32 and "$" not in encoded) or (
        len(encoded) == 37 and encoded.startswith("md5$$")
    ):
        return "unsalted_md5"
    if len(encoded) == 46 and encoded.startswith("sha1$$"):
        return "unsalted_sha1"
    return encoded.partition("$")[0]


def is_password_usable(encoded: str | None) -> bool:
    """Tell whether it was not made to fit no password, as ``set_unusable_password()`` does."""
    return encoded is None or not encoded.startswith(_UNUSABLE)


def make_password(password: str | None) -> str:
    """Encode *password* with Django's default; without one, return what no password fits."""
    return PasswordHashers().make(password)


def check_password(password: str | None, encoded: str | None) -> bool:
    """Tell whether *password* is the one that was encoded, by any of Django's default hashers."""
    return PasswordHashers().verify(password, encoded).correct


def must_update(encoded: str) -> bool:
    """Tell whether Django's default hashers would encode it anew at the next login."""
    hashers = PasswordHashers()
    algorithm = hashers._algorithm_of(encoded)
    if algorithm is None:
        return False
    return algorithm is not hashers._preferred or algorithm.must_update(encoded)
