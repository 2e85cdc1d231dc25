"""Who holds an SQLite database: the session's own request, which is told so, or another one."""

from __future__ import annotations

import gc
import sqlite3
import weakref
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import request
from sqlalchemy import event
from sqlalchemy.pool import NullPool

from flask_dj_session.errors import DatabaseHeldError

from ..conftest import MakeSite, Site

# What the app's connections are set to: transactions that it begins itself, with a log or without.
_EXPLICIT = [("wal", "BEGIN"), ("wal", "BEGIN IMMEDIATE"), ("delete", "BEGIN")]


def _site(make_site: MakeSite, journal: str, begin: str | None) -> Site:
    """Return a site whose view does what its query says, and leaves the transaction open."""
    site = make_site(table=False, options={"connect_args": {"timeout": 0.05}})
    with site.app.app_context():
        event.listen(site.db.engine, "connect", lambda raw, _: _set_up(raw, journal, begin))
        if begin:
            event.listen(
                site.db.engine, "begin", lambda connection: connection.exec_driver_sql(begin)
            )
        site.sessions.create_table()
        site.db.session.execute(sa.text("CREATE TABLE note (text varchar(50))"))
        site.db.session.commit()

    @site.app.get("/<does>")
    def view(does: str) -> str:
        site.db.session.execute(
            sa.text("INSERT INTO note VALUES ('x')" if does == "write" else "SELECT * FROM note")
        )
        session: Any = request.session  # type: ignore[attr-defined]
        session["n"] = session.get("n", 0) + 1
        return str(session["n"])

    return site


def _set_up(raw: sqlite3.Connection, journal: str, begin: str | None) -> None:
    raw.execute(f"PRAGMA journal_mode = {journal}").close()
    if begin:
        raw.isolation_level = None


@pytest.mark.parametrize(("journal", "begin"), [*_EXPLICIT, ("wal", None), ("delete", None)])
def test_a_view_that_has_written_holds_the_database(
    make_site: MakeSite, journal: str, begin: str | None
) -> None:
    with pytest.raises(DatabaseHeldError, match="this request"):
        _site(make_site, journal, begin).client.get("/write")


@pytest.mark.parametrize(
    ("journal", "begin"), [("wal", "BEGIN"), ("wal", None), ("delete", None)], ids=str
)
def test_a_view_that_only_reads_holds_nothing(
    make_site: MakeSite, journal: str, begin: str | None
) -> None:
    client = _site(make_site, journal, begin).client
    assert [client.get("/read").text for _ in range(2)] == ["1", "2"]


def test_without_a_log_whoever_reads_in_a_transaction_holds_the_database(
    make_site: MakeSite,
) -> None:
    with pytest.raises(DatabaseHeldError):
        _site(make_site, "delete", "BEGIN").client.get("/read")


@pytest.mark.parametrize("begin", ["BEGIN", None])
def test_where_another_process_writes_it_is_not_the_views_transaction(
    make_site: MakeSite, database: Path, begin: str | None
) -> None:
    site = _site(make_site, "wal", begin)
    other = sqlite3.connect(database)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(sa.exc.OperationalError, match="locked"):
        site.client.get("/read")
    other.rollback()
    other.close()


def test_the_writes_of_a_committed_transaction_do_not_count(make_site: MakeSite) -> None:
    site = _site(make_site, "wal", "BEGIN")

    @site.app.before_request
    def write() -> None:
        site.db.session.execute(sa.text("INSERT INTO note VALUES ('x')"))
        site.db.session.commit()

    assert site.client.get("/read").text == "1"


def test_who_has_only_committed_writes_is_not_what_another_process_waits_for(
    make_site: MakeSite, database: Path
) -> None:
    site = _site(make_site, "wal", "BEGIN")
    other = sqlite3.connect(database)

    @site.app.before_request
    def write_and_let_another_begin() -> None:
        # On one connection, which the view goes on with.
        connection = site.db.session.connection()
        connection.execute(sa.text("INSERT INTO note VALUES ('x')"))
        site.db.session.commit()
        other.execute("BEGIN IMMEDIATE")

    with pytest.raises(sa.exc.OperationalError, match="locked"):
        site.client.get("/read")
    other.rollback()
    other.close()


def test_a_write_that_has_found_no_row_holds_the_database_as_well(make_site: MakeSite) -> None:
    site = _site(make_site, "wal", None)

    @site.app.before_request
    def change_nothing() -> None:
        site.db.session.execute(sa.text("UPDATE note SET text = 'y' WHERE text = 'none'"))

    with pytest.raises(DatabaseHeldError, match="this request"):
        site.client.get("/read")


def test_who_has_reserved_the_database_and_not_written_waits_as_for_another_process(
    make_site: MakeSite,
) -> None:
    site = _site(make_site, "wal", "BEGIN IMMEDIATE")

    @site.app.get("/ends")
    def end() -> str:
        site.db.session.execute(sa.text("SELECT * FROM note"))
        request.session["n"] = 1  # type: ignore[attr-defined]
        site.db.session.commit()
        return "ended"

    with pytest.raises(sa.exc.OperationalError, match="locked"):
        site.client.get("/read")
    assert site.client.get("/ends").text == "ended"


class Connection(sqlite3.Connection):
    """A connection to which there are weak references."""


def test_what_the_app_has_given_back_is_not_kept(make_site: MakeSite) -> None:
    site = make_site(options={"connect_args": {"factory": Connection}, "poolclass": NullPool})
    site.client.get("/")  # from here on, the app is watched
    with site.app.app_context():
        site.sessions.store.watch_app()
        with site.db.engine.connect() as connection:
            kept = weakref.ref(connection.connection.dbapi_connection)
            assert kept() is not None
        gc.collect()
        assert kept() is None
