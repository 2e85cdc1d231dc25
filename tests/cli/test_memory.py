"""What the commands hold in memory at a time, on a table of long rows."""

from __future__ import annotations

import tracemalloc

import pytest
import sqlalchemy as sa

from flask_dj_session.store import queries
from flask_dj_session.wire import SessionCodec

from ..conftest import NOW, Site
from ..live_django import SECRET_KEY
from .conftest import Run

_ROW = 100_000
_ROWS = 60


@pytest.fixture
def long_rows(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Store 6 MB in sixty rows, of which 200 kB may come at a time."""
    monkeypatch.setattr(queries, "BYTES_AT_A_TIME", 2 * _ROW)
    # JSON of one number takes no more memory than its text.
    text = SessionCodec(SECRET_KEY).encode({"n": 1}, NOW)
    rows = [
        {"key": f"{number:032}", "data": text + "x" * _ROW, "date": "2027-01-01 00:00:00"}
        for number in range(_ROWS)
    ]
    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO django_session VALUES (:key, :data, :date)"), rows)


@pytest.mark.slow
@pytest.mark.usefixtures("long_rows")
@pytest.mark.parametrize(
    "command", ["list", "list --json", "list --user 7", "check", "revoke --user 7"]
)
def test_a_command_holds_a_few_rows_at_a_time(run: Run, command: str) -> None:
    run("sessions", *command.split(), "--help")  # what is made once is no matter
    tracemalloc.start()
    try:
        result = run("sessions", *command.split())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(result.exception, (SystemExit, type(None)))
    assert peak < 20 * _ROW  # a text is there several times while it is read
