"""``flask sessions list``."""

from __future__ import annotations

import json

import pytest

from flask_dj_session.cli import listing

from ..databases import EVERY_DATABASE
from .conftest import COURSE_ROW, Put, Run, key_of

LISTED = """\
KEY      EXPIRES                      SIZE  USER      FORMAT
aaaaaa…  2026-11-23T12:31:15+00:00      73  -         signed
bbbbbb…  2026-11-23T12:31:15+00:00      79  7         signed
cccccc…  2026-11-23T12:30:14+00:00      77  7         signed
dddddd…  2026-11-23T12:31:15+00:00      76  -         unreadable: {}
""".format("None of the keys made this signature")


@pytest.fixture(autouse=True)
def sessions(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    """Store four sessions, and read them two at a time."""
    monkeypatch.setattr(listing, "PAGE_SIZE", 2)
    put("aaaaaa1", num_visits=1)
    put("bbbbbb1", _auth_user_id="7")
    put("cccccc1", ends=-1, _auth_user_id=7)
    put("dddddd1", COURSE_ROW)


@pytest.mark.slow
@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_every_session_is_a_line(run: Run) -> None:
    assert run("sessions", "list").output == LISTED


def _listed(run: Run, *options: str) -> list[str]:
    rows = json.loads(run("sessions", "list", "--json", *options).output)
    return [row["session_key"].rstrip("…") for row in rows]


def test_a_user_has_their_sessions_whether_the_id_is_text_or_a_number(run: Run) -> None:
    assert _listed(run, "--user", "7") == ["bbbbbb", "cccccc"]


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_the_expired_ones_can_be_had_alone(run: Run) -> None:
    assert _listed(run, "--expired") == ["cccccc"]


def test_a_limit_counts_what_is_listed(run: Run) -> None:
    assert _listed(run, "--limit", "3") == ["aaaaaa", "bbbbbb", "cccccc"]
    assert _listed(run, "--limit", "1", "--user", "7") == ["bbbbbb"]


def test_the_keys_are_shown_in_full_only_where_asked(run: Run) -> None:
    assert _listed(run, "--full", "--limit", "1") == [key_of("aaaaaa1")]
    for options in ([], ["--json"]):
        assert key_of("aaaaaa1") not in run("sessions", "list", *options).output
        assert key_of("aaaaaa1") in run("sessions", "list", "--full", *options).output


def test_the_json_tells_everything_of_a_row_but_the_data(run: Run) -> None:
    rows = json.loads(run("sessions", "list", "--json").output)
    assert rows[2] == {
        "session_key": "cccccc…",
        "user_id": "7",
        "expire_date": "2026-11-23T12:30:14+00:00",
        "expired": True,
        "form": "signed",
        "error": None,
        "size": 77,
    }
    assert rows[3]["error"] == "None of the keys made this signature"


def test_nothing_is_an_empty_array(run: Run) -> None:
    assert _listed(run, "--user", "8") == []
    assert run("sessions", "list", "--user", "8").output == ""


def test_no_terminal_obeys_what_stands_in_a_session(run: Run, put: Put) -> None:
    put("eeeeee1", _auth_user_id="\x1b[2J")
    assert r"\x1b[2J" in run("sessions", "list").output
