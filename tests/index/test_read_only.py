"""A user's sessions in a database that takes no writes: found all the same."""

from __future__ import annotations

import logging

import pytest
import sqlalchemy as sa

from flask_dj_session.errors import DatabaseHeldError
from flask_dj_session.index import SessionIndex

from ..conftest import Site
from ..databases import EVERY_DATABASE, backend_of
from .conftest import Keys, Put, key_of

_READ_ONLY = {
    "sqlite": "PRAGMA query_only = ON",
    "postgresql": "SET default_transaction_read_only = on",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
}

on_every_database = pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)


def _refuse_writes(site: Site) -> None:
    with site.app.app_context(), site.sessions.store.engine.connect() as connection:
        connection.exec_driver_sql(_READ_ONLY[backend_of(site.db.engine.url)])
    with site.app.app_context(), pytest.raises((sa.exc.SQLAlchemyError, DatabaseHeldError)):
        site.sessions.store.delete(key_of("a"))


@on_every_database
def test_new_rows_are_read_where_no_entries_can_be_made(
    site: Site, put: Put, keys: Keys, caplog: pytest.LogCaptureFixture
) -> None:
    put("a", user="7")
    assert keys("7") == ["a"]
    put("b", user="7"), put("c", user="8")
    _refuse_writes(site)
    with caplog.at_level(logging.WARNING, "flask_dj_session.index"):
        assert keys("7") == ["a", "b"]
        assert keys("8", exactly=True) == ["c"]
    assert "so all rows are read" in caplog.text


def test_new_rows_are_read_where_the_request_itself_holds_the_database(
    site: Site, put: Put, keys: Keys, index: SessionIndex, caplog: pytest.LogCaptureFixture
) -> None:
    put("a", user="7")
    assert keys("7") == ["a"]
    put("b", user="7")
    with site.app.app_context():
        site.db.session.execute(sa.text("CREATE TABLE note (id integer)"))
        site.db.session.execute(sa.text("INSERT INTO note VALUES (1)"))
        found = [one.row.stored.session_key for page in index.of_user("7") for one in page]
    assert sorted(found) == [key_of("a"), key_of("b")]
    assert "so all rows are read: DatabaseHeldError." in caplog.text


@on_every_database
def test_entries_of_rows_that_are_gone_are_left_where_they_cannot_be_removed(
    site: Site, index: SessionIndex, put: Put, keys: Keys
) -> None:
    put("a", user="7"), put("b", user="7")
    assert keys("7") == ["a", "b"]
    with site.app.app_context():
        site.sessions.store.delete(key_of("b"))
    _refuse_writes(site)
    assert keys("7") == ["a"]
    with site.app.app_context():
        assert [one.session_key for one in index.entries.of_user("7")] == [key_of("a"), key_of("b")]


def test_a_lost_connection_is_an_error_and_lets_nobody_read_all_rows(
    site: Site, put: Put, keys: Keys, caplog: pytest.LogCaptureFixture
) -> None:
    put("a", user="7")
    assert keys("7") == ["a"]
    with site.app.app_context(), site.sessions.store.engine.connect() as connection:
        raw = connection.connection.dbapi_connection
    assert raw is not None
    raw.close()
    with pytest.raises(sa.exc.DBAPIError):
        keys("7")
    assert "all rows are read" not in caplog.text
    assert keys("7") == ["a"]
