"""Session keys sealed for URLs."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
