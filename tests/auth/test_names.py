"""Whatever name is typed, a login answers: on every database, character set and collation."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from ..conftest import MakeSite
from ..databases import EVERY_DATABASE, server_url, text_of
from .conftest import PASSWORD, AuthSite, MakeAuth

NASTY = {
    "NUL": "ann\0",
    "lone surrogate": "\ud800",
    "a byte of another encoding": "\udcff",
    "outside the basic plane": "😀",
    "known, and more": "ann😀",
    "the last of all": "\U0010ffff",
    "no character": "\uffff",
    "in no 8-bit set": "žluťoučký",
    "in latin1": "é",
    "control characters": "\x01\x1b\x7f\x80\x9f",
    "the other way round": "\u202e",
    "byte order": "\ufeffann",
    "placeholders": "%s %(name)s :name ? {0}",
    "quotes": "ann'\"\\`; --",
    "long": "ž" * 65_535,
    "longer": "ž" * 65_536,
    "longer than a packet": "x" * 17 * 2**20,
    "long outside the basic plane": "😀" * 60_000,
    "nothing": "",
    "spaces": " ",
}


def _answers(flask: AuthSite) -> dict[str, object]:
    with flask.app.app_context():
        return {what: flask.auth.authenticate(name, PASSWORD) for what, name in NASTY.items()}


def _is_still_there(flask: AuthSite) -> bool:
    with flask.app.app_context():
        return str(flask.auth.authenticate("ann", PASSWORD)) == "ann"


def _add_ann(flask: AuthSite) -> None:
    with flask.app.app_context():
        flask.auth.create_user("ann", password=PASSWORD)


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_whatever_is_typed_is_nobody_and_no_error(flask: AuthSite) -> None:
    _add_ann(flask)
    assert _answers(flask) == dict.fromkeys(NASTY)
    assert _is_still_there(flask)


@pytest.mark.parametrize("name", ["ann\0", "\0", "\ud800"], ids=ascii)
def test_a_name_that_no_column_holds_is_not_even_asked_for(flask: AuthSite, name: str) -> None:
    _add_ann(flask)
    with flask.app.app_context(), flask.statements() as seen:
        assert flask.auth.authenticate(name, PASSWORD) is None
    assert seen == []


def _refuse(flask: AuthSite, refuses: Callable[[str], bool]) -> list[str]:
    """Have the database refuse some statements, by what they ask for; return what they asked."""
    refused: list[str] = []

    def before(_: object, __: object, text: str, parameters: Any, *___: object) -> None:
        if refuses(str(parameters)):
            refused.append(text)
            raise sa.exc.OperationalError(text, None, RuntimeError("Illegal mix of collations"))

    with flask.app.app_context():
        event.listen(flask.site.db.engine, "before_cursor_execute", before)
    return refused


def test_a_name_that_only_the_database_refuses_is_nobody(flask: AuthSite) -> None:
    _add_ann(flask)
    refused = _refuse(flask, lambda asked: "😀" in asked)
    with flask.app.app_context():
        assert flask.auth.authenticate("ann😀", PASSWORD) is None
    assert refused
    assert _is_still_there(flask)


def test_where_the_database_refuses_every_name_that_is_an_error(flask: AuthSite) -> None:
    _add_ann(flask)
    _refuse(flask, lambda asked: True)
    with (
        flask.app.app_context(),
        pytest.raises(sa.exc.OperationalError, match="Illegal mix of collations"),
    ):
        flask.auth.authenticate("ann😀", PASSWORD)


CHARACTER_SETS = [
    "utf8mb3",
    "utf8mb3 COLLATE utf8mb3_bin",
    "utf8mb4 COLLATE utf8mb4_bin",
    "latin1",
    "latin2 COLLATE latin2_czech_cs",
    "ascii",
    "ucs2",
]


@pytest.mark.parametrize("database_url", ["mariadb"], indirect=True)
def test_so_it_is_in_a_table_of_another_character_set(flask: AuthSite) -> None:
    _add_ann(flask)
    for charset in CHARACTER_SETS:
        with flask.app.app_context(), flask.site.db.engine.begin() as connection:
            connection.exec_driver_sql(f"ALTER TABLE auth_user CONVERT TO CHARACTER SET {charset}")
        assert _answers(flask) == dict.fromkeys(NASTY), charset
        assert _is_still_there(flask)


@pytest.mark.parametrize("database_url", ["mariadb"], indirect=True)
def test_so_it_is_on_a_connection_of_another_character_set(
    make_auth: MakeAuth, database_url: sa.URL
) -> None:
    url = database_url.update_query_dict({"charset": "latin1"})
    flask = make_auth(config={"SQLALCHEMY_DATABASE_URI": text_of(url)})
    _add_ann(flask)
    assert _answers(flask) == dict.fromkeys(NASTY)
    assert _is_still_there(flask)


@pytest.fixture
def encoded(request: pytest.FixtureRequest) -> Iterator[sa.URL]:
    """Return the URL of a database of PostgreSQL in another encoding."""
    url, name = server_url("postgresql"), f"login_names_{os.getpid()}"
    engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    how = f"ENCODING '{request.param}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} {how}")
        yield url.set(database=name)
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize(
    ("encoded", "client"),
    [("LATIN1", None), ("LATIN1", "utf8"), ("SQL_ASCII", "utf8"), ("UTF8", "latin1")],
    indirect=["encoded"],
)
def test_so_it_is_in_a_database_of_another_encoding(
    make_auth: MakeAuth, encoded: sa.URL, client: str | None
) -> None:
    url = encoded.update_query_dict({"client_encoding": client} if client else {})
    flask = make_auth(config={"SQLALCHEMY_DATABASE_URI": text_of(url)})
    _add_ann(flask)
    assert _answers(flask) == dict.fromkeys(NASTY)
    assert _is_still_there(flask)


def test_a_database_that_does_not_answer_is_no_wrong_password(make_auth: MakeAuth) -> None:
    flask = make_auth(config={"SQLALCHEMY_ENGINE_OPTIONS": {"connect_args": {"timeout": 0}}})
    _add_ann(flask)
    with flask.app.app_context():
        other = sqlite3.connect(flask.site.db.engine.url.database or "", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sa.exc.OperationalError, match="locked"):
            flask.auth.authenticate("😀", PASSWORD)
        other.close()


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_where_names_are_numbers_a_text_is_nobody(make_site: MakeSite, make_auth: MakeAuth) -> None:
    make_auth(tables=False)
    flask = make_auth(tables=False, auth_user_model="shop.Clerk", username_field="number")
    with flask.app.app_context():
        with flask.site.db.engine.begin() as connection:
            columns = "number integer PRIMARY KEY, password varchar(128)"
            connection.exec_driver_sql(f"CREATE TABLE shop_clerk ({columns})")
        flask.auth.create_user("12", password=PASSWORD)
        assert flask.auth.authenticate("12", PASSWORD).pk == 12
        for name in ("", "x", "12x", "1e1", "0", str(2**70)):
            assert flask.auth.authenticate(name, PASSWORD) is None, name
