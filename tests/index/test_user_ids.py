"""What stands in the index for a user; it is stored, so it stays as it is."""

from __future__ import annotations

from flask_dj_session.index import user_ids


def test_what_stands_for_rows_that_nobody_can_read_stays_the_same() -> None:
    assert user_ids.unreadable(("key",)) == user_ids.unreadable((b"key",)) == "?53e89719"


def test_whatever_reads_a_row_is_told_apart() -> None:
    ways = [(), ("salt", "json"), ("salt", "pickle"), ("other salt", "json")]
    assert len({user_ids.unreadable(("key",), by=way) for way in ways}) == len(ways)
