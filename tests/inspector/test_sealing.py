"""Session keys sealed for URLs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from flask_dj_session.inspector.derived import derived_key
from flask_dj_session.inspector.sealing import Key, Seal

SEAL = Seal("secret")
KEY = "zjbo04lhtzt9qxwdvnrh3fsukh0qdf7j"
_KEYS = st.one_of(st.text(), st.binary())


@given(_KEYS)
def test_what_was_closed_is_opened(key: Key) -> None:
    assert SEAL.open(SEAL.close(key)) == key


@given(_KEYS)
def test_a_reference_needs_no_escapes_in_a_url(key: Key) -> None:
    assert re.fullmatch(r"[\w-]+", SEAL.close(key), re.ASCII)


def test_a_key_has_one_reference() -> None:
    assert SEAL.close(KEY) == Seal("secret").close(KEY)
    assert SEAL.close(KEY) != SEAL.close(KEY.encode())


@pytest.mark.parametrize("position", range(0, 66, 5))
def test_a_reference_with_another_character_is_none(position: int) -> None:
    reference = SEAL.close(KEY)
    other = "A" if reference[position] != "A" else "B"
    assert SEAL.open(reference[:position] + other + reference[position + 1 :]) is None


@given(st.text())
def test_what_was_not_sealed_is_none(reference: str) -> None:
    assert SEAL.open(reference) is None


@pytest.mark.parametrize("length", [0, 1, 16, 40])
def test_a_reference_cut_short_is_none(length: int) -> None:
    assert SEAL.open(SEAL.close(KEY)[:length]) is None


def test_another_secret_key_opens_nothing() -> None:
    assert Seal("another").open(SEAL.close(KEY)) is None


def test_keys_that_begin_alike_have_references_that_do_not() -> None:
    references = {SEAL.close(f"{KEY[:-1]}{last}")[:8] for last in "abcdefgh"}
    assert len(references) == 8


def test_references_are_those_of_before() -> None:
    # They stand in people's bookmarks and tickets. Computed from what the module says:
    raw = b"t" + KEY.encode()
    tag_key, pad_key = (
        hmac.digest(b"secret", f"flask_dj_session.inspector.seal.{purpose}".encode(), "sha256")
        for purpose in ("tag", "pad")
    )
    tag = hashlib.blake2b(raw, key=tag_key, digest_size=16).digest()
    pad = hashlib.shake_256(pad_key + tag).digest(len(raw))
    sealed = tag + bytes(one ^ other for one, other in zip(raw, pad, strict=True))
    assert SEAL.close(KEY) == base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()
    assert Seal(b"secret").close(KEY) == SEAL.close(KEY)


def _bodies(*keys: Key) -> list[bytes]:
    """Return what stands behind the tags of references."""
    references = [SEAL.close(key) for key in keys]
    return [base64.urlsafe_b64decode(one + "=" * (-len(one) % 4))[16:] for one in references]


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_no_two_keys_have_the_same_pad(one: bytes, other: bytes) -> None:
    assume(one != other)
    bodies = _bodies(one, other)
    assert _xor(*bodies)[1:] != _xor(one, other)


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def test_keys_that_differ_in_a_letter_differ_in_all_of_the_reference() -> None:
    one, other = _bodies(KEY, KEY[:-1] + "k")
    same = sum(a == b for a, b in zip(one, other, strict=True))
    assert same <= 4  # of 33; by chance one in 256


def test_a_reference_of_text_is_not_one_of_bytes() -> None:
    assert SEAL.open(SEAL.close(KEY)) == KEY
    assert SEAL.open(SEAL.close(KEY.encode())) == KEY.encode()


def test_what_is_derived_for_one_purpose_serves_no_other() -> None:
    keys = {
        derived_key(secret, purpose)
        for secret in ("secret", "secret2")
        for purpose in ("seal.tag", "seal.pad", "before")
    }
    assert len(keys) == 6
    assert {len(key) for key in keys} == {32}


@pytest.mark.parametrize("extra", ["=", "==", "A", "\n", " ", "."])
def test_a_reference_has_one_spelling(extra: str) -> None:
    reference = SEAL.close(KEY)
    assert SEAL.open(reference + extra) is None
    assert SEAL.open(extra + reference) is None


def test_the_last_letter_of_a_reference_has_one_spelling() -> None:
    reference = SEAL.close(KEY)  # of its last letter only two bits count
    last = [letter for letter in string.ascii_letters if SEAL.open(reference[:-1] + letter)]
    assert last == [reference[-1]]
