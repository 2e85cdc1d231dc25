"""What holds for any data, any text and any bytes."""

from __future__ import annotations

import io
import json
import logging
import string
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any
from uuid import UUID, SafeUUID

import flask
import pytest
import sqlalchemy as sa
import time_machine
from django.core.handlers.wsgi import WSGIRequest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from flask_dj_session import SessionCodec
from flask_dj_session.errors import DecodeError
from flask_dj_session.wire import SESSION_SALT, PickleSerializer
from flask_dj_session.wire.allowed import ALLOWED
from flask_dj_session.wire.keys import is_storable_key
from flask_dj_session.wire.legacy import LegacySigner
from flask_dj_session.wire.signing import TimestampSigner, base62_decode, base62_encode
from flask_dj_session.wire.stand_ins import Message

from .conftest import NOW, MakeSite, Site
from .live_django import SECRET_KEY, LiveDjango
from .wire.test_cookie_properties import headers

pytestmark = pytest.mark.slow

BASE64 = string.ascii_letters + string.digits + "+/-_="

any_character = st.characters(exclude_categories=())
any_text = st.text(any_character)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    any_text,
    st.text("ab ", max_size=200),  # what is worth compressing
)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=15,
)
json_data = st.dictionaries(any_text, json_values, max_size=6)

codec = SessionCodec(SECRET_KEY)
legacy_codec = SessionCodec(SECRET_KEY, algorithm="sha1")
pickle_codec = SessionCodec(SECRET_KEY, serializer=PickleSerializer)


def signed(payload: str) -> str:
    return TimestampSigner([SECRET_KEY], salt=SESSION_SALT).sign(payload, NOW)


def legacy(payload: bytes) -> str:
    return LegacySigner([SECRET_KEY], salt="django.contrib.sessionsSessionStore").sign(payload)


def _bytes(key: str | bytes) -> bytes:
    return key.encode() if isinstance(key, str) else key


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


