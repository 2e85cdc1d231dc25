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
