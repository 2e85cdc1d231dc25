"""Texts taken apart without a key."""

from __future__ import annotations

import os
import pickle
from datetime import datetime, timezone
from typing import Any

import pytest

from flask_dj_session.errors import Base64Error, CompressionError, DecodeError, SignatureError
from flask_dj_session.wire import anatomy

SIGNED = "eyJudW1fdmlzaXRzIjoxfQ:1xVHTU:7ZgnZUhRxswbN-XAynuo51lZncV0EbyFLJaIIOQ0CXk"
LEGACY = "YThiZWRjMjQ1NzZhMzYzMTBhZjYxNWI2ZDgyODI1Y2ExODI2MTJjNzp7Im51bV92aXNpdHMiOjF9"
PAYLOAD = b'{"num_visits":1}'


class _Named:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.getenv, ("HOME",)


def test_the_signed_form_has_a_payload_and_a_time() -> None:
    parts = anatomy.split(SIGNED)
    assert parts.form == "signed"
    assert parts.payload == SIGNED[:22]
    assert parts.signed_at == datetime(2026, 11, 23, tzinfo=timezone.utc)
    assert parts.unpack() == (PAYLOAD, False)


def test_the_legacy_form_has_a_payload_and_no_time() -> None:
    parts = anatomy.split(LEGACY)
    assert (parts.form, parts.signed_at) == ("legacy", None)
    assert parts.unpack() == (PAYLOAD, False)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", SignatureError),
        ("a:b", SignatureError),
        ("a:!:b", SignatureError),
        ("é:1:b", SignatureError),
        ("a", Base64Error),
    ],
)
def test_a_text_without_the_parts_is_refused(text: str, error: type[DecodeError]) -> None:
    with pytest.raises(error):
        anatomy.split(text)


@pytest.mark.parametrize(("payload", "error"), [("a", Base64Error), (".AAAA", CompressionError)])
def test_a_payload_that_cannot_be_unpacked_is_refused(
    payload: str, error: type[DecodeError]
) -> None:
    with pytest.raises(error):
        anatomy.split(f"{payload}:1:x").unpack()


@pytest.mark.parametrize(
    ("payload", "serializer"),
    [
        (PAYLOAD, "json"),
        (pickle.dumps({"a": 1}, 0), "pickle"),
        (pickle.dumps({"a": 1}, 4), "pickle"),
        (b"", "unknown"),
        (b"\x80\x04", "unknown"),
        (b"I" + b"9" * 5000 + b"\n.", "unknown"),
    ],
)
def test_a_payload_shows_what_wrote_it(payload: bytes, serializer: str) -> None:
    assert anatomy.serializer_of(payload) == serializer


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_the_names_in_a_pickle_are_listed_once(protocol: int) -> None:
    value = {"one": _Named(), "two": _Named(), "when": datetime(2026, 1, 1, tzinfo=timezone.utc)}
    names = anatomy.pickled_names(pickle.dumps(value, protocol))
    assert names is not None
    assert [names.count(name) for name in ("os.getenv", "datetime.datetime")] == [1, 1]


def test_plain_data_names_nothing() -> None:
    assert anatomy.pickled_names(pickle.dumps({"a": ["b", 1]})) == []


def test_a_pickle_of_python_2_is_one_whatever_its_texts_hold() -> None:
    assert anatomy.serializer_of(b"(dp0\nS'\\xc5\\xbe'\np1\nI1\ns.") == "pickle"


def test_no_more_than_a_hundred_names_are_listed() -> None:
    many = b"(" + b"".join(b"cmodule\nname%d\n" % number for number in range(150)) + b"l."
    names = anatomy.pickled_names(many)
    assert names is not None
    assert names[0] == "module.name0"
    assert names[99:] == ["module.name99", "…"]


def test_long_names_are_listed_as_far_as_a_line_goes() -> None:
    name = b"X\x10\x27\0\0" + b"n" * 10_000
    often = b"]" + name + b"\x94" + b"0(" + b"h\0h\0\x93" * 1000 + b"e."
    assert anatomy.pickled_names(often) == ["n" * 100 + "." + "n" * 100]


def test_a_part_of_a_name_that_is_no_text_is_a_question_mark() -> None:
    # "os" and a list are kept, and taken from there for the names of the module and of what is
    # in it.
    kept = b"\x8c\x02os\x94]\x94"
    assert anatomy.pickled_names(kept + b"h\x01h\x00\x93.") == ["?.os"]
    assert anatomy.pickled_names(kept + b"h\x00h\x01\x93.") == ["os.?"]
    assert anatomy.pickled_names(b"]\x94\x8c\x02os\x93.") == ["?.os"]


def test_what_a_pickle_names_by_number_is_listed_too() -> None:
    assert anatomy.pickled_names(b"\x80\x02\x83\x07\x01.") == ["copyreg.extension 263"]


def test_a_pickle_is_looked_at_for_a_million_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anatomy, "MAX_STEPS", 10)
    assert anatomy.pickled_names(b"cos\nsystem\n" + b"N0" * 10) == ["os.system", "…"]


@pytest.mark.parametrize("index", [b"p1000000\n", b"r\xff\xff\xff\xff", b"p" + b"9" * 5000 + b"\n"])
def test_no_place_in_the_memo_takes_room_that_is_not_needed(index: bytes) -> None:
    assert anatomy.pickled_names(b"N" + index + b".") is None


@pytest.mark.parametrize("digits", [21, 1_000_000])
def test_a_time_of_many_digits_is_none(digits: int) -> None:
    with pytest.raises(SignatureError, match="no time of signing"):
        anatomy.split("e30:" + "1" * digits + ":signature")