class Log(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


class Reader:
    """Decodes as a session does, and tells what was logged."""

    def __init__(self, site: Site, log: Log) -> None:
        self.site = site
        self.log = log

    def read(self, text: str) -> tuple[dict[str, Any], list[tuple[int, str]]]:
        self.log.records.clear()
        data = self.site.sessions.session().decode(text)
        # Which reason is told is tried elsewhere.
        logged = [(record.levelno, record.getMessage()) for record in self.log.records]
        return data, [(level, message.partition(" (")[0]) for level, message in logged]


CORRUPTED: tuple[dict[str, Any], list[tuple[int, str]]] = (
    {},
    [(logging.WARNING, "Session data corrupted")],
)


@pytest.fixture
def reader(make_site: MakeSite) -> Iterator[Reader]:
    logger = logging.getLogger("django.security.SuspiciousSession")
    log = Log()
    logger.addHandler(log)
    yield Reader(make_site(table=False), log)
    logger.removeHandler(log)


# Data


@given(data=json_data)
def test_django_writes_the_same_bytes_and_each_reads_the_other(data: dict[str, Any]) -> None:
    store = LiveDjango(sa.make_url("sqlite://")).store()
    with time_machine.travel(NOW, tick=False):
        ours, theirs = codec.encode(data, NOW), store.encode(data)
        assert ours == theirs
        assert codec.decode(theirs) == data
        assert store.decode(ours) == data


@given(data=json_data)
def test_the_old_form_reads_as_it_was_written(data: dict[str, Any]) -> None:
    assert codec.decode(legacy_codec.encode(data, NOW)) == data


@given(keys=st.lists(st.text(min_size=1) | st.binary(min_size=1), min_size=1, max_size=4))
def test_any_keys_read_what_the_last_of_them_wrote(keys: list[str | bytes]) -> None:
    text = SessionCodec(keys[-1]).encode({"a": 1}, NOW)
    reading = SessionCodec(keys[0], keys[1:]).read(text)
    assert reading.data == {"a": 1}
    assert reading.key_index == [_bytes(key) for key in keys].index(_bytes(keys[-1]))


@given(number=st.integers())
def test_any_number_goes_through_base62(number: int) -> None:
    assert base62_decode(base62_encode(number)) == number


# Texts that were changed

TEXTS = {
    "signed": "eyJudW1fdmlzaXRzIjoxfQ:1xVTBX:mnytV1DnfP4BLfwFH7qwgburFac4MKLgj7F6EYHL1WA",
    "legacy": "MDgwOWJlMzA2OGNlODlhMTI1MjQ0ODdjN2U0OGY2YTRmNzk2NjY4Zjp7Im51bV92aXNpdHMiOjF9",
}
UNCHANGED: tuple[dict[str, Any], list[tuple[int, str]]] = ({"num_visits": 1}, [])

a_change = st.tuples(
    st.sampled_from(["replace", "insert", "delete"]),
    st.integers(0, 10**6),
    any_character | st.sampled_from(BASE64 + ":. \n\0"),
)


def changed(text: str, kind: str, position: int, character: str) -> str:
    """Change one character of *text*."""
    if kind == "insert":
        at = position % (len(text) + 1)
        return text[:at] + character + text[at:]
    at = position % len(text)
    return text[:at] + ("" if kind == "delete" else character) + text[at + 1 :]


def every_change(text: str) -> Iterator[str]:
    """Make every change of one character, with the characters that base64 and the form know."""
    for at in range(len(text) + 1):
        yield changed(text, "delete", at, "")
        for character in BASE64 + ":. \n\0é":
            yield changed(text, "insert", at, character)
            yield changed(text, "replace", at, character)


@given(data=json_data, change=a_change)
def test_a_changed_text_is_no_session_and_logged_once(
    reader: Reader, data: dict[str, Any], change: tuple[str, int, str]
) -> None:
    text = codec.encode(data, NOW)
    tampered = changed(text, *change)
    assume(tampered != text)
    assert reader.read(tampered) == CORRUPTED


@given(data=json_data, change=a_change)
def test_a_changed_text_of_the_old_form_never_has_other_data(
    reader: Reader, data: dict[str, Any], change: tuple[str, int, str]
) -> None:
    # Its base64 is malleable: line ends in it are no matter, for instance.
    text = legacy_codec.encode(data, NOW)
    assert reader.read(changed(text, *change)) in (CORRUPTED, (data, []))


@pytest.mark.slow
def test_every_change_of_a_signed_text_is_seen(reader: Reader) -> None:
    assert reader.read(TEXTS["signed"]) == UNCHANGED
    for text in every_change(TEXTS["signed"]):
        if text != TEXTS["signed"]:
            assert reader.read(text) == CORRUPTED, text


@pytest.mark.slow
def test_every_change_of_a_text_of_the_old_form_is_seen_or_is_none(reader: Reader) -> None:
    assert reader.read(TEXTS["legacy"]) == UNCHANGED
    for text in every_change(TEXTS["legacy"]):
        assert reader.read(text) in (CORRUPTED, UNCHANGED), text


@given(text=any_text | st.text(BASE64 + ":."))
@example("")
@example(":")
@example("::")
@example("." * 10)
def test_any_text_is_no_session_and_logged_once(reader: Reader, text: str) -> None:
    assert reader.read(text) == CORRUPTED


@given(payload=st.text(BASE64 + ".:{}\n") | st.binary().map(b64) | st.binary().map(bytes.hex))
@example("e30")
def test_whatever_was_signed_raises_nothing(reader: Reader, payload: str) -> None:
    # Only a holder of the key can sign, but may have signed anything; "e30" is an empty dict, and
    # Hypothesis knows texts of other dicts from these tests.
    data, logged = reader.read(signed(payload))
    assert (data, logged) == CORRUPTED or not logged


@given(payload=st.binary() | st.binary().map(lambda raw: b'{"a":' + raw + b"}"))
@example(b"{}")
def test_whatever_was_signed_in_the_old_form_raises_nothing(reader: Reader, payload: bytes) -> None:
    data, logged = reader.read(legacy(payload))
    if _is_object(payload):
        assert not logged
    else:
        assert (data, logged) == CORRUPTED


def _is_object(payload: bytes) -> bool:
    try:
        return isinstance(json.loads(payload.decode("latin-1")), dict)
    except (ValueError, RecursionError):
        return False


# Pickles

#: what a pickle may hold, with what stands for Django's objects
SAFE = (
    *(type(None), bool, int, float, complex, str, bytes, bytearray, list, tuple, dict),
    *(set, frozenset, datetime, date, time, timedelta, tzinfo, Decimal, UUID, SafeUUID, Message),
)

called: list[object] = []


def boom(*arguments: object) -> object:
    """Be called by no pickle."""
    called.append(arguments)
    return arguments


def _global(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def _short_text(text: str) -> bytes:
    raw = text.encode()
    return b"\x8c" + bytes([len(raw)]) + raw


names = st.one_of(
    st.sampled_from(sorted(ALLOWED)).map(lambda name: _global(*name)),
    st.just(_global(__name__, boom.__name__)),
    st.just(_short_text(__name__) + _short_text(boom.__name__) + b"\x93"),
    st.sampled_from([b"cos\nmkdir\n", b"cbuiltins\ngetattr\n", b"\x82\x01"]),
)
atoms = st.one_of(
    st.sampled_from([b"N", b"\x88", b"\x89", b")", b"}", b"]", b"\x8f", b"G?\xf8\0\0\0\0\0\0"]),
    st.integers(-1000, 1000).map(lambda number: f"I{number}\n".encode()),
    st.sampled_from(["", "a", "level", "int", "latin1", "9.90"]).map(_short_text),
    st.binary(max_size=12).map(lambda raw: b"C" + bytes([len(raw)]) + raw),
    st.just(b"C\n\x07\xeb\x0c\x1c\x008\x07\x0b\x80\xba"),
)

#: pickles that are well formed: calls, objects and their state, collections
expressions = st.recursive(
    atoms | names,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: b"(" + b"".join(items) + b"t"),
        st.lists(inner, max_size=3).map(lambda items: b"(" + b"".join(items) + b"l"),
        st.lists(inner, max_size=3).map(lambda items: b"\x8f(" + b"".join(items) + b"\x90"),
        st.tuples(inner, inner).map(lambda item: b"}" + item[0] + item[1] + b"s"),
        st.tuples(
            names | inner,
            st.lists(inner, max_size=3),
            st.sampled_from([b"tR", b"t\x81", b"t}\x92", b"tR}b", b"tR)R"]),
        ).map(lambda call: call[0] + b"(" + b"".join(call[1]) + call[2]),
        st.tuples(names | inner, st.lists(inner, max_size=3)).map(
            lambda call: b"(" + call[0] + b"".join(call[1]) + b"o"
        ),
        st.tuples(inner, inner).map(lambda state: state[0] + state[1] + b"b"),
    ),
    max_leaves=8,
)
opcodes = st.one_of(
    atoms,
    names,
    st.sampled_from(
        [
            *(b"(", b"0", b"1", b"2", b"\x94", b"a", b"e", b"s", b"u", b"t", b"\x85", b"\x86"),
            *(b"\x87", b"d", b"l", b"\x90", b"\x91", b"R", b"b", b"\x81", b"\x92", b"o", b"\x93"),
            *(b"q\0", b"h\0", b"q\1", b"h\1", b"Q", b"ios\nmkdir\n"),
        ]
    ),
)
pickles = expressions | st.lists(opcodes, max_size=8).map(b"".join)


