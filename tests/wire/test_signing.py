"""Django's timestamped signature."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta, timezone

import pytest
from django.core.signing import TimestampSigner as DjangosSigner
from itsdangerous import Signer

from flask_dj_session.errors import SignatureError
from flask_dj_session.wire.signing import (
    TimestampSigner,
    Unsigned,
    base62_decode,
    base62_encode,
    read_time,
)

from .. import live_django  # noqa: F401 - begins a Django

SALT = "django.contrib.sessions.SessionStore"
NOW = datetime(2026, 11, 23, 12, 30, 15, 123456, tzinfo=timezone.utc)

# what Django 5.2 wrote at NOW with SECRET_KEY "one key for both"
PAYLOAD = "eyJudW1fdmlzaXRzIjoxfQ"
SIGNED = PAYLOAD + ":1xVTBX:mnytV1DnfP4BLfwFH7qwgburFac4MKLgj7F6EYHL1WA"


THEIRS = Signer(
    "one key for both",
    SALT,
    sep=":",
    key_derivation="django-concat",
    digest_method=hashlib.sha256,
)


def signer(*keys: str | bytes) -> TimestampSigner:
    return TimestampSigner(keys or ["one key for both"], salt=SALT)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (9, "9"),
        (10, "A"),
        (35, "Z"),
        (36, "a"),
        (61, "z"),
        (62, "10"),
        (3843, "zz"),
        (3844, "100"),
        (1795395381, "1xVIM1"),
        (10**12, "HbXm5a4"),
        (-1, "-1"),
        (-62, "-10"),
    ],
)
def test_base62_is_djangos_in_both_directions(number: int, text: str) -> None:
    assert base62_encode(number) == text
    assert base62_decode(text) == number


@pytest.mark.parametrize("text", ["1xV!", "1 0", "é", "1-0", "--1"])
def test_what_is_no_base62_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no digit"):
        base62_decode(text)


def test_zeros_before_the_time_change_nothing() -> None:
    assert read_time("0" * 20 + "1xVTBX") == NOW.replace(microsecond=0)


def test_a_time_of_a_million_digits_is_none_at_once() -> None:
    with pytest.raises(SignatureError, match="no time of signing"):
        read_time("z" * 10**6)


@pytest.mark.parametrize(
    ("key", "signature"),
    [
        ("one key for both", "mnytV1DnfP4BLfwFH7qwgburFac4MKLgj7F6EYHL1WA"),
        (b"one key for both", "mnytV1DnfP4BLfwFH7qwgburFac4MKLgj7F6EYHL1WA"),
        ("klíč-ŝ€", "Jaj2OIQmEquVlNXSexJNLVSYHd8GZU95gSY2AuN6ACw"),
        ("klíč-ŝ€".encode(), "Jaj2OIQmEquVlNXSexJNLVSYHd8GZU95gSY2AuN6ACw"),
        (b"\xff\x00bytes", "zYrqBDUSq9dIs6_pjaXbCd_K5HF_QZulcniUe0t4APw"),
    ],
)
def test_signatures_are_those_of_django_5_2(key: str | bytes, signature: str) -> None:
    assert signer(key).sign(PAYLOAD, NOW) == f"{PAYLOAD}:1xVTBX:{signature}"


def test_unsign_tells_payload_time_and_key() -> None:
    assert signer().unsign(SIGNED) == Unsigned(PAYLOAD, NOW.replace(microsecond=0), 0)


def test_the_second_is_that_of_the_moment_whatever_its_zone() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=-6)))
    assert signer().sign(PAYLOAD, there) == SIGNED


def test_a_payload_may_hold_colons() -> None:
    text = signer().sign("a:b:c", NOW)
    assert signer().unsign(text).payload == "a:b:c"


def test_fallback_keys_are_tried_in_order_and_the_one_that_fits_is_told() -> None:
    assert signer("new", "old", "one key for both").unsign(SIGNED).key_index == 2
    assert signer("new", "one key for both", "one key for both").unsign(SIGNED).key_index == 1


def test_the_first_key_signs() -> None:
    assert signer("one key for both", "old").sign(PAYLOAD, NOW) == SIGNED


def test_the_salt_sets_signatures_apart() -> None:
    other = TimestampSigner(["one key for both"], salt="django.contrib.sessions.OtherStore")
    with pytest.raises(SignatureError):
        other.unsign(SIGNED)


@pytest.mark.parametrize("salt", ["", "a", "django.core.signing.TimestampSigner", "a:b", "ŝ"])
def test_any_salt_means_what_it_does_in_django(salt: str) -> None:
    theirs = DjangosSigner(key="one key for both", salt=salt).sign(PAYLOAD)
    assert TimestampSigner(["one key for both"], salt=salt).unsign(theirs).payload == PAYLOAD


@pytest.mark.parametrize("microsecond", [0, 499_999, 500_000, 999_999])
def test_the_second_that_has_begun_is_signed(microsecond: int) -> None:
    assert signer().sign(PAYLOAD, NOW.replace(microsecond=microsecond)) == SIGNED


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(":", id="one colon"),
        pytest.param("::", id="two colons"),
        pytest.param("eyJudW1fdmlzaXRzIjoxfQ", id="payload alone"),
        pytest.param(SIGNED.rpartition(":")[0], id="no signature"),
        pytest.param(SIGNED.rpartition(":")[0] + ":", id="empty signature"),
        pytest.param(SIGNED[:-1], id="signature one shorter"),
        pytest.param(SIGNED + "A", id="signature one longer"),
        pytest.param(SIGNED[:-1] + "B", id="other spare bits in the last character"),
        pytest.param(SIGNED + "=", id="padding"),
        pytest.param(SIGNED + "\n", id="line end"),
        pytest.param(" " + SIGNED, id="space"),
        pytest.param(SIGNED.replace("1xVTBX", "1xVTBY"), id="other time"),
        pytest.param(SIGNED.replace("1xVTBX", ""), id="no time"),
        pytest.param(SIGNED.replace("eyJ", "eyK"), id="other payload"),
        pytest.param(SIGNED.replace(":1xVTBX:", ":"), id="time left out"),
        pytest.param(SIGNED.swapcase(), id="other case"),
        pytest.param(SIGNED.replace("e", "\u0435", 1), id="Cyrillic letter in the payload"),
        pytest.param(SIGNED[:-1] + "\u0430", id="Cyrillic letter in the signature"),
        pytest.param("\ud800" + SIGNED, id="surrogate"),
    ],
)
def test_a_text_that_was_tampered_with_is_refused(text: str) -> None:
    with pytest.raises(SignatureError) as caught:
        signer().unsign(text)
    assert caught.value.reason == "signature"


def test_a_text_with_no_colon_is_said_to_have_no_signature() -> None:
    with pytest.raises(SignatureError, match="has no signature"):
        signer().unsign("eyJudW1fdmlzaXRzIjoxfQ")


def test_padding_is_refused_though_itsdangerous_would_take_it() -> None:
    assert THEIRS.unsign(SIGNED + "=") == f"{PAYLOAD}:1xVTBX".encode()
    with pytest.raises(SignatureError):
        signer().unsign(SIGNED + "=")


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(f"{PAYLOAD}:1xV!BX", id="no base62"),
        pytest.param(f"{PAYLOAD}:zzzzzzzzzzzz", id="a year of many digits"),
        pytest.param(PAYLOAD, id="a payload alone"),
    ],
)
def test_a_signed_text_without_a_time_is_refused(value: str) -> None:
    with pytest.raises(SignatureError):
        signer().unsign(THEIRS.sign(value).decode("ascii"))


def test_no_message_tells_the_key_or_the_text() -> None:
    with pytest.raises(SignatureError) as caught:
        signer("a secret").unsign(SIGNED)
    assert "a secret" not in str(caught.value)
    assert PAYLOAD not in str(caught.value)
