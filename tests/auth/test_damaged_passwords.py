"""A hash that is damaged costs the work of a check, whatever the damage: nothing tells it apart."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import argon2
import bcrypt
import pytest
from django.contrib.auth import hashers as django
from hypothesis import given
from hypothesis import strategies as st

from flask_dj_session.auth import passwords
from flask_dj_session.auth.passwords import Hasher, PasswordHashers
from flask_dj_session.auth.passwords.argon2_bcrypt import refuse_damaged_argon2

ALGORITHMS: dict[str, Hasher] = {
    "pbkdf2_sha256": passwords.PBKDF2(10),
    "pbkdf2_sha1": passwords.PBKDF2SHA1(10),
    "scrypt": passwords.Scrypt(work_factor=16, block_size=2, parallelism=2),
    "argon2": passwords.Argon2(time_cost=2, memory_cost=64),
    "bcrypt": passwords.BCrypt(4),
    "bcrypt_sha256": passwords.BCryptSHA256(4),
}
#: what a check by each of them costs, as it is counted below
FULL = {"pbkdf2": 10, "scrypt": 16 * 2 * 2, "argon2": 2 * 64, "bcrypt": 2**4}

Work = Callable[[], float]


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    """Return what tells the work done since it was last asked, in checks."""
    done: list[float] = []

    def count(owner: Any, name: str, kind: str, cost: Callable[..., int]) -> None:
        original = getattr(owner, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            try:
                result = original(*args, **kwargs)
            except argon2.exceptions.VerifyMismatchError:
                done.append(cost(*args, **kwargs) / FULL[kind])
                raise
            done.append(cost(*args, **kwargs) / FULL[kind])
            return result

        monkeypatch.setattr(owner, name, counted)

    def of_argon2(_: Any, encoded: str, __: Any) -> int:
        found = argon2.extract_parameters(encoded)
        return found.time_cost * found.memory_cost

    count(hashlib, "pbkdf2_hmac", "pbkdf2", lambda *args: args[3])
    count(hashlib, "scrypt", "scrypt", lambda *_, n, r, p, **__: n * r * p)
    count(argon2.PasswordHasher, "verify", "argon2", of_argon2)
    count(
        argon2.low_level,
        "hash_secret",
        "argon2",
        lambda *_, time_cost, memory_cost, **__: time_cost * memory_cost,
    )
    count(bcrypt, "hashpw", "bcrypt", lambda _, salt: 2 ** int(salt.split(b"$")[2]))

    def told() -> float:
        total = sum(done)
        done.clear()
        return total

    return told


def _damaged(encoded: str) -> set[str]:
    """Cut *encoded* at each place, leave each character out, and put others in its place."""
    begin = encoded.index("$") + 1
    found = {encoded[:place] for place in range(1, len(encoded))}
    for place in range(begin, len(encoded)):
        before, after = encoded[:place], encoded[place + 1 :]
        found |= {before + other + after for other in ("", "1", "$")}
    return {one for one in found if not _is_dearer(one)}


def _is_dearer(encoded: str) -> bool:
    """Return whether the damage has left more work than there was, which is done."""
    numbers = re.findall(r"(?<![0-9A-Za-z+/.])[0-9]+(?![0-9A-Za-z+/.])", encoded)
    return any(int(number) > 64 for number in numbers)


@pytest.mark.slow
@pytest.mark.parametrize("preferred", ["the same", "another"])
@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_damage_costs_a_check(name: str, preferred: str, work: Work) -> None:
    other = "pbkdf2_sha256" if name != "pbkdf2_sha256" else "scrypt"
    order = [name] if preferred == "the same" else [other, name]
    hashers = PasswordHashers([ALGORITHMS[one] for one in order])
    encoded = ALGORITHMS[name].encode("right")
    work()
    step = 5 if "bcrypt" in name or preferred == "another" else 1  # of bcrypt, two in a ms
    for damaged in [encoded, *sorted(_damaged(encoded))[::step]]:
        assert not hashers.verify("wrong", damaged).correct
        assert work() >= 0.99, damaged


ARGON2 = "argon2$argon2id$v=19$m=64,t=2,p=8$YWJjZGVmZ2hpamtsbW5vcHFyc3R1dg$"
ARGON2_HASH = "uFisULmTZR1VkGjz4Xnm/W8b7A0LpXzpYPZScVXWAmk"


@pytest.mark.parametrize(
    "encoded",
    [
        ARGON2 + "YWI",  # a hash of two bytes
        ARGON2.replace("YWJjZGVmZ2hpamtsbW5vcHFyc3R1dg", "YWJj") + ARGON2_HASH,  # a short salt
        ARGON2.replace("m=64", "m=8") + ARGON2_HASH,  # too little memory
        ARGON2.replace("t=2", "t=0") + ARGON2_HASH,
        ARGON2.replace("v=19", "v=18") + ARGON2_HASH,
        ARGON2 + ARGON2_HASH[:-1] + "l",  # bits beyond the last byte
        ARGON2 + ARGON2_HASH + "=",
    ],
)
def test_what_argon2_refuses_at_once_costs_a_check(encoded: str, work: Work) -> None:
    assert not PasswordHashers([ALGORITHMS["argon2"]]).verify("wrong", encoded).correct
    assert work() >= 1


class OwnArgon2(django.Argon2PasswordHasher):  # type: ignore[misc]
    """A project's own, of which Django's method says no at once."""

    time_cost, memory_cost = 2, 64


@pytest.mark.slow
def test_so_does_a_hasher_of_the_projects_own(work: Work) -> None:
    hashers = PasswordHashers([ALGORITHMS["pbkdf2_sha256"], f"{__name__}.OwnArgon2"])
    encoded = django.make_password("right", hasher=OwnArgon2())
    assert hashers.verify("right", encoded).correct
    work()
    for damaged in sorted(_damaged(encoded)):
        assert not hashers.verify("wrong", damaged).correct
        found = re.search(r"m=(\d+),t=(\d+)", damaged)
        if found is None or int(found[1]) * int(found[2]) >= 128:  # Django does not do the rest
            assert work() >= 0.99, damaged


_ENCODED = ARGON2 + ARGON2_HASH


@given(place=st.integers(7, len(_ENCODED)), other=st.sampled_from(["", *"$=,0123aAzZ+/ ž"]))
def test_damage_is_known_where_argon2_knows_it(place: int, other: str) -> None:
    damaged = _ENCODED[:place] + other + _ENCODED[place + 1 :]
    if _is_dearer(damaged) or int(version("argon2-cffi").partition(".")[0]) < 25:
        return  # older ones take other damage for a mismatch
    try:
        refuse_damaged_argon2(damaged)
    except ValueError:
        known = True
    else:
        known = False
    try:
        argon2.PasswordHasher().verify("$" + damaged.partition("$")[2], "wrong")
    except argon2.exceptions.VerifyMismatchError:
        assert not known
    except (argon2.exceptions.VerificationError, ValueError):
        assert known


def _argon2_hash(numbers: str, *, salt: int = 8, length: int = 4) -> str:
    def base64(size: int) -> str:
        return b64encode(bytes(size)).rstrip(b"=").decode()

    return f"argon2$argon2id$v=19${numbers}${base64(salt)}${base64(length)}"


# The least that argon2 takes, and the most (RFC 9106, 3.1).
@pytest.mark.parametrize(
    "encoded",
    [
        _argon2_hash("m=8,t=1,p=1"),
        _argon2_hash("m=16,t=1,p=2"),
        _argon2_hash("m=4294967295,t=4294967295,p=16777215"),
    ],
)
def test_what_argon2_just_takes_is_no_damage(encoded: str) -> None:
    refuse_damaged_argon2(encoded)


@pytest.mark.parametrize(
    "encoded",
    [
        _argon2_hash("m=8,t=1,p=1", salt=7),
        _argon2_hash("m=8,t=1,p=1", length=3),
        _argon2_hash("m=8,t=0,p=1"),
        _argon2_hash("m=8,t=1,p=0"),
        _argon2_hash("m=15,t=1,p=2"),
        _argon2_hash("m=4294967296,t=1,p=1"),
        _argon2_hash("m=8,t=4294967296,p=1"),
        _argon2_hash("m=4294967295,t=1,p=16777216"),
    ],
)
def test_what_is_just_too_little_or_too_much_for_argon2_is_damage(encoded: str) -> None:
    with pytest.raises(ValueError, match="no hash of argon2's"):
        refuse_damaged_argon2(encoded)


@pytest.mark.parametrize("name", ["scrypt", "argon2"])
def test_a_wrong_password_for_a_cheap_hash_costs_what_the_site_wants(name: str, work: Work) -> None:
    cheap: dict[str, Hasher] = {
        "scrypt": passwords.Scrypt(work_factor=2, block_size=1, parallelism=1),
        "argon2": passwords.Argon2(time_cost=1, memory_cost=8, parallelism=1),
    }
    encoded = cheap[name].encode("right")
    hashers = PasswordHashers([ALGORITHMS[name]])
    work()
    assert not hashers.verify("wrong", encoded).correct
    assert 1 <= work() < 1.2
    assert hashers.verify("right", encoded) == (True, True)
    assert work() < 0.2  # whoever is right need not wait


#: each with all the work that the site wants, or more of it; and how many checks that is
ENOUGH: dict[str, list[tuple[Hasher, int]]] = {
    "pbkdf2_sha256": [(passwords.PBKDF2(10), 1), (passwords.PBKDF2(20), 2)],
    "pbkdf2_sha1": [(passwords.PBKDF2SHA1(10), 1), (passwords.PBKDF2SHA1(20), 2)],
    "scrypt": [
        (passwords.Scrypt(work_factor=16, block_size=2, parallelism=2), 1),
        (passwords.Scrypt(work_factor=32, block_size=2, parallelism=1), 1),
        (passwords.Scrypt(work_factor=16, block_size=2, parallelism=4), 2),
    ],
    "argon2": [
        (passwords.Argon2(time_cost=2, memory_cost=64), 1),
        (passwords.Argon2(time_cost=4, memory_cost=32, parallelism=2), 1),
        (passwords.Argon2(time_cost=4, memory_cost=64), 2),
    ],
    "bcrypt": [(passwords.BCrypt(4), 1), (passwords.BCrypt(6), 4)],
    "bcrypt_sha256": [(passwords.BCryptSHA256(4), 1), (passwords.BCryptSHA256(6), 4)],
}


@pytest.mark.parametrize("preferred", ["the same", "another"])
@pytest.mark.parametrize("name", ENOUGH)
def test_a_wrong_password_for_a_hash_with_enough_work_costs_no_more(
    name: str, preferred: str, work: Work
) -> None:
    others = [] if preferred == "the same" else [passwords.MD5()]
    hashers = PasswordHashers([*others, ALGORITHMS[name]])
    for algorithm, checks in ENOUGH[name]:
        encoded = algorithm.encode("right")
        work()
        assert not hashers.verify("wrong", encoded).correct
        assert work() == checks


@pytest.mark.parametrize("name", ["pbkdf2_sha256", "pbkdf2_sha1", "argon2"])
def test_a_short_salt_costs_no_check_more(name: str, work: Work) -> None:
    theirs: Any = {
        "pbkdf2_sha256": django.PBKDF2PasswordHasher,
        "pbkdf2_sha1": django.PBKDF2SHA1PasswordHasher,
        "argon2": django.Argon2PasswordHasher,
    }[name]()
    theirs.iterations, theirs.time_cost, theirs.memory_cost = 10, 2, 64
    encoded = theirs.encode("right", "short salt")
    hashers = PasswordHashers([ALGORITHMS[name]])
    assert hashers.must_update(encoded)
    work()
    assert not hashers.verify("wrong", encoded).correct
    assert work() == 1
