"""Passwords as a real Django stores them: each side reads what the other has written."""

from __future__ import annotations

import hashlib
import re
import string
import sys
from typing import Any

import bcrypt
import pytest
from argon2.low_level import Type, hash_secret
from django.contrib.auth import hashers as django
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_dj_session.auth import passwords
from flask_dj_session.auth.passwords import ITERATIONS, Hasher, PasswordHashers, Verdict
from flask_dj_session.errors import SettingError

from .. import live_django  # noqa: F401 - begins a Django
from ..randomness import can_be_repeated, oddities

_MODULE = "django.contrib.auth.hashers."
_FEW = 10

#: of each algorithm ours and Django's, both with little work
ALGORITHMS: dict[str, tuple[Hasher, Any]] = {
    "pbkdf2_sha256": (passwords.PBKDF2(_FEW), django.PBKDF2PasswordHasher()),
    "pbkdf2_sha1": (passwords.PBKDF2SHA1(_FEW), django.PBKDF2SHA1PasswordHasher()),
    "scrypt": (passwords.Scrypt(work_factor=16), django.ScryptPasswordHasher()),
    "argon2": (passwords.Argon2(time_cost=1, memory_cost=64), django.Argon2PasswordHasher()),
    "bcrypt": (passwords.BCrypt(4), django.BCryptPasswordHasher()),
    "bcrypt_sha256": (passwords.BCryptSHA256(4), django.BCryptSHA256PasswordHasher()),
    "md5": (passwords.MD5(), django.MD5PasswordHasher()),
}
_COSTS = {"iterations": _FEW, "work_factor": 16, "time_cost": 1, "memory_cost": 64, "rounds": 4}
for _, theirs in ALGORITHMS.values():
    for name, cost in _COSTS.items():
        if hasattr(theirs, name):
            setattr(theirs, name, cost)

#: what Django 4.2 has encoded "correct horse" as
GOLDEN = {
    "pbkdf2_sha256": "pbkdf2_sha256$10$abcdefghijklmnopqrstuv"
    "$3RR50OvC3uy5s9s0D4pu1J0hSJkj767QCygzkuRhxFI=",
    "pbkdf2_sha1": "pbkdf2_sha1$10$abcdefghijklmnopqrstuv$WeY8xFoZfGS9s5HsKf0H8UVknVo=",
    "scrypt": "scrypt$16$abcdefghijklmnopqrstuv$8$1$mFSQn1ynWxaSdk4Z3EfqrJE3C8/lanP7XgSpR"
    "+6jsIeGG4eUPewN3SbBoBoFD5A5UOUlxV9sBkzMr2oZTOlqbg==",
    "argon2": "argon2$argon2id$v=19$m=64,t=1,p=8$YWJjZGVmZ2hpamtsbW5vcHFyc3R1dg"
    "$uFisULmTZR1VkGjz4Xnm/W8b7A0LpXzpYPZScVXWAmk",
    "bcrypt": "bcrypt$$2b$04$40JLrkdgSOApqH4uNKcAiuJL3.pmHxuQG9WWQkSADqvEYDxOTIdNm",
    "bcrypt_sha256": "bcrypt_sha256$$2b$04$N5Q4ywpZ1n9tnhTF.1M5ceYRO1Ta0FkdqUe8HoOG3GlpPeqo9kUGW",
    "md5": "md5$abcdefghijklmnopqrstuv$02144cc061e1c896b28fdbca2ef32806",
    "sha1": "sha1$abcdefghijklmnopqrstuv$4e47d0814a3787b3773b25c8e8d86ce8aa5d9747",
    "unsalted_sha1": "sha1$$2f9e53523b62abc141a2b4d6019d23cba835dbd0",
    "unsalted_md5": "3cb4e732631f47e6eb961f34554b7cde",
}
_OLD = {"sha1": "SHA1", "unsalted_sha1": "UnsaltedSHA1", "unsalted_md5": "UnsaltedMD5"}

PASSWORDS = ["correct horse", "", "žluťoučký 🐎", "x" * 100, "with\0nul", " spaces "]


