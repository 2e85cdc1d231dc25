"""Each Django's own parameters, and hashers that a project has written itself."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from django import VERSION
from django.contrib.auth import hashers as django

from flask_dj_session.auth import passwords
from flask_dj_session.auth.passwords import ITERATIONS, PasswordHashers
from flask_dj_session.errors import SettingError

from .. import live_django  # noqa: F401 - begins a Django
from .quick import QUICK, QuickHasher

_MODULE = "django.contrib.auth.hashers."
ARGON2 = f"{_MODULE}Argon2PasswordHasher"
SCRYPT = f"{_MODULE}ScryptPasswordHasher"
MD5 = f"{_MODULE}MD5PasswordHasher"

#: what Django 2.2 has encoded "correct horse" as
OF_2_2 = (
    "argon2$argon2i$v=19$m=512,t=2,p=2$YWJjZGVmZ2hpamts$6GQwsI/r2GzXx3igxBiBkdiqzUSIqGsWuNKHHN4NDUs"
)

# Parameters alone: nobody knows a password that these fit.
SINCE_3_2 = f"argon2$argon2id$v=19$m=102400,t=2,p=8${'YWJj' * 7}YQ${'A' * 43}"
SCRYPT_OF_4_2 = f"scrypt$16384${'s' * 22}$8$1$hash"
SCRYPT_SINCE_5_1 = f"scrypt$16384${'s' * 22}$8$5$hash"


class DefaultsHasher(django.PBKDF2PasswordHasher):  # type: ignore[misc]
    """A hasher of a project's own, with an algorithm of its own."""

    algorithm = "pbkdf2_of_mine"
    iterations = 3


class Mine(passwords.PBKDF2):
    """An algorithm of an app's own."""

    name = "mine"

    def __init__(self) -> None:
        super().__init__(iterations=1)


class Nameless:
    """No hasher."""


class Unavailable(DefaultsHasher):
    """A hasher that takes a library which is not there."""

    library = ("thing", "no_such_thing")


def _named(kind: type[Any]) -> str:
    return f"{__name__}.{kind.__name__}"


def test_next_to_an_old_django_argon2_is_what_it_can_read() -> None:
    hashers = PasswordHashers([ARGON2], django_version="3.1")
    encoded = hashers.make("correct horse")
    assert encoded.startswith("argon2$argon2i$v=19$m=512,t=2,p=2$")
    assert hashers.verify("correct horse", encoded) == (True, False)


def test_argon2_can_be_of_either_variety() -> None:
    hashers = PasswordHashers([passwords.Argon2(time_cost=1, memory_cost=64)])
    assert hashers.make("correct horse").startswith("argon2$argon2id$v=19$m=64,t=1,p=8$")


@pytest.mark.parametrize(("version", "must_update"), [("2.2", False), ("3.2", True)])
def test_argon2_of_an_old_django_stays_next_to_it(version: str, must_update: bool) -> None:
    hashers = PasswordHashers([ARGON2], django_version=version)
    assert hashers.verify("correct horse", OF_2_2) == (True, must_update)
    assert not hashers.verify("correct house", OF_2_2).correct


@pytest.mark.parametrize(
    ("version", "path", "same", "other"),
    [
        ("3.1", ARGON2, OF_2_2, SINCE_3_2),
        ("3.2", ARGON2, SINCE_3_2, OF_2_2),
        ("4.2", SCRYPT, SCRYPT_OF_4_2, SCRYPT_SINCE_5_1),
        ("5.0", SCRYPT, SCRYPT_OF_4_2, SCRYPT_SINCE_5_1),
        ("5.1", SCRYPT, SCRYPT_SINCE_5_1, SCRYPT_OF_4_2),
        ("6.0", SCRYPT, SCRYPT_SINCE_5_1, SCRYPT_OF_4_2),
    ],
)
def test_the_parameters_are_those_of_that_django(
    version: str, path: str, same: str, other: str
) -> None:
    hashers = PasswordHashers([path], django_version=version)
    assert not hashers.must_update(same)
    assert hashers.must_update(other)


@pytest.mark.parametrize(
    ("version", "same_as"),
    [("1.4", "1.4"), ("4.2.16", "4.2"), ("1.11", "1.11"), ("6.2", "6.1"), ("5.2rc1", "5.2")],
)
def test_pbkdf2_has_the_iterations_of_that_django(
    iterations: list[int], version: str, same_as: str
) -> None:
    PasswordHashers(django_version=version).make("correct horse")
    assert iterations == [ITERATIONS[same_as]]


def test_each_django_takes_the_iterations_that_its_release_notes_say() -> None:
    thousands = [10, 10, 12, 15, 20, 24, 30, 36, 100, 120, 150, 180, 216, 260, 320, 390, 600, 720]
    assert [*ITERATIONS.values()] == [1000 * each for each in [*thousands, 870, 1000, 1200, 1500]]
    assert [*ITERATIONS][:8] == ["1.4", "1.5", "1.6", "1.7", "1.8", "1.9", "1.10", "1.11"]


