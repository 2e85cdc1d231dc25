"""Which algorithms a site accepts, which one it prefers, and what a check of a password says.

Django 5.2, contrib/auth/hashers.py: verify_password, make_password
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from copy import copy
from typing import NamedTuple

from ...errors import SettingError
from ...settings.defaults import AUTH_DEFAULTS
from . import django_versions, pbkdf2
from .django_versions import Version
from .hasher import Hasher, new_salt
from .project import import_hasher

_MODULE = "django.contrib.auth.hashers."
_UNUSABLE = "!"
_UNUSABLE_BYTES = 20

#: Django's PASSWORD_HASHERS
DEFAULT_HASHERS: tuple[str, ...] = tuple(AUTH_DEFAULTS["PASSWORD_HASHERS"])

# What a malformed text raises, in the one algorithm or the other.
_MALFORMED = (ValueError, TypeError, OverflowError)


class Verdict(NamedTuple):
    """What a check of a password has said."""

    #: whether the password is the one that is stored
    correct: bool
    #: whether it should be encoded anew, since the site prefers another way by now
    must_update: bool


class PasswordHashers:
    """Makes and checks passwords as a site's PASSWORD_HASHERS says.

    :param hashers: dotted names, or a :class:`.Hasher` of one's own parameters; the first is
        what new passwords are encoded with, no others than these are accepted. Django's own are
        known here and need no Django; others are imported, and keep their parameters.
    :param django_version: of the Django beside this app; its own hashers have the parameters that
        they have there, or each side would encode passwords anew after the other.
    :param iterations: of Django's PBKDF2, where the site has other ones.
    :param renew_short_salts: whether a password with a salt of before Django 3.2 is to be encoded
        anew; by default as that Django does.
    :raises SettingError: for a name that cannot be imported.
    :raises ValueError: for a version that is none.
    """

    def __init__(
        self,
        hashers: Sequence[str | Hasher] = DEFAULT_HASHERS,
        *,
        django_version: str = "5.2",
        iterations: int | None = None,
        renew_short_salts: bool | None = None,
    ) -> None:
        version = django_versions.parse_version(django_version)
        if renew_short_salts is None:
            renew_short_salts = django_versions.renews_short_salts(version)
        algorithms = [_algorithm(one, version, iterations) for one in hashers]
        if not algorithms:
            raise SettingError("PASSWORD_HASHERS", "is empty", "Name one of Django's hashers.")
        for one in algorithms:
            one.renews_short_salts = renew_short_salts
        self._preferred = algorithms[0]
        self._by_name = {one.name: one for one in reversed(algorithms)}

    def make(self, password: str | None) -> str:
        """Encode *password*; without one, return what no password fits.

        :raises TypeError: for anything but text.
        :raises ValueError: for more than 72 bytes, where bcrypt itself is preferred.
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
            self.dummy_hash(password or "")
            return Verdict(correct=False, must_update=False)
        try:
            verdict = self._verify(algorithm, password, encoded)
        except _MALFORMED:
            # Unlike Django: what is stored is damaged, which is a refusal and no error.
            self.dummy_hash(password)
            return Verdict(correct=False, must_update=False)
        return verdict

    def must_update(self, encoded: str) -> bool:
        """Return whether a login would encode it anew; what no password fits stays as it is."""
        algorithm = self._algorithm_of(encoded)
        if algorithm is None:
            return False
        try:
            return self._is_outdated(algorithm, encoded)
        except _MALFORMED:
            return False

    def dummy_hash(self, password: str) -> None:
        """Take the time that encoding a password takes."""
        self._preferred.encode(new_salt())

    def _verify(self, algorithm: Hasher, password: str, encoded: str) -> Verdict:
        must_update = self._is_outdated(algorithm, encoded)
        is_correct = algorithm.verify(password, encoded)
        if not is_correct and (algorithm is self._preferred or algorithm.hardens_always):
            self._harden_runtime(algorithm, password, encoded)
        # What cannot be encoded anew has to stay as it is, or nobody could log in with it.
        return Verdict(is_correct, must_update and self._preferred.can_encode(password))

    def _harden_runtime(self, algorithm: Hasher, password: str, encoded: str) -> None:
        # Unlike Django: also where another algorithm is preferred by now.
        if algorithm.must_update(encoded):
            algorithm.harden_runtime(password, encoded)

    def _is_outdated(self, algorithm: Hasher, encoded: str) -> bool:
        return algorithm is not self._preferred or algorithm.must_update(encoded)

    def _algorithm_of(self, encoded: str | None) -> Hasher | None:
        if not encoded or not isinstance(encoded, str) or not is_password_usable(encoded):
            return None
        return self._by_name.get(_name_in(encoded))


def _algorithm(hasher: str | Hasher, version: Version, iterations: int | None) -> Hasher:
    if isinstance(hasher, Hasher):
        return copy(hasher)  # the caller may give it to another site as well
    known = hasher.startswith(_MODULE)
    algorithm = (
        django_versions.django_hasher(hasher.removeprefix(_MODULE), version) if known else None
    )
    if algorithm is None:
        return import_hasher(hasher)
    if iterations is not None and isinstance(algorithm, pbkdf2.PBKDF2):
        algorithm.iterations = iterations
    return algorithm


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
    """Return whether it was not made to fit no password, as ``set_unusable_password()`` does."""
    return encoded is None or not encoded.startswith(_UNUSABLE)


def make_password(password: str | None) -> str:
    """Encode *password* with Django's default; without one, return what no password fits."""
    return PasswordHashers().make(password)


def check_password(password: str | None, encoded: str | None) -> bool:
    """Return whether *password* is the one that was encoded, by any of Django's default hashers."""
    return PasswordHashers().verify(password, encoded).correct


def must_update(encoded: str) -> bool:
    """Return whether Django's default hashers would encode it anew at the next login."""
    return PasswordHashers().must_update(encoded)
