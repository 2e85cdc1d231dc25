"""Rows as Django would write them, and an examination of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from flask_dj_session import SessionCodec
from flask_dj_session.checks import Examination, Finding
from flask_dj_session.settings import prepare
from flask_dj_session.store import StoredRow

NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
AGE = timedelta(days=14)


def row_of(
    *,
    key: str = "the key",
    ago: timedelta = timedelta(),
    off: timedelta = timedelta(),
    data: dict[str, Any] | None = None,
    **codec: Any,
) -> StoredRow:
    """Make a row that was written *ago*, and whose date is *off*."""
    written = NOW - ago
    text = SessionCodec(key, **codec).encode({"num_visits": 1} if data is None else data, written)
    return StoredRow("abcdef0123456789", text, written + AGE + off)


def examine(rows: Iterable[StoredRow], **config: Any) -> list[Finding]:
    """Let the doctor see *rows* in the light of settings."""
    examination = Examination(prepare({"SECRET_KEY": "the key", **config}, {}), now=NOW)
    examination.add(rows)
    return examination.findings()


def wrong(findings: Iterable[Finding]) -> list[str]:
    """List what is wrong."""
    return [finding.text for finding in findings if finding.level == "wrong"]


def notes(findings: Iterable[Finding]) -> list[str]:
    """List what is noted."""
    return [finding.text for finding in findings if finding.level == "note"]


@pytest.fixture
def rows() -> list[StoredRow]:
    """Return ten healthy rows, an hour apart."""
    return [row_of(ago=timedelta(hours=hour)) for hour in range(10)]