@pytest.fixture(autouse=True)
def hashers_of_django(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Django's own check_password use the hashers of little work."""
    theirs = {name: pair[1] for name, pair in ALGORITHMS.items()}
    monkeypatch.setattr(django, "get_hashers_by_algorithm", lambda: theirs)
    monkeypatch.setattr(django, "get_hashers", lambda: list(theirs.values()))


def _ours(name: str) -> PasswordHashers:
    return PasswordHashers([ALGORITHMS[name][0]])


def _is_taken_by_bcrypt(name: str, password: str) -> bool:
    return name != "bcrypt" or len(password.encode()) <= 72


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize("password", PASSWORDS, ids=ascii)
def test_django_accepts_what_is_encoded_here(name: str, password: str) -> None:
    if not _is_taken_by_bcrypt(name, password):
        return
    encoded = _ours(name).make(password)
    assert encoded.startswith(f"{name}$")
    verdict = django.verify_password(password, encoded, preferred=ALGORITHMS[name][1])
    assert verdict == (True, False)


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize("password", PASSWORDS, ids=ascii)
def test_what_django_has_encoded_is_accepted_here(name: str, password: str) -> None:
    if not _is_taken_by_bcrypt(name, password):
        return
    encoded = django.make_password(password, hasher=ALGORITHMS[name][1])
    assert _ours(name).verify(password, encoded) == (True, False)
    assert _ours(name).verify(password + "x", encoded) == (False, False)


@pytest.mark.parametrize(("name", "encoded"), GOLDEN.items(), ids=GOLDEN)
def test_what_django_has_stored_fits_its_password_alone(name: str, encoded: str) -> None:
    hasher = ALGORITHMS[name][0] if name in ALGORITHMS else f"{_MODULE}{_OLD[name]}PasswordHasher"
    assert PasswordHashers([hasher]).verify("correct horse", encoded).correct
    assert not PasswordHashers([hasher]).verify("correct house", encoded).correct


# A NUL at the end changes nothing: HMAC itself, and so PBKDF2, fills short keys with these.
_WRONG = ["", " ", "correct hors", "correct horse ", "Correct horse", "correct\0horse", "\0"]


@pytest.mark.parametrize(("name", "encoded"), GOLDEN.items(), ids=GOLDEN)
def test_nearly_the_password_is_another(name: str, encoded: str) -> None:
    hasher = ALGORITHMS[name][0] if name in ALGORITHMS else f"{_MODULE}{_OLD[name]}PasswordHasher"
    hashers = PasswordHashers([hasher])
    assert [wrong for wrong in _WRONG if hashers.verify(wrong, encoded).correct] == []


@pytest.mark.parametrize("name", _OLD)
def test_an_old_digest_is_read_only_where_the_site_names_it(name: str) -> None:
    quick = passwords.PBKDF2(_FEW)
    assert PasswordHashers([quick]).verify("correct horse", GOLDEN[name]) == (False, False)
    both = PasswordHashers([quick, f"{_MODULE}{_OLD[name]}PasswordHasher"])
    assert both.verify("correct horse", GOLDEN[name]) == (True, True)


def test_unsalted_md5_with_its_name_is_read_as_well() -> None:
    hashers = PasswordHashers([f"{_MODULE}UnsaltedMD5PasswordHasher"])
    assert hashers.verify("correct horse", "md5$$" + GOLDEN["unsalted_md5"]).correct


@pytest.mark.parametrize("algorithm", ["sha1", "unsalted_sha1", "unsalted_md5"])
def test_what_is_written_as_an_old_digest_is_read_again(algorithm: str) -> None:
    kinds: dict[str, type[Hasher]] = {
        "sha1": passwords.SaltedSHA1,
        "unsalted_sha1": passwords.UnsaltedSHA1,
        "unsalted_md5": passwords.UnsaltedMD5,
    }
    kind: Any = kinds[algorithm]
    hashers = PasswordHashers([kind()])
    encoded = hashers.make("password")
    assert hashers.verify("password", encoded) == (True, False)
    assert hashers.verify("passwort", encoded) == (False, False)


#: what Django has encoded "x" * 100 as, with bcrypt 4.1.1
_CUT = "bcrypt$$2b$04$40JLrkdgSOApqH4uNKcAiudkpWY4774glP6M3XC4baTu9MAhvK8xq"


def test_what_bcrypt_used_to_cut_is_still_accepted() -> None:
    assert _ours("bcrypt").verify("x" * 100, _CUT) == (True, False)
    assert _ours("bcrypt").verify("x" * 72, _CUT).correct
    assert not _ours("bcrypt").verify("x" * 71, _CUT).correct


def test_bcrypt_refuses_to_encode_what_it_would_cut() -> None:
    with pytest.raises(ValueError, match="72 bytes"):
        _ours("bcrypt").make("ž" * 37)
    assert _ours("bcrypt_sha256").make("ž" * 37)
    assert _ours("bcrypt").verify("ž" * 36, _ours("bcrypt").make("ž" * 36)).correct


def test_a_password_that_cannot_be_encoded_anew_stays_as_it_is() -> None:
    hashers = PasswordHashers([passwords.BCrypt(5), ALGORITHMS["pbkdf2_sha256"][0]])
    assert hashers.verify("x" * 100, _CUT) == (True, False)
    encoded = _ours("pbkdf2_sha256").make("x" * 100)
    assert hashers.verify("x" * 100, encoded) == (True, False)


def test_the_library_is_not_asked_about_a_damaged_salt(monkeypatch: pytest.MonkeyPatch) -> None:
    def panic(*_: object) -> bytes:
        raise BaseException("as versions before 4.3 do")

    monkeypatch.setattr("bcrypt.hashpw", panic)
    hashers = PasswordHashers([ALGORITHMS["md5"][0], ALGORITHMS["bcrypt"][0]])
    assert hashers.verify("password", GOLDEN["bcrypt"][:-32]) == (False, False)


OTHER: dict[str, Hasher] = {
    "pbkdf2_sha256": passwords.PBKDF2(_FEW + 5),
    "scrypt": passwords.Scrypt(work_factor=32),
    "argon2": passwords.Argon2(time_cost=2, memory_cost=64),
    "bcrypt_sha256": passwords.BCryptSHA256(5),
}


@pytest.mark.parametrize("name", OTHER)
def test_a_password_of_other_parameters_is_to_be_encoded_anew(name: str) -> None:
    encoded = OTHER[name].encode("correct horse")
    assert _ours(name).verify("correct horse", encoded) == Verdict(True, True)
    assert django.verify_password("correct horse", encoded, ALGORITHMS[name][1]) == (True, True)


@pytest.mark.parametrize(
    "other",
    [{}, {"version": 16}, {"hash_len": 16}, {"type": Type.I}, {"parallelism": 4}],
    ids=str,
)
def test_each_parameter_of_argon2_counts_as_in_django(other: dict[str, Any]) -> None:
    _, theirs = ALGORITHMS["argon2"]
    how: dict[str, Any] = {"time_cost": 1, "memory_cost": 64, "parallelism": 8, "hash_len": 32}
    raw = hash_secret(b"correct horse", theirs.salt().encode(), **{**how, "type": Type.ID, **other})
    encoded = f"argon2{raw.decode()}"
    verdict = _ours("argon2").verify("correct horse", encoded)
    assert verdict == django.verify_password("correct horse", encoded, theirs)
    assert verdict == (True, other != {})


@pytest.mark.parametrize("encoded", ["!" + "f" * 31, "f" * 31, "f" * 33, "md5$$" + "f" * 31])
def test_what_is_no_unsalted_digest_is_none_to_be_encoded_anew(encoded: str) -> None:
    old = [passwords.UnsaltedMD5(), passwords.UnsaltedSHA1()]
    hashers = PasswordHashers([ALGORITHMS["pbkdf2_sha256"][0], *old])
    assert hashers.verify("correct horse", encoded) == (False, False)
    assert not hashers.must_update(encoded)
    assert hashers.must_update("f" * 32)


@pytest.mark.parametrize("name", ["pbkdf2_sha256", "md5"])
def test_a_password_with_a_short_salt_is_to_be_encoded_anew(name: str) -> None:
    encoded = django.make_password("correct horse", "short", ALGORITHMS[name][1])
    assert _ours(name).verify("correct horse", encoded) == (True, True)


def test_a_password_of_another_algorithm_is_to_be_encoded_anew() -> None:
    hashers = PasswordHashers([ALGORITHMS["pbkdf2_sha256"][0], ALGORITHMS["scrypt"][0]])
    encoded = ALGORITHMS["scrypt"][0].encode("correct horse")
    assert hashers.verify("correct horse", encoded) == (True, True)
    assert hashers.verify("wrong", encoded) == (False, True)


def test_without_a_password_no_password_fits() -> None:
    hashers = _ours("pbkdf2_sha256")
    encoded = hashers.make(None)
    assert encoded.startswith("!")
    assert len(encoded) == len(django.make_password(None))
    assert not passwords.is_password_usable(encoded)
    assert hashers.verify("", encoded) == hashers.verify(None, encoded) == (False, False)


@pytest.mark.slow
@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_salt_cannot_be_guessed(name: str) -> None:
    ours, theirs = ALGORITHMS[name]

    def salt() -> str:
        return str(theirs.decode(ours.encode("correct horse"))["salt"])

    assert not can_be_repeated(salt)
    if name in ("pbkdf2_sha256", "pbkdf2_sha1", "scrypt", "md5"):  # the others take longer
        assert oddities([salt() for _ in range(3_000)], string.ascii_letters + string.digits) == []


def test_what_no_password_fits_cannot_be_guessed() -> None:
    def drawn() -> str:
        return _ours("md5").make(None).removeprefix("!")

    assert not can_be_repeated(drawn)
    assert oddities([drawn() for _ in range(2_000)], "0123456789abcdef") == []


@pytest.mark.parametrize(
    "encoded",
    ["!" + "x" * 40, None, "", "gibberish", "argon2$nothing", "pbkdf2_sha256$x$y$z"],
    ids=ascii,
)
def test_where_nothing_can_be_checked_the_time_of_a_check_is_spent(
    encoded: str | None, iterations: list[int]
) -> None:
    hashers = PasswordHashers([passwords.PBKDF2(100)])
    assert hashers.verify("password", encoded) == (False, False)
    assert iterations == [100]


def test_a_wrong_password_takes_as_long_as_the_site_wants_at_least(iterations: list[int]) -> None:
    encoded = passwords.PBKDF2(30).encode("correct horse")
    iterations.clear()
    PasswordHashers([passwords.PBKDF2(100)]).verify("wrong", encoded)
    assert sum(iterations) == 100


def test_bcrypt_does_the_rounds_that_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded = passwords.BCrypt(4).encode("correct horse")
    seven = passwords.BCrypt(7)
    done: list[bytes] = []
    encode = bcrypt.hashpw

    def note(password: bytes, salt: bytes) -> bytes:
        done.append(salt)
        return encode(password, salt)

    monkeypatch.setattr(bcrypt, "hashpw", note)
    PasswordHashers([seven]).verify("wrong", encoded)
    assert len(done) == 2 ** (7 - 4)


def test_the_iterations_are_those_that_the_site_takes() -> None:
    hashers = PasswordHashers(iterations=77)
    assert hashers.make("correct horse").split("$")[1] == "77"
    assert passwords.PBKDF2().iterations == ITERATIONS["5.2"] == 1_000_000


@pytest.mark.slow
def test_scrypt_may_take_the_memory_of_its_own_parameters() -> None:
    theirs = django.ScryptPasswordHasher()
    theirs.work_factor, theirs.parallelism, theirs.maxmem = 2**15, 1, 2**26
    encoded = theirs.encode("correct horse", theirs.salt())
    ours = passwords.Scrypt(work_factor=2**15, parallelism=1)
    assert PasswordHashers([ours]).verify("correct horse", encoded) == (True, False)
    little = passwords.Scrypt(work_factor=16)
    assert PasswordHashers([little]).verify("correct horse", encoded) == (False, False)
    more = passwords.Scrypt(work_factor=16, maxmem=2**26)
    assert PasswordHashers([more]).verify("correct horse", encoded) == (True, True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("work_factor", "block_size", "parallelism"), [(2**15, 8, 1), (2**15, 8, 5), (2**14, 20, 3)]
)
def test_no_more_memory_than_that_is_asked_for(
    work_factor: int, block_size: int, parallelism: int
) -> None:
    # What openssl/crypto/evp/scrypt.c counts, to the byte.
    needed = 128 * block_size * (work_factor + parallelism + 2)
    cost = {"n": work_factor, "r": block_size, "p": parallelism}
    with pytest.raises(ValueError, match="memory limit exceeded"):
        hashlib.scrypt(b"", salt=b"", **cost, maxmem=needed - 1)
    ours = passwords.Scrypt(work_factor=work_factor, block_size=block_size, parallelism=parallelism)
    dearer = f"scrypt${work_factor}$salt${block_size}${parallelism + 1}$"
    assert ours.encode("correct horse")
    with pytest.raises(ValueError, match="memory limit exceeded"):
        ours.verify("correct horse", dearer)


def test_a_check_may_take_the_memory_that_openssl_gives_by_default() -> None:
    little = passwords.Scrypt(work_factor=16, parallelism=1)
    assert not little.verify("correct horse", "scrypt$1024$salt$255$2$")  # 512 bytes below 32 MiB
    with pytest.raises(ValueError, match="memory limit exceeded"):
        little.verify("correct horse", "scrypt$1024$salt$255$3$")


def test_an_algorithm_that_is_given_stays_as_it_was() -> None:
    mine = passwords.PBKDF2(_FEW)
    hashers = PasswordHashers([mine], iterations=77, renew_short_salts=False)
    assert hashers.make("correct horse").split("$")[1] == str(_FEW)
    assert mine.renews_short_salts


def test_without_any_hasher_there_are_no_passwords() -> None:
    with pytest.raises(SettingError, match="is empty"):
        PasswordHashers([])


@pytest.mark.parametrize("encoded", ["pbkdf2_sha256$x$y$z", "!", "gibberish"])
def test_what_no_password_fits_is_not_encoded_anew(encoded: str) -> None:
    assert passwords.must_update(encoded) is False


def test_djangos_default_says_what_is_encoded_anew() -> None:
    assert passwords.must_update(GOLDEN["pbkdf2_sha256"])
    assert passwords.must_update(GOLDEN["argon2"])


@pytest.mark.slow
def test_each_default_hasher_of_django_is_known() -> None:
    from django.conf import global_settings

    assert list(passwords.DEFAULT_HASHERS) == global_settings.PASSWORD_HASHERS
    known = {name for name in GOLDEN if passwords.check_password("correct horse", GOLDEN[name])}
    assert known == {"pbkdf2_sha256", "pbkdf2_sha1", "argon2", "bcrypt_sha256", "scrypt"}


@pytest.mark.parametrize("library", ["argon2", "bcrypt"])
def test_a_missing_library_is_an_error_that_says_what_to_install(
    library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    encoded = {
        "argon2": "argon2$argon2id$v=19$m=64,t=1,p=1$YWJj$YWJj",
        "bcrypt": "bcrypt$$2b$04$" + "a" * 53,
    }
    hashers = PasswordHashers([ALGORITHMS["md5"][0], ALGORITHMS[library][0]])
    with pytest.raises(RuntimeError, match=r"pip install flask-dj-session\[auth\]"):
        hashers.verify("password", encoded[library])


_BCRYPTS_ROUNDS = re.compile(r"\$2b\$(\d\d)\$")
_ENCODED = [ours.encode("correct horse") for ours, _ in ALGORITHMS.values()]


@st.composite
def _damaged(draw: st.DrawFn) -> str:
    """Cut an encoded password short, or change a character of it."""
    encoded = draw(st.sampled_from(_ENCODED))
    # Not bcrypt's rounds: with another digit there, one check takes hours.
    rounds = _BCRYPTS_ROUNDS.search(encoded)
    left_out = range(*rounds.span(1)) if rounds else range(0)
    place = draw(st.sampled_from([at for at in range(len(encoded) + 1) if at not in left_out]))
    return encoded[:place] + draw(
        st.just("") | st.characters().map(lambda c: c + encoded[place + 1 :])
    )


@pytest.mark.slow
@settings(max_examples=300)
@given(encoded=st.text() | _damaged())
def test_whatever_is_stored_a_wrong_password_is_refused_without_an_error(encoded: str) -> None:
    hashers = PasswordHashers([ours for ours, _ in ALGORITHMS.values()])
    assert not hashers.verify("wrong", encoded).correct


@pytest.mark.parametrize(
    "rounds", ["00", "03", "32", "99", "0", "", "x4", "+4", " 4", "-4", "\uff14"]
)
@pytest.mark.parametrize("name", ["bcrypt", "bcrypt_sha256"])
def test_rounds_that_bcrypt_does_not_know_are_refused(name: str, rounds: str) -> None:
    encoded = _BCRYPTS_ROUNDS.sub(f"$2b${rounds}$", ALGORITHMS[name][0].encode("right"))
    assert not PasswordHashers([ALGORITHMS[name][0]]).verify("right", encoded).correct
