"""The form of before Django 3.1."""

from __future__ import annotations

import base64

import pytest

from flask_dj_session.errors import Base64Error, DecodeError, SignatureError
from flask_dj_session.wire.legacy import LegacySigner, LegacyUnsigned

SALT = "django.contrib.sessionsSessionStore"

# what Django writes with SECRET_KEY "one key for both" and DEFAULT_HASHING_ALGORITHM "sha1"
DIGEST = "0809be3068ce89a12524487c7e48f6a4f796668f"
SIGNED = "MDgwOWJlMzA2OGNlODlhMTI1MjQ0ODdjN2U0OGY2YTRmNzk2NjY4Zjp7Im51bV92aXNpdHMiOjF9"

# the rows of the course notes, whose key nobody knows
COURSE_ROWS = [
    (
        "YThiZWRjMjQ1NzZhMzYzMTBhZjYxNWI2ZDgyODI1Y2ExODI2MTJjNzp7Im51bV92aXNpdHMiOjF9",
        b'a8bedc24576a36310af615b6d82825ca182612c7:{"num_visits":1}',
    ),
    (
        "OWNkOGQxYjg4NzlkN2ZhOTc2NmU1ODY0NWMzZmQ4YjdhMzM4OTJhNjp7Im51bV92aXNpdHMiOjJ9",
        b'9cd8d1b8879d7fa9766e58645c3fd8b7a33892a6:{"num_visits":2}',
    ),
]


def signer(*keys: str | bytes) -> LegacySigner:
    return LegacySigner(keys or ["one key for both"], salt=SALT)


def test_the_first_key_signs() -> None:
    several = signer("one key for both", "old", "older")
    assert several.sign(b'{"num_visits":1}') == SIGNED
    assert several.unsign(signer("older").sign(b"{}")).key_index == 2


def raw(text: str) -> str:
    return base64.b64encode(text.encode("latin-1")).decode("ascii")


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("one key for both", SIGNED),
        (b"one key for both", SIGNED),
        (
            "klíč-ŝ€",
            "Y2QwZDc0ODk5MzFkMjE4YWMzODgyMWZiNDE4YzA3ZGExY2FmNzU3Mzp7Im51bV92aXNpdHMiOjF9",
        ),
        (
            b"\xff\x00bytes",
            "MTliZjQ4NzQwNTU0NTk4NzZlNDUyNGJjZmExNDlmYjk3NmQzMjg2MDp7Im51bV92aXNpdHMiOjF9",
        ),
    ],
    ids=["str", "bytes", "not ASCII", "not UTF-8"],
)
def test_signed_text_is_djangos_in_both_directions(key: str | bytes, text: str) -> None:
    assert signer(key).sign(b'{"num_visits":1}') == text
    assert signer(key).unsign(text) == LegacyUnsigned(b'{"num_visits":1}', 0)


@pytest.mark.parametrize(("text", "content"), COURSE_ROWS)
def test_a_row_of_the_course_has_this_form_and_is_refused_without_its_key(
    text: str, content: bytes
) -> None:
    assert base64.b64decode(text) == content
    with pytest.raises(SignatureError):
        signer().unsign(text)


@pytest.mark.parametrize(
    ("key", "text", "payload"),
    [
        (
            "golden-secret-1.6.11-ŝ€",
            (
                "NzljNzExOWM2NGZhZmU0NzE2OTg1YzdiNmM2M2I5MTk5ZDcxNjc5OTqAAn1xAVgKAAAAbnVtX3Zpc2l0"
                "c3ECSwFzLg=="
            ),
            b"\x80\x02}q\x01X\n\x00\x00\x00num_visitsq\x02K\x01s.",
        ),
        (
            "golden-secret-1.4.22",
            (
                "M2MwYTQ0NjAwMTRlMGM4Y2I0NmY5NWQ2NjYyNjNmNjY2NGU5MzI3YzqAAn1xAShYAQAAAGFLAVUP\n"
                "X3Nlc3Npb25fZXhwaXJ5cQJKgDPhAXUu\n"
            ),
            b"\x80\x02}q\x01(X\x01\x00\x00\x00aK\x01U\x0f_session_expiryq\x02J\x803\xe1\x01u.",
        ),
        (
            "golden-secret-2.0.13-ŝ€",
            (
                "Y2E2OGZmZTIwNGYyYjllODFiMTYwODQ1NmJlN2I1MDM2ZjNlNzUwODp7ImEiOjEsIl9zZXNzaW9uX2V4"
                "cGlyeSI6MzE1MzYwMDB9"
            ),
            b'{"a":1,"_session_expiry":31536000}',
        ),
    ],
    ids=["Django 1.6", "Django 1.4 with line ends", "Django 2.0"],
)
def test_rows_of_old_djangos_are_read(key: str, text: str, payload: bytes) -> None:
    assert signer(key).unsign(text) == LegacyUnsigned(payload, 0)


def test_line_ends_anywhere_are_no_matter() -> None:
    broken = "\n".join(SIGNED[at : at + 5] for at in range(0, len(SIGNED), 5))
    assert signer().unsign(broken + "\r\n").payload == b'{"num_visits":1}'


def test_a_payload_may_hold_colons_and_any_bytes() -> None:
    payload = bytes(range(256)) + b":::"
    assert signer().unsign(signer().sign(payload)).payload == payload


def test_it_is_written_on_one_line() -> None:
    assert "\n" not in signer().sign(b"x" * 1000)


def test_fallback_keys_are_tried_in_order_and_the_one_that_fits_is_told() -> None:
    assert signer("new", "old", "one key for both").unsign(SIGNED).key_index == 2
    assert signer("new", "one key for both", "one key for both").unsign(SIGNED).key_index == 1


def test_the_salt_sets_signatures_apart() -> None:
    with pytest.raises(SignatureError):
        LegacySigner(["one key for both"], salt="other").unsign(SIGNED)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        pytest.param("", SignatureError, id="empty"),
        pytest.param("A", Base64Error, id="one character"),
        pytest.param(SIGNED[:-3], Base64Error, id="cut off"),
        pytest.param(SIGNED[:-1] + "é", Base64Error, id="Latin-1"),
        pytest.param(SIGNED[:-1] + "\ud800", Base64Error, id="surrogate"),
        pytest.param(SIGNED[:-4], SignatureError, id="shorter by four characters"),
        pytest.param("AAAA" + SIGNED, SignatureError, id="longer"),
        pytest.param(SIGNED.swapcase(), SignatureError, id="other case"),
        pytest.param(raw("no colon"), SignatureError, id="no colon"),
        pytest.param(raw(":"), SignatureError, id="colon alone"),
        pytest.param(raw(':{"num_visits":1}'), SignatureError, id="no digest"),
        pytest.param(raw(DIGEST + ':{"num_visits":2}'), SignatureError, id="other payload"),
        pytest.param(raw(DIGEST + ":"), SignatureError, id="no payload"),
        pytest.param(raw(DIGEST.upper() + ':{"num_visits":1}'), SignatureError, id="capitals"),
        pytest.param(raw(DIGEST[:-1] + ':{"num_visits":1}'), SignatureError, id="digest cut"),
        pytest.param(raw("é" * 40 + ':{"num_visits":1}'), SignatureError, id="digest not ASCII"),
    ],
)
def test_a_text_that_was_tampered_with_is_refused(text: str, error: type[DecodeError]) -> None:
    with pytest.raises(error):
        signer().unsign(text)
