"""What is told of a row, whatever a holder of the key has signed."""

from __future__ import annotations

from typing import Any

import pytest

from flask_dj_session.presentation.formatting import printable
from flask_dj_session.presentation.read_rows import read
from flask_dj_session.store import StoredRow
from flask_dj_session.wire import PickleSerializer, SessionCodec

from ..conftest import NOW

_codec = SessionCodec("secret", serializer=PickleSerializer)


@pytest.mark.parametrize(
    ("user_id", "told"),
    [(None, None), ("7", "7"), (7, "7"), (10**5000, "<int>"), ([10**5000], "<list>"), ("", "")],
    ids=["nobody", "text", "number", "too many digits", "too many in a list", "empty"],
)
def test_the_user_of_a_row_is_told_as_text(user_id: Any, told: str | None) -> None:
    text = _codec.encode({"_auth_user_id": user_id}, NOW)
    row = read(StoredRow("aaaaaaaa", text, NOW), _codec)
    assert row.user_id == told
    assert row.facts(NOW)["user_id"] == told


def test_what_has_no_text_is_printed_by_its_class() -> None:
    assert printable(10**5000) == "<int>"
