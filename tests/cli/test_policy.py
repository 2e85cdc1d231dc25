"""``flask sessions check --policy``: measures beside the findings, and no judgement."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from flask_dj_session.auth import DjangoAuth
from flask_dj_session.auth.inactive import inactive_ids

from ..conftest import MakeSite, Site
from ..databases import EVERY_DATABASE
from .conftest import Put, Run, in_wal_mode


@pytest.fixture
def database_url(database_url: sa.URL) -> sa.URL:
    """Return the URL of an empty database, of which there is nothing to note."""
    return in_wal_mode(database_url)


@pytest.fixture
def auth(site: Site) -> DjangoAuth:
    """Return a login with three users, of whom the second is inactive."""
    auth = DjangoAuth(site.sessions)
    with site.app.app_context():
        auth.create_tables()
        for name in ("ann", "bob", "cyd"):
            auth.create_user(name, is_active=name != "bob")
    return auth


def _measures(run: Run) -> dict[str, Any]:
    told = json.loads(run("sessions", "check", "--policy", "--json").output)
    return {each["name"]: each["value"] for each in told["measures"]}


def test_without_the_option_nothing_is_measured(run: Run, put: Put) -> None:
    put("aaaaaa", _auth_user_id="1")
    assert "Measured" not in run("sessions", "check").output
    assert "measures" not in json.loads(run("sessions", "check", "--json").output)


def test_measures_are_printed_after_the_findings(run: Run, put: Put) -> None:
    put("aaaaaa", ends=3600, _auth_user_id="1")
    result = run("sessions", "check", "--policy")
    findings, _, measured = result.output.partition("Measured, to be compared with what you have")
    assert "1 row was signed with SECRET_KEY." in findings
    assert "      Longest life, from a save to the end: 1:00 hours\n" in measured
    assert "      Sessions of inactive or deleted users: not known\n" in measured
    assert measured.endswith("\n\nNothing is wrong.\n")


def test_nothing_is_called_compliant(run: Run, put: Put) -> None:
    put("aaaaaa", _auth_user_id="1")
    for options in ([], ["--json"]):
        assert "complian" not in run("sessions", "check", "--policy", *options).output.lower()


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_sessions_of_inactive_and_of_deleted_users_are_counted(
    run: Run, put: Put, auth: DjangoAuth
) -> None:
    for number, user_id in enumerate(["1", "1", "2", "9", "no id", "3"]):
        put(f"aaaaa{number}", _auth_user_id=user_id)
    found = _measures(run)
    assert (found["logins"], found["most_of_one_user"]) == (6, 2)
    assert found["of_inactive_users"] == 3


def test_many_users_are_asked_for_in_parts(
    site: Site, auth: DjangoAuth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_dj_session.auth.inactive._AT_A_TIME", 2)
    with site.app.app_context():
        found = inactive_ids(auth.accounts, [str(number) for number in range(1, 8)])
    assert found == {"2", "4", "5", "6", "7"}


def test_where_the_users_cannot_be_asked_the_rest_is_measured(
    make_site: MakeSite, put: Put, site: Site
) -> None:
    DjangoAuth(site.sessions)  # whose tables are not there
    put("aaaaaa", ends=10**6, _auth_user_id="1")
    output = site.app.test_cli_runner().invoke(args=["sessions", "check", "--policy"]).output
    assert "Sessions with a user: 1\n" in output
    assert "Sessions of inactive or deleted users: not known\n" in output


def test_of_a_table_that_is_missing_nothing_is_measured(make_site: MakeSite) -> None:
    runner = make_site(table=False).app.test_cli_runner()
    result = runner.invoke(args=["sessions", "check", "--policy"])
    assert result.exit_code == 1
    assert "Measured" not in result.output
