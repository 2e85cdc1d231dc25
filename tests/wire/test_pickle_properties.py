"""Pickles beside Python's own unpickler: what it reads of a session's is read, and is the same."""

from __future__ import annotations

import copy
import io
import pickle
import pickletools
from contextlib import suppress
from datetime import timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID, SafeUUID

import pytest
from django.contrib.messages.storage.base import Message as DjangosMessage
from django.utils.safestring import SafeString as DjangosSafeString
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_dj_session.errors import PickleError
from flask_dj_session.presentation.formatting import as_json
from flask_dj_session.wire.allowed import ALLOWED
from flask_dj_session.wire.pickles import PickleSerializer
from flask_dj_session.wire.stand_ins import Message, SafeTextBase


def ours(payload: bytes) -> Any:
    return PickleSerializer().loads(payload)


class _Theirs(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return ALLOWED["builtins" if module == "__builtin__" else module, name]


def theirs(payload: bytes) -> Any:
    buffer = io.BytesIO(payload)
    return _Theirs(buffer, encoding="utf-8", errors="surrogateescape").load()


def told(value: Any) -> Any:
    """Tell of *value* and all in it what it is, so that NaN is NaN and 1 is not True."""
    if isinstance(value, dict):
        return "dict", [(told(key), told(item)) for key, item in value.items()]
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [told(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return type(value).__name__, sorted(repr(told(item)) for item in value)
    if isinstance(value, (Message, DjangosMessage)):
        return "Message", told([value.level, value.message, value.extra_tags or ""])
    if isinstance(value, (SafeTextBase, DjangosSafeString)):
        return type(value).__name__, str(value)
    return type(value).__name__, repr(value)


# What Python's own pickler wrote, in every protocol

whole_minutes = st.integers(-1439, 1439).map(lambda minutes: timedelta(minutes=minutes))
zones = st.none() | st.just(timezone.utc) | st.builds(timezone, whole_minutes, st.text(max_size=3))
any_text = st.text(st.characters(exclude_categories=()), max_size=20)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scalars = st.one_of(
    st.none() | st.booleans() | st.integers() | st.integers(-(2**1100), 2**1100),
    st.floats() | st.complex_numbers(),
    any_text | st.binary(max_size=300) | st.just("x" * 300),
    st.datetimes(timezones=zones),
    st.dates(),
    st.times(timezones=zones),
    st.timedeltas(),
    st.decimals(),
)
uuids = st.builds(UUID, int=st.integers(0, 2**128 - 1), is_safe=st.sampled_from(SafeUUID))
safe_texts = texts.map(DjangosSafeString)
messages = st.builds(DjangosMessage, st.integers(0, 50), texts | safe_texts, texts)
members = st.recursive(
    scalars.filter(lambda value: not isinstance(value, Decimal) or not value.is_snan()),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.frozensets(inner, max_size=3),
    max_leaves=4,
)


def data_of(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    values = st.recursive(
        leaves | st.sets(members, max_size=4) | st.binary(max_size=9).map(bytearray) | members,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.lists(inner, max_size=4).map(tuple),
            st.dictionaries(members, inner, max_size=4),
            inner.map(lambda value: [value, value]),  # the same one twice
        ),
        max_leaves=10,
    )
    return st.dictionaries(any_text, values, max_size=5)


def read_alike(payload: bytes) -> None:
    assert told(ours(payload)) == told(pickle.loads(payload))
    optimized = pickletools.optimize(payload)
    assert told(ours(optimized)) == told(pickle.loads(payload))


@pytest.mark.slow
@settings(max_examples=100)
@given(data=data_of(scalars | uuids | safe_texts | messages), protocol=st.integers(2, 5))
def test_what_python_pickled_is_read_as_python_reads_it(
    data: dict[str, Any], protocol: int
) -> None:
    read_alike(pickle.dumps(data, protocol))


# The first protocols name ``copyreg._reconstructor`` for objects of classes.
@pytest.mark.slow
@settings(max_examples=40)
@given(data=data_of(scalars), protocol=st.integers(0, 1))
def test_so_it_is_in_the_first_protocols(data: dict[str, Any], protocol: int) -> None:
    read_alike(pickle.dumps(data, protocol))


@pytest.mark.slow
@settings(max_examples=40)
@given(data=data_of(scalars | uuids), protocol=st.sampled_from([2, 4]))
def test_what_is_written_here_is_read_by_python_and_here(
    data: dict[str, Any], protocol: int
) -> None:
    payload = PickleSerializer(protocol).dumps(data)
    assert told(ours(payload)) == told(pickle.loads(payload))
    if protocol == 4:  # before, Python leaves out which of two equal times of day is meant
        assert told(ours(payload)) == told(data)


# Programs that no pickler wrote


def _text(text: str) -> bytes:
    raw = text.encode()
    return b"\x8c" + bytes([len(raw)]) + raw


atoms = st.sampled_from(
    [
        *(b"N", b"\x88", b"\x89", b")", b"}", b"]", b"\x8f", b"G?\xf8\0\0\0\0\0\0", b"F1.5\n"),
        *(
            b"I01\n",
            b"I00\n",
            b"I-5\n",
            b"L7L\n",
            b"L7\n",
            b"K\7",
            b"M\1\1",
            b"J\1\0\0\0",
            b"Fnan\n",
        ),
        *(
            b"S'a\\n\\'\\xc5\\xbe'\n",
            b'S"\\\\x41"\n',
            b"S'\\101'\n",
            b"Va\\u017e\\\n",
            b"U\2\xc5\xbe",
        ),
        *(
            b"T\1\0\0\0\xff",
            b"X\3\0\0\0\xed\xa0\x80",
            b"\x8a\0",
            b"\x8a\1\xff",
            b"\x8b\2\0\0\0\0\1",
        ),
        *(b"C\1\0", b"B\1\0\0\0a", b"\x96\1\0\0\0\0\0\0\0a", b"\x95\0\0\0\0\0\0\0\0N", b"h\0"),
        *(b"h\1", b"g1\n", _text(""), _text("a"), _text("level"), _text("int"), b"}\x94"),
        *(b"Fnan\n", b"U\2\xc5\xbe", b"\x8b\2\0\0\0\0\1"),
    ]
)
calls = st.sampled_from(
    [
        *(b"c__builtin__\nset\n(](K\1K\2etR", b"cbuiltins\nfrozenset\n](Nh\0e\x85R"),
        *(b"(ibuiltins\nset\n", b"(cbuiltins\ncomplex\nK\1K\2o", b"cdecimal\nDecimal\n"),
        *(b"\x8c\7decimal\x8c\7Decimal\x93\x8c\x039.9\x85R", b"cdatetime\ntimedelta\nK\1\x85R"),
        *(b"cdatetime\ndatetime\nC\n\7\xeb\x0c\x1c\0\x38\7\x0b\x80\xba\x85R",),
        *(b"cuuid\nUUID\n)\x81}\x8c\3intK\5sb", b"cuuid\nUUID\n\x8c\3int\x8c\4text\x86R"),
        *(b"c_codecs\nencode\n\x8c\1a\x8c\6latin1\x86R",),
        b"cdjango.contrib.messages.storage.base\nMessage\n)\x81}(\x8c\7messageh\0\x8c\5levelK\x14ub",
    ]
)


def _joined(*parts: st.SearchStrategy[bytes] | bytes) -> st.SearchStrategy[bytes]:
    return st.tuples(*(st.just(part) if isinstance(part, bytes) else part for part in parts)).map(
        b"".join
    )


def _with_more(inner: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    after_one = st.sampled_from([b"\x94", b"q\0", b"q\1", b"p1\n", b"\x85", b"2\x86", b"20"])
    after_two = st.sampled_from([b"t", b"l", b"d", b"\x91", b"11N"])
    return st.one_of(
        _joined(inner, after_one),
        _joined(b"(", inner, inner, after_two),
        _joined(b"](", inner, inner, b"e"),
        _joined(b"]", inner, b"a"),
        _joined(b"}(", inner, inner, b"u"),
        _joined(b"}", inner, inner, b"s"),
        _joined(b"\x8f(", inner, inner, b"\x90"),
        _joined(inner, inner, b"\x86"),
    )


programs = st.recursive(atoms | calls, _with_more, max_leaves=8)


@pytest.mark.slow
@settings(max_examples=400)
@given(program=programs)
def test_whatever_is_read_here_python_reads_as_well(program: bytes) -> None:
    payload = b"N\x940" + program + b"."
    try:
        read = ours(payload)
    except PickleError:
        return
    assert told(read) == told(theirs(payload))


@settings(max_examples=150)
@given(program=programs)
def test_what_is_read_can_be_copied_compared_and_shown(program: bytes) -> None:
    with suppress(PickleError):
        data = {"a": ours(b"N\x940" + program + b".")}
        assert told(copy.deepcopy(data)) == told(data)
        assert len(as_json(data)) < 2000
        assert len(repr(data)) < 2000
