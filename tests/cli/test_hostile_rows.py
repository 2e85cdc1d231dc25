"""Rows that no Django wrote: no command fails on them, and no terminal obeys them."""

from __future__ import annotations

import unicodedata

import pytest
import sqlalchemy as sa

from flask_dj_session.wire import SessionCodec

from ..conftest import NOW, Site
from ..live_django import SECRET_KEY
from .conftest import Run

_ESCAPES = "\x1b[2J\x9b31m\x07\r\n\u202e"  # clears, colours, rings, and turns the line round
_HOSTILE_KEY = f"aaaaaa{_ESCAPES}"
_HOSTILE_DATA = SessionCodec(SECRET_KEY).encode(
    {"_auth_user_id": _ESCAPES, _ESCAPES: [_ESCAPES]}, NOW
)

_COMMANDS = [
    ("list",),
    ("list", "--full"),
    ("list", "--json"),
    ("list", "--full", "--json"),
    ("list", "--expired"),
    ("show", "aaaaaa"),
    ("show", "aaaaaa", "--json"),
    ("show", f"bbbbbb{_ESCAPES}"),
    ("decode", _HOSTILE_DATA),
    ("decode", _HOSTILE_DATA, "--json"),
    ("decode", f"{_ESCAPES}:{_ESCAPES}:{_ESCAPES}", "--unverified"),
    ("check",),
    ("check", "--json"),
    ("revoke", "--user", _ESCAPES),
    ("revoke", f"bbbbbb{_ESCAPES}"),
]


def _insert(site: Site, key: str, data: object, date: object) -> None:
    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO django_session VALUES (:key, :data, :date)"),
            {"key": key, "data": data, "date": date},
        )


@pytest.mark.parametrize("command", _COMMANDS, ids=" ".join)
def test_no_terminal_obeys_what_a_command_writes(
    run: Run, site: Site, command: tuple[str, ...]
) -> None:
    _insert(site, _HOSTILE_KEY, _HOSTILE_DATA, _ESCAPES)
    output = run("sessions", *command).output
    kinds = {unicodedata.category(char) for char in output.replace("\n", "")}
    assert output
    assert not kinds & {"Cc", "Cf", "Cs"}


@pytest.mark.parametrize("command", ["list", "list --json", "show aaaaaa", "check"])
@pytest.mark.parametrize("date", ["2027-01-01 00:00:00", "no date", b"\xff", 7, 1e300], ids=repr)
@pytest.mark.parametrize("data", [b"\xff:\xff", b"", 7, 1.5], ids=repr)
def test_a_row_whose_columns_hold_something_else_is_told_of(
    run: Run, site: Site, command: str, data: object, date: object
) -> None:
    _insert(site, "aaaaaa00", data, date)
    result = run("sessions", *command.split())
    assert result.output
    assert isinstance(result.exception, (SystemExit, type(None)))


def test_show_says_what_a_column_holds_in_place_of_text(run: Run, site: Site) -> None:
    _insert(site, "aaaaaa00", b"\xff", "2027-01-01 00:00:00")
    output = run("sessions", "show", "aaaaaa").output
    assert "size     1 character" in output
    assert "The session cannot be read. The column holds bytes, and no text." in output
