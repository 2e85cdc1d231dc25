"""The one door into the wire format."""

from __future__ import annotations

import base64
import json
import pickle
import random
import zlib
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_dj_session import SessionCodec as PublicCodec
from flask_dj_session.errors import (
    Base64Error,
    CompressionError,
    DecodeError,
    EncodeError,
    JSONError,
    PickleError,
    SignatureError,
)
from flask_dj_session.wire import (
    MAX_UNPACKED,
    SESSION_SALT,
    JSONSerializer,
    PickleSerializer,
    Reading,
    SessionCodec,
)
from flask_dj_session.wire.codec import packed_bytes, unpack
from flask_dj_session.wire.legacy import LegacySigner
from flask_dj_session.wire.signing import TimestampSigner
from flask_dj_session.wire.stand_ins import Message

KEY = "one key for both"
NOW = datetime(2026, 11, 23, 12, 30, 15, 123456, tzinfo=timezone.utc)
SECOND = NOW.replace(microsecond=0)

# what Django 5.2 wrote at NOW
COUNTER = "eyJudW1fdmlzaXRzIjoxfQ:1xVTBX:mnytV1DnfP4BLfwFH7qwgburFac4MKLgj7F6EYHL1WA"
EMPTY = "e30:1xVTBX:Nlh7o08RbDP8uQ1ZD_Hdo24L05498k6A-FP7QwlAToA"
COMPRESSED = ".eJyrVkpUslJKogAo1QIATcIZFA:1xVTBX:mDClDFL2nAWgeIczkQ1OquYeIPnCgSALaWqpfZZUeWc"
LEGACY = "MDgwOWJlMzA2OGNlODlhMTI1MjQ0ODdjN2U0OGY2YTRmNzk2NjY4Zjp7Im51bV92aXNpdHMiOjF9"

COURSE_ROWS = [
    "YThiZWRjMjQ1NzZhMzYzMTBhZjYxNWI2ZDgyODI1Y2ExODI2MTJjNzp7Im51bV92aXNpdHMiOjF9",
    "OWNkOGQxYjg4NzlkN2ZhOTc2NmU1ODY0NWMzZmQ4YjdhMzM4OTJhNjp7Im51bV92aXNpdHMiOjJ9",
]

codec = SessionCodec(KEY)


def signed(payload: str) -> str:
    """Sign what nobody but a holder of the key can."""
    return TimestampSigner([KEY], salt=SESSION_SALT).sign(payload, NOW)


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def legacy(payload: bytes) -> str:
    return LegacySigner([KEY], salt="django.contrib.sessionsSessionStore").sign(payload)


# Reading and writing


def test_the_codec_is_public() -> None:
    assert PublicCodec is SessionCodec


@pytest.mark.parametrize(
    ("data", "text"),
    [({"num_visits": 1}, COUNTER), ({}, EMPTY), ({"a": "b" * 60}, COMPRESSED)],
    ids=["counter", "empty", "compressed"],
)
def test_text_is_djangos_in_both_directions(data: dict[str, Any], text: str) -> None:
    assert codec.encode(data, NOW) == text
    assert codec.decode(text) == data


def test_the_old_form_is_djangos_in_both_directions() -> None:
    old = SessionCodec(KEY, algorithm="sha1")
    assert old.encode({"num_visits": 1}, NOW) == LEGACY
    assert old.decode(LEGACY) == {"num_visits": 1}


def test_both_forms_are_read_whichever_is_written() -> None:
    assert codec.decode(LEGACY) == {"num_visits": 1}
    assert SessionCodec(KEY, algorithm="sha1").decode(COUNTER) == {"num_visits": 1}


def test_a_reading_tells_how_a_text_was_signed_and_packed() -> None:
    payload = b'{"a":"' + b"b" * 60 + b'"}'
    assert codec.read(COUNTER) == Reading(
        {"num_visits": 1},
        "signed",
        0,
        "json",
        b'{"num_visits":1}',
        compressed=False,
        signed_at=SECOND,
    )
    assert codec.read(COMPRESSED) == Reading(
        {"a": "b" * 60}, "signed", 0, "json", payload, compressed=True, signed_at=SECOND
    )
    assert codec.read(LEGACY) == Reading(
        {"num_visits": 1}, "legacy", 0, "json", b'{"num_visits":1}'
    )