def assert_safe(value: Any, seen: set[int]) -> None:
    """Assert that neither *value* nor anything in it is outside the allow-list."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, type) or callable(value):
        assert value in ALLOWED.values()
        return
    assert isinstance(value, SAFE)
    inner: list[Any] = list(getattr(value, "__dict__", {}).values())
    if isinstance(value, dict):
        inner += [*value.keys(), *value.values()]
    elif isinstance(value, (list, tuple, set, frozenset)):
        inner += value
    for item in inner:
        assert_safe(item, seen)


def assert_nothing_else_is_built(payload: bytes) -> bool:
    """Assert it, and return whether the pickle could be read."""
    try:
        data = pickle_codec.decode(legacy(payload))
    except DecodeError:
        return False
    finally:
        assert not called
    assert_safe(data, set())
    return True


@pytest.mark.slow
@settings(max_examples=800)
@given(value=pickles)
def test_no_pickle_builds_what_is_not_on_the_allow_list(value: bytes) -> None:
    assert_nothing_else_is_built(b"\x80\x04}" + _short_text("a") + value + b"s.")


@settings(max_examples=200)
@given(payload=st.binary(max_size=60) | st.binary(max_size=60).map(b"\x80\x04}".__add__))
def test_no_bytes_build_what_is_not_on_the_allow_list(payload: bytes) -> None:
    assert_nothing_else_is_built(payload)


@pytest.mark.slow
@settings(max_examples=200)
@given(
    data=json_data,
    protocol=st.sampled_from([2, 4]),
    change=st.tuples(st.integers(0, 10**6), st.integers(0, 255)),
)
def test_no_changed_pickle_builds_what_is_not_on_the_allow_list(
    data: dict[str, Any], protocol: int, change: tuple[int, int]
) -> None:
    raw = bytearray(PickleSerializer(protocol).dumps(data))
    assert assert_nothing_else_is_built(bytes(raw))
    raw[change[0] % len(raw)] = change[1]
    assert_nothing_else_is_built(bytes(raw))


@given(data=json_data, protocol=st.sampled_from([2, 4]))
def test_any_data_goes_through_a_pickle(data: dict[str, Any], protocol: int) -> None:
    pickling = SessionCodec(SECRET_KEY, serializer=PickleSerializer(protocol))
    assert pickling.decode(pickling.encode(data, NOW)) == data


# Cookies


def key_of_flask(site: Site, header: str) -> str | None:
    """Return the key of the session that a request with this Cookie header has."""
    with site.app.test_request_context("/", environ_overrides={"HTTP_COOKIE": header}):
        key: str | None = flask.session.session_key  # type: ignore[attr-defined]
        return key if key and is_storable_key(key) else None


def key_of_django(header: str) -> str | None:
    """Return the key that Django's SessionMiddleware takes from a Cookie header."""
    environ = {"REQUEST_METHOD": "GET", "wsgi.input": io.BytesIO(), "HTTP_COOKIE": header}
    key: str | None = WSGIRequest(environ).COOKIES.get("sessionid")
    return key if key and is_storable_key(key) else None


