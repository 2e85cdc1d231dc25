"""Tables that say themselves whose a session is, as those of django-user-sessions have it."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from flask_dj_session.index import index_of
from flask_dj_session.index.by_columns import user_columns
from flask_dj_session.settings import SiteStore
from flask_dj_session.site import site_of

from ..conftest import MakeSite, Site
from ..databases import EVERY_DATABASE
from .conftest import Put, key_of

on_every_database = pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)

#: the columns of django-qsessions, as a site tells of them
_QSESSIONS: list[dict[str, Any]] = [
    {"name": "user", "column": "user_id", "refers_to": "auth.User"},
    {"name": "user_agent", "column": "user_agent"},
    {"name": "created_at", "column": "created_at"},
    {"name": "updated_at", "column": "updated_at"},
    {"name": "ip", "column": "ip"},
]


def told(*columns: dict[str, Any]) -> SiteStore:
    """Return what a site says of its sessions."""
    return SiteStore("qsessions.backends.db", "sessions", "salt", 40, columns, "auth.User")


@pytest.fixture
def site(make_site: MakeSite, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Return an app on a table with columns of its own."""
    site = make_site()
    with site.app.app_context(), site.db.engine.begin() as connection:
        for column in ("user_id integer", "ip varchar(39)", "user_agent varchar(300)"):
            connection.exec_driver_sql(f"ALTER TABLE django_session ADD COLUMN {column}")
    columns = [_QSESSIONS[0], _QSESSIONS[1], _QSESSIONS[4]]
    monkeypatch.setattr("flask_dj_session.index.session_index.site_store", lambda _: told(*columns))
    with site.app.app_context():
        table = site.sessions.store.table
        table.append_column(sa.Column("user_id", sa.Integer))
        table.append_column(sa.Column("ip", sa.String(39)))
        table.append_column(sa.Column("user_agent", sa.String(300)))
    return site


def fill(site: Site, name: str, user: int) -> None:
    """Let the engine of the site have filled its column."""
    with site.app.app_context(), site.db.engine.begin() as connection:
        change = sa.text("UPDATE django_session SET user_id = :user WHERE session_key = :key")
        connection.execute(change, {"user": user, "key": key_of(name)})


@on_every_database
def test_the_column_of_the_user_is_asked_and_no_other_row_is_read(site: Site, put: Put) -> None:
    put("a", user="7"), put("b", user="7"), put("c", user="8")
    for name, user in (("a", 7), ("c", 8)):
        fill(site, name, user)
    index = index_of(site_of(site.app))
    with site.app.app_context():
        assert index.answers
        assert index.is_in_use
        assert [one.row.user_id for page in index.of_user("7") for one in page] == ["7"]
        assert list(index.of_user("not a number")) == []
        assert not index.entries.exists()
        assert index.count_unreadable() == 0


@on_every_database
@pytest.mark.parametrize("user", ["9" * 30, "-1", "", "\udcff", "1_0"])
def test_an_id_that_no_column_holds_is_nobodys(site: Site, put: Put, user: str) -> None:
    put("a", user="7")
    fill(site, "a", 7)
    result = site.app.test_cli_runner().invoke(args=["sessions", "list", "--user", user])
    assert (result.exit_code, result.output) == (0, "")


@on_every_database
def test_a_login_fills_the_columns_of_its_client(site: Site, put: Put) -> None:
    key = put("a", user="7", ago=0)
    fill(site, "a", 7)
    index = index_of(site_of(site.app))
    with site.app.app_context():
        index.enter_login(key, "7", "192.0.2.0/24", "Firefox on Linux")
        ((found,),) = index.of_user("7")
    assert (found.address, found.user_agent) == ("192.0.2.0", "Firefox on Linux")
    assert (found.created, found.is_login_seen) == (None, False)


def test_a_table_whose_key_refers_to_no_user_has_none() -> None:
    assert user_columns(None) is None
    assert user_columns(told(*_QSESSIONS[1:])) is None
    other = {**_QSESSIONS[0], "refers_to": "shop.Cart"}
    assert user_columns(told(other)) is None
    columns = user_columns(told(*_QSESSIONS))
    assert columns is not None
    assert columns.names == {
        "user_id": "user_id",
        "created": "created_at",
        "address": "ip",
        "user_agent": "user_agent",
    }


def test_of_several_columns_that_refer_to_a_user_the_first_is_asked() -> None:
    impersonator = {"name": "by", "column": "by_id", "refers_to": "auth.User"}
    columns = user_columns(told(*_QSESSIONS, impersonator))
    assert columns is not None
    assert columns.user_id == "user_id"


def test_the_command_says_that_no_index_is_needed(site: Site) -> None:
    output = site.app.test_cli_runner().invoke(args=["sessions", "index"]).output
    assert output == (
        "Table 'django_session' says by itself whose each session is. It needs no index.\n"
    )