@pytest.mark.parametrize("text", [COUNTER, COMPRESSED, LEGACY])
def test_fallback_keys_are_tried_in_order_and_the_one_that_fits_is_told(text: str) -> None:
    assert SessionCodec("new", ["old", KEY, KEY]).read(text).key_index == 2
    assert SessionCodec("new", iter([KEY, "old"])).read(text).key_index == 1
    assert SessionCodec(KEY, ["old"]).read(text).key_index == 0


def test_the_current_key_writes() -> None:
    assert SessionCodec(KEY, ["old"]).encode({"num_visits": 1}, NOW) == COUNTER


def test_a_key_may_be_bytes() -> None:
    assert SessionCodec(KEY.encode()).encode({"num_visits": 1}, NOW) == COUNTER
    assert SessionCodec(b"new", [KEY.encode()]).read(LEGACY).key_index == 1


@pytest.mark.parametrize("text", [COUNTER, LEGACY])
def test_a_store_class_of_another_name_has_a_salt_of_its_own(text: str) -> None:
    other = SessionCodec(KEY, salt="django.contrib.sessions.MyStore")
    with pytest.raises(SignatureError):
        other.decode(text)
    assert other.decode(other.encode({"a": 1}, NOW)) == {"a": 1}


def test_the_old_salt_has_the_name_of_the_class_only() -> None:
    # Django 3.0, sessions/backends/base.py: _hash
    other = SessionCodec(KEY, salt="django.contrib.sessions.Outer.MyStore", algorithm="sha1")
    text = LegacySigner([KEY], salt="django.contrib.sessionsMyStore").sign(b"{}")
    assert other.encode({}, NOW) == text


@pytest.mark.parametrize("course_row", COURSE_ROWS)
def test_a_row_of_the_course_is_refused_without_its_key(course_row: str) -> None:
    with pytest.raises(SignatureError):
        codec.decode(course_row)


# Compression


@pytest.mark.parametrize("length", range(0, 60, 3))
def test_a_payload_is_compressed_where_that_saves_more_than_a_byte(length: int) -> None:
    payload = json.dumps({"a": "b" * length}, separators=(",", ":")).encode()
    text = codec.encode({"a": "b" * length}, NOW)
    packed = zlib.compress(payload)
    assert text.startswith(".") is (len(packed) < len(payload) - 1)
    assert codec.read(text).payload == payload


class _AsItIs:
    """Keeps a text that has been serialized already."""

    def dumps(self, obj: dict[str, Any]) -> bytes:
        return str(obj["text"]).encode("latin-1")

    def loads(self, data: bytes) -> Any:
        return {"text": data.decode("latin-1")}


@given(
    st.text(st.characters(max_codepoint=255), max_size=130)
    | st.text("ab{", max_size=130)
    | st.lists(st.sampled_from(["abc", "abcd", ":", '","', "x"]), max_size=60).map("".join)
)
def test_short_payloads_too_are_compressed_where_zlib_would(text: str) -> None:
    payload = text.encode("latin-1")
    packed = zlib.compress(payload)
    written = SessionCodec(KEY, serializer=_AsItIs).encode({"text": text}, NOW)
    is_packed = len(packed) < len(payload) - 1
    assert written.startswith(".") is is_packed
    assert packed_bytes(written.partition(":")[0]) == (packed if is_packed else payload)


def test_what_is_alike_far_apart_in_a_long_payload_is_compressed_as_zlib_does() -> None:
    noise = random.Random(1).randbytes(600).decode("latin-1")
    written = SessionCodec(KEY, serializer=_AsItIs).encode({"text": noise + noise}, NOW)
    assert packed_bytes(written.partition(":")[0]) == zlib.compress((noise * 2).encode("latin-1"))


def test_a_zlib_bomb_is_cut_off_at_the_limit() -> None:
    bomb = zlib.compress(b" " * MAX_UNPACKED + b"{}")
    assert len(bomb) < 20_000
    with pytest.raises(CompressionError, match=str(MAX_UNPACKED)):
        codec.decode(signed("." + b64(bomb)))


