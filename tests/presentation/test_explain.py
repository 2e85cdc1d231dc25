"""The steps to data that nobody has verified cost no more than the text is long."""

from __future__ import annotations

import zlib
from base64 import b64encode, urlsafe_b64encode

import pytest

from flask_dj_session.presentation.explain import Steps, steps_of
from flask_dj_session.wire import SessionCodec

from ..conftest import NOW

MIB = 1024 * 1024


def unverified(payload: bytes) -> Steps:
    """Take apart what somebody signed with another key, compressed."""
    encoded = urlsafe_b64encode(zlib.compress(payload)).rstrip(b"=").decode()
    return steps_of(f".{encoded}:1xVHTU:{'x' * 43}", SessionCodec("secret"), unverified=True)


@pytest.mark.parametrize(
    "payload",
    [b'{"a":[' + b"0," * MIB + b"0]}", b"\x80\x04}(" + b"NN" * MIB + b"u."],
    ids=["JSON", "pickle"],
)
def test_a_few_bytes_of_nobodys_do_not_become_megabytes(payload: bytes) -> None:
    assert str(unverified(payload).error) == "The payload unpacks to more than 1048576 bytes"


def test_many_bytes_of_nobodys_are_shown() -> None:
    words = " ".join(f"word {number}" for number in range(200_000))
    steps = unverified(f'{{"a":"{words}"}}'.encode())
    assert len(words) > 2 * MIB
    assert steps.error is None
    assert steps.facts["data"] == {"a": words}


def test_what_the_app_signed_is_shown_whole() -> None:
    codec = SessionCodec("secret")
    data = {"a": "0" * 2 * MIB}
    steps = steps_of(codec.encode(data, NOW), codec, unverified=False)
    assert steps.facts["data"] == data


@pytest.mark.parametrize(
    ("pickled", "told"),
    [
        (b"\x80\x04}.", "it names nothing"),
        (b"\x80\x04cos\nsystem\n.", "it names os.system"),
        (b"(S'\\xc5\\xbe'\nS'a'\nd.", "it names nothing"),  # Python 2's, in protocol 0
        (b"\x80\x04\x82\x07.", "it names copyreg.extension 7"),
    ],
)
def test_a_pickle_of_nobodys_is_told_by_its_names(pickled: bytes, told: str) -> None:
    text = b64encode(b"x" * 40 + b":" + pickled).decode()
    steps = steps_of(text, SessionCodec("secret"), unverified=True)
    assert dict(steps.lines)["data"] == f"UNVERIFIED pickle, which is not unpickled; {told}"
