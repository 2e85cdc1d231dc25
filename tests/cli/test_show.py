"""``flask sessions show``."""

from __future__ import annotations

import json

import pytest

from ..databases import EVERY_DATABASE
from .conftest import COURSE_ROW, Put, Run, key_of

SHOWN = """\
key      aaaaaa…
expires  2026-11-23T12:31:15+00:00
size     99 characters
user     7
read     signed format, signed by SECRET_KEY at 2026-11-23T12:30:15+00:00, json
{
  "num_visits": 1,
  "_auth_user_id": "7"
}
"""


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
@pytest.mark.parametrize("key", ["aaaaaa", "aaaaaa…", key_of("aaaaaa1")])
def test_a_session_is_shown_with_its_data(run: Run, put: Put, key: str) -> None:
    put("aaaaaa1", num_visits=1, _auth_user_id="7")
    put("aaaaab1")
    assert run("sessions", "show", key).output == SHOWN


def test_the_json_has_the_data_too(run: Run, put: Put) -> None:
    put("aaaaaa1", num_visits=1)
    shown = json.loads(run("sessions", "show", "aaaaaa", "--json").output)
    assert shown["session_key"] == "aaaaaa…"
    assert shown["key"] == "SECRET_KEY"
    assert shown["data"] == {"num_visits": 1}


def test_a_prefix_of_two_keys_is_an_error(run: Run, put: Put) -> None:
    put("aaaaaa1")
    put("aaaaaa2")
    result = run("sessions", "show", "aaaaaa")
    assert "2 sessions have keys that begin with 'aaaaaa'. Give more characters." in result.output
    assert result.exit_code == 1
    assert run("sessions", "show", "aaaaaa1").exit_code == 0


@pytest.mark.slow
@pytest.mark.parametrize("key", ["aaaaa", "A%AAAA", "______", "unknown", "nul\0nul"])
def test_a_key_that_nobody_has_is_an_error(run: Run, put: Put, key: str) -> None:
    put("aaaaaa1")
    result = run("sessions", "show", key)
    assert result.output.startswith("Error: ")
    assert result.exit_code == 1


@pytest.mark.parametrize("command", ["show", "revoke"])
def test_of_a_key_with_a_nul_the_database_is_not_asked(run: Run, put: Put, command: str) -> None:
    put("aaaaaa1")
    result = run("sessions", command, "aaaaaa\0")
    assert result.output == "Error: No session key contains a NUL character.\n"
    assert result.exit_code == 1


def test_a_row_that_cannot_be_read_is_an_error_that_says_why(run: Run, put: Put) -> None:
    put("aaaaaa1", COURSE_ROW)
    result = run("sessions", "show", "aaaaaa")
    assert (
        "Error: The session cannot be read. None of the keys made this signature" in result.output
    )
    assert "num_visits" not in result.output
    assert result.exit_code == 1


def test_an_expired_session_is_marked(run: Run, put: Put) -> None:
    put("aaaaaa1", ends=-1)
    assert (
        "expires  2026-11-23T12:30:14+00:00 (expired)" in run("sessions", "show", "aaaaaa").output
    )