def test_what_would_not_be_read_again_is_not_written() -> None:
    with pytest.raises(EncodeError) as caught:
        codec.encode({"a": "b" * (MAX_UNPACKED - 7)}, NOW)
    assert caught.value.path == ""
    assert str(caught.value) == (
        f"The session data takes {MAX_UNPACKED + 1} bytes; the limit is {MAX_UNPACKED}"
    )


def test_data_of_just_the_limit_is_written_and_read() -> None:
    data = {"a": "b" * (MAX_UNPACKED - 8)}
    assert codec.decode(codec.encode(data, NOW)) == data


# What is refused


PACKED = zlib.compress(b'{"num_visits":1}')


@pytest.mark.parametrize(
    ("text", "error"),
    [
        pytest.param("", SignatureError, id="empty"),
        pytest.param(":", SignatureError, id="colon"),
        pytest.param("::", SignatureError, id="colons"),
        pytest.param(COUNTER + "=", SignatureError, id="padded signature"),
        pytest.param(COUNTER + "\n", SignatureError, id="line end behind the signature"),
        pytest.param("." + COUNTER, SignatureError, id="compressed by name only"),
        pytest.param(COMPRESSED[1:], SignatureError, id="no longer compressed"),
        pytest.param(COUNTER.replace(":", "", 1), SignatureError, id="one colon left out"),
        pytest.param(COUNTER.replace(":", ""), Base64Error, id="all colons left out"),
        pytest.param("é" + COUNTER, SignatureError, id="not ASCII"),
        pytest.param("é" + LEGACY, Base64Error, id="not ASCII, old form"),
        pytest.param(LEGACY[:-1], Base64Error, id="cut off, old form"),
        pytest.param(signed("A"), Base64Error, id="signed, one character"),
        pytest.param(signed(".A"), Base64Error, id="signed, one compressed character"),
        pytest.param(signed(""), JSONError, id="signed, empty"),
        pytest.param(signed("."), CompressionError, id="signed, empty, compressed"),
        pytest.param(signed("." + b64(b"{}")), CompressionError, id="no zlib data"),
        pytest.param(signed("." + b64(PACKED[:-1])), CompressionError, id="zlib without its end"),
        pytest.param(signed("." + b64(PACKED[:9])), CompressionError, id="zlib cut in half"),
        pytest.param(
            signed("." + b64(PACKED[:-1] + b"\0")), CompressionError, id="wrong zlib checksum"
        ),
        pytest.param(signed(b64(PACKED)), JSONError, id="zlib without its mark"),
        pytest.param(signed(b64(b"num_visits=1")), JSONError, id="no JSON"),
        pytest.param(signed(b64(b"[1]")), JSONError, id="list"),
        pytest.param(signed(b64(b'"text"')), JSONError, id="string"),
        pytest.param(signed(b64(b"1")), JSONError, id="number"),
        pytest.param(signed(b64(b"null")), JSONError, id="null"),
        pytest.param(legacy(b"null"), JSONError, id="null, old form"),
        pytest.param(legacy(b""), JSONError, id="empty, old form"),
        pytest.param(legacy(PACKED), JSONError, id="zlib, old form"),
        pytest.param(signed(b64(pickle.dumps({}))), JSONError, id="pickle"),
        pytest.param(legacy(pickle.dumps({}, 2)), JSONError, id="pickle, old form"),
    ],
)
def test_what_cannot_be_read_is_refused_at_the_step_that_failed(
    text: str, error: type[DecodeError]
) -> None:
    with pytest.raises(DecodeError) as caught:
        codec.decode(text)
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("packed", "reason"),
    [
        (b"no zlib data", "is not zlib data"),
        (zlib.compress(b"{}")[:-1], "is zlib data that ends too early"),
        (zlib.compress(bytes(101)), "unpacks to more than 100 bytes"),
    ],
)
def test_the_reason_why_a_payload_cannot_be_unpacked_is_told(packed: bytes, reason: str) -> None:
    with pytest.raises(CompressionError, match=reason):
        unpack("." + b64(packed), at_most=100)


def test_a_payload_of_just_the_limit_is_unpacked() -> None:
    assert unpack("." + b64(zlib.compress(bytes(100))), at_most=100) == (bytes(100), True)


def test_no_message_tells_the_key_the_text_or_the_data() -> None:
    for text in (COUNTER + "=", signed(b64(b"hunter2")), legacy(b"hunter2"), "." + COUNTER):
        with pytest.raises(DecodeError) as caught:
            codec.decode(text)
        for secret in (KEY, "hunter2", text, text.rpartition(":")[2]):
            assert secret not in str(caught.value)


