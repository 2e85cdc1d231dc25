"""Rows that are of no use."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from typing import Any

import pytest

from flask_dj_session import SessionCodec
from flask_dj_session.checks import Finding
from flask_dj_session.store import StoredRow, TooLong
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
        pytest.param({"a": 1}, id="a dict, of a column of JSON"),
    ],
)
def test_a_damaged_text_is_corrupted(rows: list[StoredRow], text: Any) -> None:
    damaged = StoredRow("damaged0123456789", text, NOW)
    (found,) = corrupted(examine([*rows, damaged]))
    assert found.endswith("(cut short, or not a session at all): damage….")


class Own:
    """Stands for a serializer of the project's own."""

    def __init__(self, payload: bytes = b"\x81\xa1n\x01") -> None:
        self.payload = payload

    def dumps(self, obj: Any) -> bytes:
        return self.payload

    def loads(self, data: bytes) -> Any:
        return {}


@pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
@pytest.mark.parametrize("payload", [b"[1]", b"\x81\xa1n\x01", b"", b"7", b"\x80\x04."])
def test_what_the_app_s_keys_signed_is_not_damaged(
    rows: list[StoredRow], payload: bytes, algorithm: str
) -> None:
    findings = examine([*rows, row_of(serializer=Own(payload), algorithm=algorithm)])
    assert corrupted(findings) == []
    (text,) = wrong(findings)
    assert text.startswith(
        "1 row was signed with this app's keys, and is neither JSON nor a pickle"
    )
    assert "leave the rows" in str(findings)
    assert "11 rows were signed with SECRET_KEY." in [each.text for each in findings]


def test_a_row_that_unpacks_to_too_much_is_not_damaged(
    rows: list[StoredRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    large = row_of(data={"text": "x" * 5000})._replace(session_key="large0123456789")
    monkeypatch.setattr("flask_dj_session.wire.codec.MAX_UNPACKED", 1000)
    findings = examine([*rows, large])
    (found,) = wrong(findings)
    assert "unpacks to more than 16 MiB, which Django reads and this app does not: large0…" in found
    assert "Leave the rows" in str(findings)
    (found,) = wrong(examine([*rows, large], SECRET_KEY="another", SECRET_KEY_FALLBACKS=[]))
    assert found.startswith("11 rows were signed with another key")


def test_a_row_that_was_not_fetched_is_noted(rows: list[StoredRow]) -> None:
    findings = examine([*rows, rows[0]._replace(session_data=TooLong(10**9))])
    assert wrong(findings) == []
    assert notes(findings) == ["1 row of more than 64 MiB left unread: abcdef…."]


def test_a_row_without_a_key_is_noted(rows: list[StoredRow]) -> None:
    keyless = rows[0]._replace(session_key=None)  # type: ignore[arg-type]
    assert notes(examine([*rows, keyless])) == [
        "1 row has no key, so no visitor can have such a session."
    ]


def test_no_advice_deletes_a_row(rows: list[StoredRow]) -> None:
    odd = [
        StoredRow("damaged0", "?", NOW + timedelta(days=1)),
        StoredRow("undated0", rows[0].session_data, None),
        row_of(serializer=Own()),
    ]
    findings = examine([*rows, *odd])
    assert len(wrong(findings)) == 3
    for finding in findings:
        assert not re.search(r"delete|remove|clear", finding.hint, re.IGNORECASE)


def test_a_table_full_of_another_form_is_hardly_damaged(rows: list[StoredRow]) -> None:
    odd = [StoredRow(f"odd{number}", "gAAAAABl…", NOW) for number in range(20)]
    (finding,) = (each for each in examine([*rows, *odd]) if each.level == "wrong")
    assert "So many rows are probably not damaged" in finding.hint


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
    assert text == "1 row is a pickle with names that are not on the allow-list: os.system."
