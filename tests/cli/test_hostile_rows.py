"""Rows that no Django wrote: no command fails on them, and no terminal obeys them."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
import sqlalchemy as sa

from flask_dj_session.wire import PickleSerializer, SessionCodec

from ..conftest import NOW, Site
from ..live_django import SECRET_KEY
from .conftest import Put, Run

# Clears, colours, rings, deletes, turns the line round and begins another.
_ESCAPES = "\x1b[2J\x9b31m\x07\x7f\r\n\u202e\u2028"
_HOSTILE_KEY = f"aaaaaa{_ESCAPES}"
_HOSTILE_DATA = SessionCodec(SECRET_KEY).encode(
    {"_auth_user_id": _ESCAPES, _ESCAPES: [_ESCAPES]}, NOW
)

_FOLDER = Path(__file__).parents[2] / "flask_dj_session" / "cli"
_MODULES = [path for path in _FOLDER.glob("*.py") if path.stem != "output"]

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
    ("create-table", "--record-migration"),
]


def _insert(site: Site, key: object, data: object, date: object) -> None:
    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO django_session VALUES (:key, :data, :date)"),
            {"key": key, "data": data, "date": date},
        )


def _is_harmless(output: str) -> bool:
    kinds = {unicodedata.category(char) for char in output.replace("\n", "")}
    return not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.slow
@pytest.mark.parametrize("command", _COMMANDS, ids=" ".join)
@pytest.mark.parametrize("key", [_HOSTILE_KEY, _HOSTILE_KEY.encode()], ids=["text", "bytes"])
def test_no_terminal_obeys_what_a_command_writes(
    run: Run, site: Site, command: tuple[str, ...], key: object
) -> None:
    _insert(site, key, _HOSTILE_DATA, _ESCAPES)
    result = run("sessions", *command)
    assert result.output
    assert _is_harmless(result.output)
    assert isinstance(result.exception, (SystemExit, type(None)))


@pytest.mark.parametrize("args", [(), ("--dry-run",), ("--batch-size", "1")], ids=" ".join)
def test_clearing_stumbles_over_no_key(run: Run, site: Site, args: tuple[str, ...]) -> None:
    for number, key in enumerate([_HOSTILE_KEY, _HOSTILE_KEY.encode(), b"\xff", 7]):
        _insert(site, key, number, "2020-01-01 00:00:00")
    assert run("clearsessions", *args).output.startswith("4 expired sessions ")


def test_the_sessions_of_a_user_end_whatever_their_keys_are(run: Run, site: Site) -> None:
    for key in (_HOSTILE_KEY, _HOSTILE_KEY.encode(), b"\xff", 7):
        _insert(site, key, _HOSTILE_DATA, "2027-01-01 00:00:00")
    assert run("sessions", "revoke", "--user", _ESCAPES).output == "4 sessions revoked.\n"


_NO_UTF_8 = f"CAST(x'{b'secret'.hex()}1bff' AS TEXT)"
_LATER = "'2027-01-01 00:00:00'"


@pytest.mark.parametrize(
    "command",
    ["list", "list --json", "check", "show aaaaaa", "show aaaaaa --json", "revoke aaaaaa"],
)
@pytest.mark.parametrize(
    "values",
    [f"'aaaaaa', {_NO_UTF_8}, {_LATER}", f"'aaaaaa', 'x', {_NO_UTF_8}"],
    ids=["data", "date"],
)
def test_text_that_is_no_utf_8_ends_no_command_and_is_not_told(
    run: Run, site: Site, command: str, values: str
) -> None:
    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.exec_driver_sql(f"INSERT INTO django_session VALUES ({values})")
    result = run("sessions", *command.split())
    assert isinstance(result.exception, (SystemExit, type(None)))
    assert "aaaaaa" in result.output or result.output == "1 session revoked.\n"
    assert "secret" not in result.output
    assert "decode" not in result.output


def test_a_session_whose_key_is_no_utf_8_is_listed_and_ended(run: Run, site: Site) -> None:
    key = f"CAST(x'{b'aaaaaa'.hex()}1bff' AS TEXT)"
    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.exec_driver_sql(
            f"INSERT INTO django_session VALUES ({key}, '{_HOSTILE_DATA}', {_LATER})"
        )
    assert r"aaaaaa\x1b\udcff" in run("sessions", "list", "--full").output
    assert run("sessions", "revoke", "--user", _ESCAPES).output == "1 session revoked.\n"


@pytest.mark.parametrize(
    "user_id", ["\ud800", 10**5000, [[[7]]]], ids=["half a pair", "int", "list"]
)
@pytest.mark.parametrize(
    "command", ["list", "list --json", "list --user 7", "check", "show aaaaaa", "revoke --user 7"]
)
def test_a_user_s_id_may_be_anything(
    run: Run, site: Site, put: Put, command: str, user_id: object
) -> None:
    site.app.config["SESSION_SERIALIZER"] = "pickle"
    text = SessionCodec(SECRET_KEY, serializer=PickleSerializer).encode(
        {"_auth_user_id": user_id}, NOW
    )
    put("aaaaaa", text)
    result = run("sessions", *command.split())
    assert isinstance(result.exception, (SystemExit, type(None)))
    assert "Error" not in result.output


@pytest.mark.parametrize("module", _MODULES, ids=lambda module: module.stem)
def test_every_command_writes_through_one_door(module: Path) -> None:
    assert "click.echo" not in module.read_text(encoding="utf-8")


@pytest.mark.slow
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
    assert "The session cannot be read. The column holds bytes instead of text." in output