@pytest.mark.slow
@given(header=headers)
def test_the_session_of_a_cookie_header_is_djangos(site: Site, header: str) -> None:
    assert key_of_flask(site, header) == key_of_django(header)


@given(text=st.text(st.characters(max_codepoint=255)), key=st.sampled_from(["abcd1234", ""]))
def test_so_it_is_whatever_bytes_the_header_has(site: Site, text: str, key: str) -> None:
    for header in (text, f"sessionid={key}{text}", f"{text}; sessionid={text}{key}"):
        assert key_of_flask(site, header) == key_of_django(header)


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("", None),
        ("sessionid", None),
        ("sessionid=", None),
        ("sessionid=abcd123", None),
        ("sessionid=abcd1234", "abcd1234"),
        ("sessionid=abcd1234; sessionid=efgh5678", "efgh5678"),
        ("sessionid=abcd1234; sessionid=", None),
        ('sessionid=abcd1234; sessionid=""', None),
        ("sessionid; sessionid=abcd1234", "abcd1234"),
        ("sessionid = abcd1234 ", "abcd1234"),
        ("sessionid=abcd1234;;;", "abcd1234"),
        ("sessionid==abcd1234", "=abcd1234"),
        ("sessionid=abcd1234, sessionid=efgh5678", None),
        ('sessionid="abcd1234"', "abcd1234"),
        ('sessionid="abcd\\0601234"', "abcd01234"),
        ('sessionid="abcd1234\\""', 'abcd1234"'),
        ("\xff\xfe=\x80; sessionid=abcd1234", "abcd1234"),
        ("a b=1; sessionid=abcd1234", "abcd1234"),
        ("sessionid=abcd1234; sessionid", "abcd1234"),
        ('sessionid=abcd1234; x="a;sessionid=efgh5678;"', "efgh5678"),
        ("sessionid=abcd1234;sessionid=a b", None),
        ('sessionid=abcd1234"', 'abcd1234"'),
        ('sessionid="abcd"1234"', 'abcd"1234'),
        ("sessionid=abcd1234\x0b", "abcd1234"),
        ("sessionid=abcd1234\xc2\xa0", "abcd1234"),
        ('a="; sessionid=abcd1234', "abcd1234"),
    ],
)
def test_an_odd_cookie_header_is_read_as_django_does(
    site: Site, header: str, key: str | None
) -> None:
    assert key_of_django(header) == key
    assert key_of_flask(site, header) == key
