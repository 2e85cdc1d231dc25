"""``flask sessions revoke``."""

from __future__ import annotations

import pytest

from ..conftest import Site
from ..databases import EVERY_DATABASE
from .conftest import COURSE_ROW, Put, Run, key_of, keys


@pytest.fixture(autouse=True)
def sessions(put: Put) -> None:
    """Store four sessions, two of them of one user."""
    put("aaaaaa1", num_visits=1)
    put("bbbbbb1", _auth_user_id="7")
    put("cccccc1", _auth_user_id="7")
    put("dddddd1", _auth_user_id="77")


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
@pytest.mark.parametrize("key", ["bbbbbb", key_of("bbbbbb1")])
def test_one_session_is_revoked_by_its_key(run: Run, site: Site, key: str) -> None:
    assert run("sessions", "revoke", key).output == "1 session revoked.\n"
    assert keys(site) == ["aaaaaa1", "cccccc1", "dddddd1"]


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_all_sessions_of_a_user_are_revoked(run: Run, site: Site) -> None:
    assert run("sessions", "revoke", "--user", "7").output == "2 sessions revoked.\n"
    assert keys(site) == ["aaaaaa1", "dddddd1"]


def test_what_cannot_be_read_stays_and_is_told(run: Run, site: Site, put: Put) -> None:
    put("eeeeee1", COURSE_ROW)
    result = run("sessions", "revoke", "--user", "77")
    assert "1 session could not be read, and was kept.\n" in result.output
    assert keys(site) == ["aaaaaa1", "bbbbbb1", "cccccc1", "eeeeee1"]


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_all_are_revoked_after_a_yes(run: Run, site: Site) -> None:
    result = run("sessions", "revoke", "--all", input="y\n")
    assert "Revoke 4 sessions? Every visitor is logged out. [y/N]: " in result.output
    assert "4 sessions revoked.\n" in result.output
    assert keys(site) == []


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_all_stay_after_anything_else(run: Run, site: Site, answer: str) -> None:
    assert run("sessions", "revoke", "--all", input=answer).exit_code == 1
    assert len(keys(site)) == 4


def test_a_yes_given_before_skips_the_question(run: Run) -> None:
    assert run("sessions", "revoke", "--all", "--yes").output == "4 sessions revoked.\n"


@pytest.mark.parametrize("args", [[], ["bbbbbb", "--all"], ["--user", "7", "--all"]])
def test_anything_but_one_choice_is_a_usage_error(run: Run, site: Site, args: list[str]) -> None:
    result = run("sessions", "revoke", *args)
    assert "Give one of KEY, --user USER and --all." in result.output
    assert result.exit_code == 2
    assert len(keys(site)) == 4


def test_an_unknown_key_is_an_error(run: Run) -> None:
    assert run("sessions", "revoke", "zzzzzz").exit_code == 1
