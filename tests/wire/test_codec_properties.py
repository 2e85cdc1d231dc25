"""The signed text beside Django's, under any key and salt, and whatever was signed."""

from __future__ import annotations

import logging
import zlib
from base64 import b64decode, b64encode, b85encode, urlsafe_b64encode
from collections.abc import Iterator
from enum import IntEnum
from hashlib import sha512
from itertools import product
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.backends.db import SessionStore
from django.core import signing
from hypothesis import assume, example, given
from hypothesis import strategies as st

from flask_dj_session.errors import DecodeError, EncodeError, SignatureError
from flask_dj_session.wire import SESSION_SALT, JSONSerializer, SessionCodec
from flask_dj_session.wire.legacy import LegacySigner
from flask_dj_session.wire.signing import TimestampSigner

from ..conftest import NOW
from ..live_django import SECRET_KEY

codec = SessionCodec(SECRET_KEY)
signer = TimestampSigner([SECRET_KEY], salt=SESSION_SALT)

any_text = st.text(st.characters(exclude_categories=()), max_size=20)
keys = st.text(st.characters(exclude_categories=["Cs"]), min_size=1) | st.binary(min_size=1)
salts = st.text(st.characters(exclude_categories=["Cs"]))


class Text(str):
    __slots__ = ()


class Whole(int):
    pass


class Kind(IntEnum):
    ONE = 1


class Mapping(dict[Any, Any]):
    pass


scalars = st.one_of(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    st.sampled_from([Text("t"), Whole(7), Kind.ONE, 10**400, -0.0]),
    st.text("ab ", max_size=200),  # what is worth compressing
)
names = st.one_of(
    any_text,
    st.none() | st.booleans() | st.integers() | st.floats(),
    st.sampled_from([Text("t"), Kind.ONE]),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(names, inner, max_size=3),
        st.dictionaries(names, inner, max_size=3).map(Mapping),
    ),
    max_leaves=12,
)
any_data = st.dictionaries(names, values, max_size=5)


@pytest.fixture(autouse=True)
def _at_a_time() -> Iterator[None]:
    logging.disable()
    with time_machine.travel(NOW, tick=False):
        yield
    logging.disable(logging.NOTSET)


def repr_of(text: str, decode: Any) -> str:
    """Decode, for comparing where NaN is NaN and 1 is not True."""
    return repr(decode(text))


# What is written


@given(key=keys, salt=salts, data=any_data)
def test_under_any_key_and_salt_the_text_is_djangos(
    key: str | bytes, salt: str, data: dict[Any, Any]
) -> None:
    ours = SessionCodec(key, salt=salt)
    theirs = signing.dumps(data, key=key, salt=salt, compress=True)
    assert ours.encode(data, NOW) == theirs
    assert repr(ours.decode(theirs)) == repr(signing.loads(theirs, key=key, salt=salt))


def _compressible(saved: int, lengths: range) -> dict[str, str]:
    """Return data whose serialized bytes, as many as *lengths* allows, compress by *saved*."""
    noise = b85encode(sha512(b"hardly to be compressed").digest() * 2).decode()
    for length, repeated in product(range(lengths.stop), range(40)):
        data = {"a": noise[:length] + "x" * repeated}
        payload = JSONSerializer().dumps(data)
        if len(payload) in lengths and len(payload) - len(zlib.compress(payload)) == saved:
            return data
    raise AssertionError(f"nothing compresses by {saved}")


@pytest.mark.parametrize("lengths", [range(20, 100), range(101, 200)], ids=["short", "longer"])
@pytest.mark.parametrize(("saved", "is_compressed"), [(0, False), (1, False), (2, True), (3, True)])
def test_to_the_byte_it_is_compressed_where_django_does_so(
    saved: int, is_compressed: bool, lengths: range
) -> None:
    data = _compressible(saved, lengths)
    theirs = signing.dumps(data, key=SECRET_KEY, salt=SESSION_SALT, compress=True)
    assert theirs.startswith(".") is is_compressed
    assert codec.encode(data, NOW) == theirs


@given(key=keys, other=keys, salt=salts, other_salt=salts)
def test_another_key_or_salt_reads_nothing(
    key: str | bytes, other: str | bytes, salt: str, other_salt: str
) -> None:
    text = SessionCodec(key, salt=salt).encode({"a": 1}, NOW)
    for changed in (SessionCodec(other, salt=salt), SessionCodec(key, salt=other_salt)):
        same = SessionCodec(key, salt=salt).encode({}, NOW) == changed.encode({}, NOW)
        if not same:
            with pytest.raises(SignatureError):
                changed.decode(text)


@given(data=any_data)
def test_what_json_knows_by_another_name_is_written_as_django_writes_it(
    data: dict[Any, Any],
) -> None:
    text = SessionStore().encode(data)
    assert codec.encode(data, NOW) == text
    assert repr_of(text, codec.decode) == repr_of(text, SessionStore().decode)