def test_the_parameters_are_those_of_the_django_installed_here() -> None:
    assert ITERATIONS[".".join(map(str, VERSION[:2]))] == django.PBKDF2PasswordHasher.iterations
    assert not django.Argon2PasswordHasher().must_update(SINCE_3_2)
    assert not django.ScryptPasswordHasher().must_update(SCRYPT_SINCE_5_1)


@pytest.mark.parametrize(("version", "must_update"), [("3.1", False), ("3.2", True)])
def test_short_salts_stay_next_to_a_django_that_makes_no_others(
    version: str, must_update: bool
) -> None:
    encoded = django.make_password("correct horse", "s" * 12, django.MD5PasswordHasher())
    hashers = PasswordHashers([MD5], django_version=version)
    assert hashers.verify("correct horse", encoded) == (True, must_update)


@pytest.mark.parametrize("version", ["", "five", "0.9", "5", "x5.2", "-1.4"])
def test_what_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(ValueError, match="'django_version' is"):
        PasswordHashers(django_version=version)


def test_a_hasher_of_the_projects_own_is_imported_and_keeps_its_parameters() -> None:
    hashers = PasswordHashers([QUICK], iterations=7, django_version="4.2")
    encoded = hashers.make("correct horse")
    assert encoded.startswith("pbkdf2_sha256$1$")
    assert QuickHasher().verify("correct horse", encoded)
    assert hashers.verify("correct horse", encoded) == (True, False)
    assert hashers.verify("correct house", encoded) == (False, False)


def test_an_algorithm_of_the_projects_own_is_accepted_and_replaced() -> None:
    encoded = django.make_password("correct horse", hasher=DefaultsHasher())
    assert encoded.startswith("pbkdf2_of_mine$3$")
    hashers = PasswordHashers([QUICK, _named(DefaultsHasher)])
    assert hashers.verify("correct horse", encoded) == (True, True)
    assert PasswordHashers([QUICK]).verify("correct horse", encoded) == (False, False)


def test_a_wrong_password_takes_as_long_as_the_projects_hasher_wants(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    encoded = passwords.PBKDF2(3).encode("correct horse")
    hardened = []
    monkeypatch.setattr(QuickHasher, "harden_runtime", lambda *args: hardened.append(args[1:]))
    assert PasswordHashers([QUICK]).verify("wrong", encoded) == (False, True)
    assert hardened == [("wrong", encoded)]


class PlainHasher(django.BasePasswordHasher):  # type: ignore[misc]
    """A project's own, which knows nothing of missing work, as Django warns where it is asked."""

    algorithm = "plain"

    def encode(self, password: str, salt: str) -> str:
        return f"plain${salt}${password}"

    def verify(self, password: str, encoded: str) -> bool:
        return encoded.split("$", 2)[2] == password


def test_a_projects_hasher_that_has_done_all_its_work_is_asked_for_no_more() -> None:
    hashers = PasswordHashers([_named(PlainHasher)])
    assert hashers.verify("wrong", hashers.make("correct horse")) == (False, False)


def test_a_damaged_hash_of_the_projects_hasher_is_refused() -> None:
    hashers = PasswordHashers([QUICK])
    assert hashers.verify("correct horse", "pbkdf2_sha256$x$y$z") == (False, False)


def test_an_algorithm_can_be_named_as_well() -> None:
    encoded = PasswordHashers([_named(Mine)]).make("correct horse")
    assert encoded.startswith("mine$")
    assert PasswordHashers([_named(Mine)]).verify("correct horse", encoded) == (True, False)


def test_a_missing_library_of_the_projects_hasher_is_an_error_and_no_refusal() -> None:
    hashers = PasswordHashers([QUICK, _named(Unavailable)])
    with pytest.raises(RuntimeError, match="'no_such_thing' cannot be imported"):
        hashers.verify("correct horse", "pbkdf2_of_mine$3$salt$hash")


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("mysite.Hasher", r"names 'mysite\.Hasher', which cannot be imported"),
        (f"{_MODULE}NoSuchHasher", "which cannot be imported"),
        (f"{_MODULE}CryptPasswordHasher", r"needs Django before 5\.1 and Python before 3\.13"),
        (_named(Nameless), "which has no name in 'algorithm'"),
    ],
)
def test_what_is_no_hasher_is_refused_by_its_name(path: str, problem: str) -> None:
    with pytest.raises(SettingError, match=problem):
        PasswordHashers([path])


def test_djangos_own_hashers_need_no_django(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "django.contrib.auth.hashers", None)
    assert PasswordHashers(iterations=1).make("correct horse").startswith("pbkdf2_sha256$1$")
    with pytest.raises(SettingError, match="install Django"):
        PasswordHashers([f"{_MODULE}SomeNewHasher"])
