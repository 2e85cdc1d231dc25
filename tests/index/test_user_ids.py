"""What stands in the index for a user; it is stored, so it stays as it is."""

from __future__ import annotations

import hashlib

from flask_dj_session.index import user_ids


def test_what_stands_for_rows_that_nobody_can_read_stays_the_same() -> None:
    assert user_ids.unreadable(("key",)) == user_ids.unreadable((b"key",)) == "?53e89719"


def test_an_id_that_no_column_holds_as_it_is_is_named_by_its_digest() -> None:
    digest = "sha256:" + hashlib.sha256("Žofie".encode()).hexdigest()
    assert user_ids.written("Žofie") == digest
    assert user_ids.written("x" * 80) == "x" * 80
    assert user_ids.written("x" * 81).startswith("sha256:")
    assert user_ids.written("?7").startswith("sha256:")


def test_whatever_reads_a_row_is_told_apart() -> None:
    ways = [(), ("salt", "json"), ("salt", "pickle"), ("other salt", "json")]
    assert len({user_ids.unreadable(("key",), by=way) for way in ways}) == len(ways)