def test_a_reading_does_not_show_the_data() -> None:
    for text in (COUNTER, LEGACY):
        assert "num_visits" not in repr(codec.read(text))


def test_an_encode_error_names_the_value() -> None:
    with pytest.raises(EncodeError) as caught:
        codec.encode({"cart": {"items": [1, 2, {"price": Decimal("9.90")}]}}, NOW)
    assert str(caught.value).startswith("cart.items[2].price is a Decimal")


# Serializers


def test_pickles_are_read_and_written_where_the_serializer_asks_for_them() -> None:
    pickling = SessionCodec(KEY, serializer=PickleSerializer)
    data = {"num_visits": 1, "m": Message(25, "Saved"), "t": (1, b"\xff")}
    text = pickling.encode(data, NOW)
    assert pickling.decode(text) == data
    assert pickling.read(text).serializer == "pickle"
    assert pickling.decode(legacy(pickle.dumps({"a": 1}, 2))) == {"a": 1}


def test_pickles_are_read_nowhere_else() -> None:
    text = SessionCodec(KEY, serializer=PickleSerializer).encode({"a": 1}, NOW)
    with pytest.raises(JSONError):
        codec.decode(text)
    with pytest.raises(JSONError):
        codec.decode(legacy(pickle.dumps({"a": 1}, 2)))


@pytest.mark.parametrize("text", [COUNTER, LEGACY])
def test_json_is_not_read_where_pickles_are_asked_for(text: str) -> None:
    with pytest.raises(PickleError):
        SessionCodec(KEY, serializer=PickleSerializer()).decode(text)


@pytest.mark.parametrize("form", ["signed", "legacy"])
def test_a_pickle_is_refused_under_both_forms_with_its_name(form: str) -> None:
    payload = b"cos\nsystem\n(S'exit 1'\ntR."
    text = signed(b64(payload)) if form == "signed" else legacy(payload)
    with pytest.raises(PickleError) as caught:
        SessionCodec(KEY, serializer=PickleSerializer).decode(text)
    assert caught.value.global_name == "os.system"


def test_a_pickle_is_not_even_looked_at_without_a_signature() -> None:
    pickling = SessionCodec("another key", serializer=PickleSerializer)
    with pytest.raises(SignatureError):
        pickling.decode(legacy(b"cos\nsystem\n(S'exit 1'\ntR."))


def test_a_pickle_of_no_dict_is_refused() -> None:
    with pytest.raises(DecodeError):
        SessionCodec(KEY, serializer=PickleSerializer).decode(legacy(pickle.dumps([1], 2)))


class Query:
    """A serializer of one's own."""

    def dumps(self, obj: Any) -> bytes:
        return "&".join(f"{key}={value}" for key, value in obj.items()).encode()

    def loads(self, data: bytes) -> Any:
        return dict(item.split("=") for item in data.decode().split("&"))


def test_a_serializer_of_ones_own_is_used_and_named() -> None:
    own = SessionCodec(KEY, serializer=Query)
    text = own.encode({"a": "1", "b": "2"}, NOW)
    reading = own.read(text)
    assert reading.data == {"a": "1", "b": "2"}
    assert reading.payload == b"a=1&b=2"
    assert reading.serializer == "Query"


def test_what_a_serializer_of_ones_own_raises_is_a_decode_error() -> None:
    with pytest.raises(DecodeError) as caught:
        SessionCodec(KEY, serializer=Query()).decode(COUNTER)
    assert caught.value.reason == "format"
    assert isinstance(caught.value.__cause__, ValueError)


def test_a_serializer_is_a_class_or_an_object() -> None:
    for serializer in (JSONSerializer, JSONSerializer()):
        assert SessionCodec(KEY, serializer=serializer).encode({}, NOW) == EMPTY


def test_what_is_shown_of_a_reading_is_none_of_its_data() -> None:
    codec = SessionCodec("secret")
    reading = codec.read(codec.encode({"card": "1234"}, NOW))
    assert reading.payload == b'{"card":"1234"}'
    assert "card" not in repr(reading)
    assert "1234" not in repr(reading)