@given(data=any_data, unstorable=st.sampled_from([object(), {1}, b"", 1j]), as_key=st.booleans())
def test_what_django_cannot_store_is_not_stored(
    data: dict[Any, Any], unstorable: Any, as_key: bool
) -> None:
    data["a"] = {(1, 2): 3} if as_key else [unstorable]
    with pytest.raises(TypeError):
        SessionStore().encode(data)
    with pytest.raises(EncodeError, match=r"^a"):
        codec.encode(data, NOW)


# What somebody with the key has signed


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def compressed(raw: bytes) -> bytes:
    return zlib.compress(raw)


json_texts = st.one_of(
    st.sampled_from([b"{}", b'{"a":1}', b"[]", b"1", b'"a"', b"null", b"NaN", b'{"a":NaN}', b"{"]),
    st.sampled_from([b'{"a":1,"a":2}', b'{"a":"\\ud800"}', b'{"a":-Infinity}', b' {"a" : 1}\n']),
    st.sampled_from([b'{"a":' + b"9" * 5000 + b"}", b"[" * 100_000, b'{"a":' * 5000, b"\xff{}"]),
    st.sampled_from([b'{"a":"' + b"b" * 300 + b'"}', b'{"a":1}junk', b"\xef\xbb\xbf{}", b""]),
    st.binary(max_size=20),
)  # fmt: skip
packings = st.one_of(
    st.tuples(st.just(b""), st.just(b"")),
    st.tuples(st.binary(max_size=3), st.binary(max_size=3)),  # a head and a tail
)


@st.composite
def payloads(draw: st.DrawFn) -> str:
    """Make what may stand before the first colon, mostly compressed, and then damaged."""
    packed = draw(json_texts)
    if draw(st.sampled_from([True, True, False])):
        packed = draw(st.sampled_from([compressed, compressed, lambda raw: raw]))(packed)
        dot = "."
    else:
        dot = draw(st.sampled_from(["", "", "."]))
    cut = draw(st.just(0) | st.integers(0, 8))
    head, tail = draw(packings)
    text = dot + b64(head + packed[: len(packed) - cut] + tail)
    end = draw(st.sampled_from(["", "", "", "=", "==", "A", "AA", "!", " ", "\n", ".", "-_"]))
    return text + end


@given(payload=payloads())
@example("." + b64(zlib.compress(b'{"a":1}') + b"tail"))
@example("." + b64(zlib.compress(b'{"a":1}')[:-1]))
@example("." + b64(zlib.compress(b'{"a":1}')) + "=")
@example(".")
@example("..")
def test_whatever_was_signed_is_read_as_django_reads_it(payload: str) -> None:
    text = signer.sign(payload, NOW)
    theirs = SessionStore().decode(text)
    try:
        ours = codec.decode(text)
    except DecodeError:
        ours = {}
    # Unlike Django, which takes what is no object for a session, too.
    assert repr(ours) == repr(theirs if isinstance(theirs, dict) else {})


# Texts that were put together


few = st.dictionaries(any_text, scalars, max_size=2)
places = st.tuples(st.integers(0, 2), st.integers(0, 2))


@given(one=few, other=few, cuts=places, minute=st.integers(1, 59))
@example(one={"a": 1}, other={"a": 2}, cuts=(1, 1), minute=1)
def test_parts_of_two_texts_make_no_third(
    one: dict[Any, Any], other: dict[Any, Any], cuts: tuple[int, int], minute: int
) -> None:
    texts = [codec.encode(one, NOW), codec.encode(other, NOW.replace(minute=minute, hour=3))]
    first, second = (text.split(":") for text in texts)
    spliced = ":".join([*first[: cuts[0]], *second[cuts[1] :]])
    assume(spliced not in texts)
    with pytest.raises(DecodeError):
        codec.decode(spliced)


@given(one=few, other=few, at=st.integers(0, 10**6))
def test_parts_of_two_texts_of_the_old_form_make_no_third(
    one: dict[Any, Any], other: dict[Any, Any], at: int
) -> None:
    legacy = SessionCodec(SECRET_KEY, algorithm="sha1")
    raws = [b64decode(legacy.encode(data, NOW)) for data in (one, other)]
    at %= min(map(len, raws)) + 1
    spliced = raws[0][:at] + raws[1][at:]
    assume(spliced not in raws)
    with pytest.raises(DecodeError):
        codec.decode(b64encode(spliced).decode())


@given(raw=st.binary(), newline=st.integers(1, 80))
def test_line_ends_in_the_old_form_are_no_matter(raw: bytes, newline: int) -> None:
    old = LegacySigner([SECRET_KEY], salt="django.contrib.sessionsSessionStore")
    text = old.sign(raw)
    lines = "\n".join(text[at : at + newline] for at in range(0, len(text), newline)) + "\n"
    assert old.unsign(lines) == old.unsign(text)
