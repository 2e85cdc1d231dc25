"""``flask sessions index``, and what other commands do with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from flask_dj_session.index import filling, index_of
from flask_dj_session.site import site_of
from flask_dj_session.wire import SessionCodec

from ..conftest import NOW, MakeSite, Site
from ..databases import EVERY_DATABASE
from ..live_django import SECRET_KEY
from .conftest import COURSE_ROW, Put, Run, key_of, keys

on_every_database = pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)

NAME = "flask_dj_session_index"


@pytest.fixture(autouse=True)
def sessions(put: Put) -> None:
    """Store five sessions, two of them of one user."""
    put("aaaaaa1", num_visits=1)
    put("bbbbbb1", _auth_user_id="7")
    put("cccccc1", _auth_user_id=7, ends=-1)
    put("dddddd1", _auth_user_id="77")
    put("eeeeee1", COURSE_ROW)


def entered(site: Site) -> list[str]:
    """Return the beginnings of the keys that have an entry."""
    with site.app.app_context(), site.db.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"SELECT session_key FROM {NAME} ORDER BY session_key")
        return [key.rstrip("0") for (key,) in rows if key != "look"]


def change(site: Site, beginning: str, **data: Any) -> None:
    """Store other data in a row, past the sessions."""
    with site.app.app_context():
        text = SessionCodec(SECRET_KEY).encode(data, NOW)
        site.sessions.store.update(key_of(beginning), text, NOW + timedelta(days=1))


@contextmanager
def statements(site: Site) -> Iterator[list[str]]:
    """Collect what goes to the database."""
    seen: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        seen.append(" ".join(statement.split()))

    with site.app.app_context():
        engine = site.db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(engine, "before_cursor_execute", note)


# Made, filled, compared, removed


@on_every_database
def test_the_index_is_made_and_filled(run: Run, site: Site) -> None:
    output = run("sessions", "index").output
    # The first row was saved a moment ago, and may become a user's.
    assert output == f"Table '{NAME}' created.\n4 sessions entered.\n"
    assert entered(site) == ["bbbbbb1", "cccccc1", "dddddd1", "eeeeee1"]


@on_every_database
def test_another_run_enters_what_is_new_and_drops_what_is_gone(
    run: Run, site: Site, put: Put
) -> None:
    run("sessions", "index")
    put("ffffff1", _auth_user_id="7")
    run("sessions", "revoke", "dddddd")
    assert run("sessions", "index").output == (
        "1 session entered.\n1 entry removed of sessions that are gone.\n"
    )
    assert entered(site) == ["bbbbbb1", "cccccc1", "eeeeee1", "ffffff1"]


@on_every_database
def test_what_was_changed_by_hand_is_found_and_mended(run: Run, site: Site) -> None:
    run("sessions", "index")
    change(site, "bbbbbb1", _auth_user_id="8")
    assert run("sessions", "index").output == "0 sessions entered.\n"
    said = "1 entry had another user than its row, and was mended.\n"
    assert run("sessions", "index", "--verify").output == f"1 session entered.\n{said}"
    said = "No entry had another user than its row.\n"
    assert run("sessions", "index", "--verify").output == f"0 sessions entered.\n{said}"


@on_every_database
def test_the_index_is_removed_after_a_yes(run: Run) -> None:
    run("sessions", "index")
    result = run("sessions", "index", "--drop", input="y\n")
    assert f"Remove table '{NAME}'? No session ends. [y/N]: " in result.output
    assert result.output.endswith(f"Table '{NAME}' removed.\n")
    again = run("sessions", "index", "--drop", "--yes").output
    assert again == f"Table '{NAME}' is not in the database.\n"


def test_the_index_stays_after_anything_else(run: Run, site: Site) -> None:
    run("sessions", "index")
    assert run("sessions", "index", "--drop", input="n\n").exit_code == 1
    assert len(entered(site)) == 4


def test_one_thing_is_done_at_a_time(run: Run) -> None:
    result = run("sessions", "index", "--drop", "--verify")
    assert result.exit_code == 2
    assert "Give one of --verify and --drop." in result.output


def test_where_ctrl_c_has_stopped_it_the_next_run_goes_on(
    run: Run, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "PAGE_SIZE", 2)
    with monkeypatch.context() as patch:
        patch.setattr(filling.Filling, "clear_gone", _interrupt)
        result = run("sessions", "index")
    assert result.exit_code == 130
    assert result.output.endswith("Stopped. 4 sessions entered so far.\n")
    assert run("sessions", "index").output == "0 sessions entered.\n"


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def test_without_the_table_of_the_sessions_there_is_no_index(make_site: MakeSite) -> None:
    site = make_site(table=False, SQLALCHEMY_DATABASE_URI="sqlite://")
    result = site.app.test_cli_runner().invoke(args=["sessions", "index"])
    assert result.exit_code == 1
    assert "Table 'django_session' is not in the database." in result.output


# Used by others


@on_every_database
def test_the_sessions_of_a_user_are_listed_without_reading_others(run: Run, site: Site) -> None:
    plain = run("sessions", "list", "--user", "7", "--json").output
    run("sessions", "index")
    with statements(site) as seen:
        assert run("sessions", "list", "--user", "7", "--json").output == plain
    assert sum("session_data" in text for text in seen) == 2  # of the newcomer, and of the user
    expired = json.loads(run("sessions", "list", "--user", "7", "--expired", "--json").output)
    assert [row["session_key"] for row in expired] == ["cccccc…"]


@on_every_database
def test_the_sessions_of_a_user_are_revoked_and_the_unreadable_told(run: Run, site: Site) -> None:
    run("sessions", "index")
    change(site, "eeeeee1", _auth_user_id="9")
    result = run("sessions", "revoke", "--user", "7")
    assert "2 sessions revoked.\n" in result.output
    assert keys(site) == ["aaaaaa1", "dddddd1", "eeeeee1"]


def test_what_cannot_be_read_is_told_with_an_index_as_without(run: Run) -> None:
    run("sessions", "index")
    result = run("sessions", "revoke", "--user", "77")
    assert "1 session could not be read, and was kept.\n" in result.output


@on_every_database
def test_clearsessions_removes_the_entries_too(run: Run, site: Site) -> None:
    run("sessions", "index")
    with site.app.app_context():
        site.sessions.store.delete(key_of("dddddd1"))  # as another program does
    assert run("clearsessions").output == "1 expired session removed.\n"
    assert entered(site) == ["bbbbbb1", "eeeeee1"]


def test_clearsessions_without_an_index_makes_none(run: Run, site: Site) -> None:
    run("clearsessions")
    with site.app.app_context():
        assert not index_of(site_of(site.app)).is_there()
