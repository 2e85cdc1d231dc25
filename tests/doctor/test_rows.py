"""Rows that are of no use."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest

from flask_dj_session import SessionCodec
from flask_dj_session.doctor import Finding
from flask_dj_session.store import StoredRow
from flask_dj_session.wire import PickleSerializer

from .conftest import NOW, examine, notes, row_of, wrong

SIGNED = row_of(data={"text": "x" * 200}).session_data
LEGACY = row_of(algorithm="sha1").session_data


def corrupted(findings: list[Finding]) -> list[str]:
    return [text for text in wrong(findings) if "corrupted" in text]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(SIGNED[:-1], id="signature cut short"),
        pytest.param(SIGNED[20:], id="start cut off"),
        pytest.param(SIGNED[0] + "!" + SIGNED[2:], id="no base64 in it"),
        pytest.param(SIGNED.replace(":", "-"), id="no colons"),
        pytest.param("e30:" + SIGNED.partition(":")[2] + ":", id="a colon too many"),
        pytest.param("W10:" + SIGNED.partition(":")[2], id="a list"),
        pytest.param(LEGACY[:-3], id="old form cut short"),
        pytest.param(LEGACY[4:], id="old form without its start"),
        pytest.param(base64.b64encode(b"no session").decode(), id="only base64"),
        pytest.param("", id="empty"),
        pytest.param("žluťoučký", id="not ASCII"),
        pytest.param("ž:1xVIM1:" + "x" * 43, id="not ASCII, with colons"),
        pytest.param(None, id="null"),
        pytest.param(b"e30:1xVIM1:", id="bytes"),
        pytest.param(42, id="a number"),
    ],
)
def test_a_damaged_text_is_corrupted(rows: list[StoredRow], text: Any) -> None:
    damaged = StoredRow("damaged0123456789", text, NOW)
    (found,) = corrupted(examine([*rows, damaged]))
    assert found.endswith("(cut short, or not a session's text at all): damage….")


def test_a_verified_text_that_is_no_session_is_corrupted(rows: list[StoredRow]) -> None:
    class Other:
        def dumps(self, obj: Any) -> bytes:
            return b"[1]"

        def loads(self, data: bytes) -> Any:
            return {}

    assert corrupted(examine([*rows, row_of(serializer=Other)]))


def test_five_keys_of_corrupted_rows_are_told_and_shortened() -> None:
    rows = [StoredRow(f"key{number:03}-and-more", "?", NOW) for number in range(7)]
    (text,) = corrupted(examine(rows))
    assert text.startswith("7 rows are corrupted")
    assert text.endswith("key000…, key001…, key002…, key003…, key004… and 2 more.")


def test_a_whole_text_of_another_key_is_not_corrupted() -> None:
    other = SessionCodec("other", serializer=PickleSerializer).encode({"a": 1}, NOW)
    findings = examine([row_of(key="other"), StoredRow("k", other, NOW)])
    assert corrupted(findings) == []


def test_expired_rows_are_noted(rows: list[StoredRow]) -> None:
    assert notes(examine([*rows, row_of(ago=timedelta(days=15))])) == ["1 row has expired."]


def test_a_row_without_a_date_is_wrong(rows: list[StoredRow]) -> None:
    undated = rows[0]._replace(expire_date=None)
    (text,) = wrong(examine([*rows, undated]))
    assert text == "1 row has no date in 'expire_date': abcdef…."


def test_a_pickle_of_what_is_never_built_is_named(rows: list[StoredRow]) -> None:
    class Hostile:
        def dumps(self, obj: Any) -> bytes:
            return b"cos\nsystem\n(S'true'\ntR."

        def loads(self, data: bytes) -> Any:
            return {}

    (text,) = wrong(examine([*rows, row_of(serializer=Hostile)]))
    assert text == "1 row is a pickle of what is never built from a session: os.system."
