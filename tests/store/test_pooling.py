"""Which pooler is seen, by each driver and with a real PgBouncer."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from flask_dj_session.store import Pooler, found_pooler, pooling

from ..conftest import MakeSite, Site
from ..databases import EVERY_SERVER, text_of
from ..pgbouncer import keeps_statements, pgbouncer

EVERY_POSTGRESQL = [name for name in EVERY_SERVER if name.startswith("postgresql")]
pytestmark = pytest.mark.process  # PgBouncer

every_driver = pytest.mark.parametrize("database_url", EVERY_POSTGRESQL, indirect=True)
with_psycopg = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def pooled(database_url: sa.URL, tmp_path: Path) -> Iterator[str]:
    """Return the URL of the database behind a PgBouncer in transaction mode."""
    with pgbouncer(database_url, "transaction", tmp_path) as url:
        yield text_of(url)


def seen(site: Site) -> Pooler | None:
    """Look for a pooler on the way to the site's database."""
    with site.app.app_context():
        return found_pooler(site.sessions.store.engine)


def asked(site: Site, query: str) -> Any:
    """Ask the database itself."""
    with site.app.app_context():
        return site.db.session.scalar(sa.text(query))


@every_driver
def test_transaction_mode_is_seen_where_the_driver_prepares(
    pooled: str, make_site: MakeSite
) -> None:
    site = make_site(SQLALCHEMY_DATABASE_URI=pooled)
    driver = sa.make_url(pooled).get_driver_name()
    pooler = seen(site)
    assert (pooler is None) is (driver == "psycopg2")
    assert pooler is None or (pooler.driver, pooler.keeps_statements) == (driver, False)


@every_driver
def test_session_mode_is_no_pooler_to_a_driver(
    database_url: sa.URL, make_site: MakeSite, tmp_path: Path
) -> None:
    with pgbouncer(database_url, "session", tmp_path) as url:
        assert seen(make_site(SQLALCHEMY_DATABASE_URI=text_of(url))) is None


@every_driver
def test_a_server_without_a_pooler_is_none(make_site: MakeSite) -> None:
    assert seen(make_site()) is None


@with_psycopg
@pytest.mark.parametrize("turns", [0, 1])
def test_it_is_seen_among_many_connections_of_the_server(
    database_url: sa.URL, make_site: MakeSite, tmp_path: Path, turns: int
) -> None:
    with pgbouncer(database_url, "transaction", tmp_path, turns=turns) as url:
        site = make_site(SQLALCHEMY_DATABASE_URI=text_of(url))
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        with ExitStack() as stack:  # leaves several connections of the server, to be had after it
            for _ in range(4):
                stack.enter_context(engine.connect()).exec_driver_sql("SELECT 1")
        assert seen(site) is not None


@with_psycopg
@pytest.mark.parametrize("name", ["prepare_threshold", "cursor_factory"])
def test_psycopg_that_prepares_nothing_meets_none(
    pooled: str, make_site: MakeSite, name: str
) -> None:
    psycopg = pytest.importorskip("psycopg")
    arguments = {"prepare_threshold": None, "cursor_factory": psycopg.ClientCursor}
    options = {"connect_args": {name: arguments[name]}}
    assert seen(make_site(SQLALCHEMY_DATABASE_URI=pooled, options=options)) is None


@with_psycopg
def test_psycopg_that_prepares_everything_meets_it(pooled: str, make_site: MakeSite) -> None:
    options = {"connect_args": {"prepare_threshold": 0}}
    site = make_site(SQLALCHEMY_DATABASE_URI=pooled, options=options, table=False)
    pooler = seen(site)
    assert pooler is not None
    assert pooler.keeps_statements is False


@with_psycopg
def test_a_pooler_that_keeps_what_is_prepared_is_told_from_others(
    database_url: sa.URL, make_site: MakeSite, tmp_path: Path
) -> None:
    with pgbouncer(database_url, "transaction", tmp_path, kept=100) as url:
        pooler = seen(make_site(SQLALCHEMY_DATABASE_URI=text_of(url)))
    assert pooler is not None
    assert pooler.keeps_statements is keeps_statements()


@with_psycopg
def test_a_connection_that_does_not_tell_what_is_kept_is_given_up(
    pooled: str, make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site(SQLALCHEMY_DATABASE_URI=pooled)
    with site.app.app_context():
        engine = site.sessions.store.engine
        with engine.connect() as connection:
            first = connection.connection.dbapi_connection
        monkeypatch.setattr(secrets, "token_hex", lambda _: "two words")
        pooler = found_pooler(engine)
        assert pooler is not None
        assert pooler.keeps_statements is None
        with engine.connect() as connection:
            assert connection.connection.dbapi_connection is not first


@with_psycopg
def test_a_pool_of_one_connection_is_enough(pooled: str, make_site: MakeSite) -> None:
    options = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 1}
    assert seen(make_site(SQLALCHEMY_DATABASE_URI=pooled, options=options)) is not None


@with_psycopg
def test_nothing_stays_prepared(pooled: str, make_site: MakeSite) -> None:
    site = make_site(SQLALCHEMY_DATABASE_URI=pooled)
    assert seen(site) is not None
    assert asked(site, "SELECT count(*) FROM pg_prepared_statements") == 0


@with_psycopg
@pytest.mark.parametrize("is_wrapped", [False, True], ids=["the driver's", "SQLAlchemy's"])
@pytest.mark.parametrize(
    ("kind", "said", "is_pooled"),
    [
        ("InvalidSqlStatementName", "prepared elsewhere", True),
        ("DuplicatePreparedStatement", "prepared by somebody else", True),
        ("ProtocolViolation", "not understood", True),
        ("Error", {"C": "26000"}, True),  # as pg8000 says it
        ("Error", {"C": "42501"}, False),
        ("InsufficientPrivilege", "not allowed", False),
    ],
)
def test_an_error_about_what_is_prepared_tells_of_a_pooler(
    make_site: MakeSite, kind: str, said: object, is_pooled: bool, is_wrapped: bool
) -> None:
    error = getattr(pytest.importorskip("psycopg.errors"), kind)(said)
    site = make_site()

    def refuse(*_: object) -> None:
        raise sa.exc.DBAPIError("SELECT", None, error) if is_wrapped else error

    with site.app.app_context():
        event.listen(site.db.engine, "before_cursor_execute", refuse)
    expected = Pooler("psycopg", keeps_statements=False, closes_statements=True)
    assert seen(site) == (expected if is_pooled else None)


def test_sqlite_has_no_pooler(site: Site) -> None:
    assert seen(site) is None


class _Turns:
    """Stands for a connection through a pooler: in turn it has these processes of a server."""

    def __init__(self, *processes: int) -> None:
        self._processes = [*processes]

    def exec_driver_sql(self, _query: str) -> _Turns:
        return self

    def one(self) -> tuple[int]:
        return (self._processes.pop(0),)


@pytest.mark.parametrize(
    ("one", "other", "is_pooled"),
    [
        ((1, 1, 1), (2, 2, 2), False),
        ((1, 3, 1), (2, 2, 2), True),
        ((1, 1, 1), (2, 2, 3), True),
        ((1, 1, 1), (1, 1, 1), True),
    ],
)
def test_a_connection_that_has_several_processes_is_pooled(
    one: tuple[int, ...], other: tuple[int, ...], is_pooled: bool
) -> None:
    connections: Any = [_Turns(*one), _Turns(*other)]
    assert pooling._is_pooled(*connections) is is_pooled
