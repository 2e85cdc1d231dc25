"""Session keys."""

from __future__ import annotations

import re
import string

import pytest

from flask_dj_session.wire.keys import is_storable_key, is_valid_key, new_session_key

from ..randomness import can_be_repeated, oddities


def test_a_new_key_is_32_small_letters_and_digits() -> None:
    for _ in range(200):
        assert re.fullmatch("[a-z0-9]{32}", new_session_key())


def test_new_keys_use_the_whole_alphabet() -> None:
    drawn = "".join(new_session_key() for _ in range(200))
    assert set(drawn) == set("abcdefghijklmnopqrstuvwxyz0123456789")


def test_no_key_is_drawn_twice() -> None:
    assert len({new_session_key() for _ in range(1000)}) == 1000


def test_a_new_key_cannot_be_guessed() -> None:
    assert not can_be_repeated(new_session_key)
    drawn = [new_session_key() for _ in range(10_000)]
    assert oddities(drawn, string.ascii_lowercase + string.digits) == []


def test_a_new_key_is_valid_and_storable() -> None:
    key = new_session_key()
    assert is_valid_key(key)
    assert is_storable_key(key)


@pytest.mark.parametrize("key", ["a" * 8, "a" * 41, "with space", "ključ-ne-ascii"])
def test_text_of_eight_characters_is_valid_as_in_django(key: str) -> None:
    assert is_valid_key(key)


@pytest.mark.parametrize("key", [None, "", "a" * 7, 12345678, b"a" * 32, ["a"] * 8])
def test_anything_else_is_no_key(key: object) -> None:
    assert not is_valid_key(key)


@pytest.mark.parametrize("key", ["a" * 8, "a" * 40, "A-Z_0.9~", '"quoted"', "k;k=k,k:"])
def test_8_to_40_visible_ascii_characters_are_storable(key: str) -> None:
    assert is_storable_key(key)


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("", id="empty"),
        pytest.param("a" * 7, id="too short"),
        pytest.param("a" * 41, id="longer than the column"),
        pytest.param("a" * 31 + "\0", id="NUL"),
        pytest.param("a" * 31 + "\n", id="line end behind it"),
        pytest.param("\n" + "a" * 31, id="line end before it"),
        pytest.param("a" * 15 + " " + "a" * 16, id="space"),
        pytest.param("a" * 31 + "\x7f", id="DEL"),
        pytest.param("a" * 31 + "é", id="Latin-1"),
        pytest.param("a" * 31 + "\ud800", id="surrogate"),
        pytest.param("٣" * 32, id="Arabic digits"),
    ],
)
def test_what_no_row_can_have_is_not_storable(key: str) -> None:
    assert not is_storable_key(key)


@pytest.mark.parametrize(("length", "max_length"), [(33, 32), (41, 40), (129, 128)])
def test_a_key_has_as_much_room_as_its_column(length: int, max_length: int) -> None:
    assert is_storable_key("a" * (length - 1), max_length)
    assert not is_storable_key("a" * length, max_length)
