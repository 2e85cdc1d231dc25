"""Connections that the server ends: between requests one error at most, within one always one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager

import pytest
import sqlalchemy as sa

from ..conftest import MakeSite, Site
from ..databases import EVERY_SERVER, backend_of
from ..wiretap import Wiretap
from .conftest import Answer, add_views, ask, assert_tells_no_secret, key_of

# The statements that wait for a lock, by the connection that they came on.
_WAITING = {
    "postgresql": "SELECT pid FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'",
    "mysql": "SELECT trx_mysql_thread_id FROM information_schema.innodb_trx"
    " JOIN information_schema.processlist ON id = trx_mysql_thread_id"
    " WHERE db = database() AND trx_state = 'LOCK WAIT'",
}
_END = {"postgresql": "SELECT pg_terminate_backend({}, 10000)", "mysql": "KILL {}"}

pytestmark = pytest.mark.parametrize("database_url", EVERY_SERVER, indirect=True)


def _open_connections(site: Site, number: int) -> None:
    """Let the pool of the sessions hold *number* connections, as after as many threads.

    Each of them is used, so that one which the server has ended is an error.
    """
    with site.app.app_context(), ExitStack() as stack:
        for _ in range(number):
            connection = stack.enter_context(site.sessions.store.engine.connect())
            connection.exec_driver_sql("SELECT 1")


def _end_connections(url: sa.URL) -> None:
    """End every connection to the database but this one, as an administrator would."""
    others = {
        "postgresql": "SELECT pid FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid != pg_backend_pid()",
        "mysql": "SELECT id FROM information_schema.processlist"
        " WHERE db = database() AND id != connection_id()",
    }[backend_of(url)]
    with _administrator(url) as connection:
        for other in connection.exec_driver_sql(others).scalars().all():
            connection.exec_driver_sql(_END[backend_of(url)].format(other))
        while connection.exec_driver_sql(others).first():
            pass


@contextmanager
def _administrator(url: sa.URL) -> Iterator[sa.Connection]:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        yield connection


def _end_while_it_waits(visit: Future[Answer], url: sa.URL) -> None:
    """Wait until the statement of *visit* waits for a lock, and end its connection."""
    kind = backend_of(url)
    with _administrator(url) as connection:
        waiting = None
        while waiting is None:
            # MariaDB renews that table only where nobody has read it for a tenth of a second.
            assert not wait([visit], timeout=0.15).done
            waiting = connection.exec_driver_sql(_WAITING[kind]).scalar()
        connection.exec_driver_sql(_END[kind].format(waiting))


def test_one_request_fails_and_no_other(
    make_site: MakeSite, database_url: sa.URL, caplog: pytest.LogCaptureFixture
) -> None:
    site = add_views(make_site())
    client = site.client
    ask(client)
    _open_connections(site, 4)
    _end_connections(database_url)
    answer = ask(client)
    assert (answer.status, answer.sets_cookie) == (500, False)
    _open_connections(site, 4)
    assert [ask(client).text for _ in range(4)] == ["2", "3", "4", "5"]
    assert_tells_no_secret(caplog.text, key_of(client))


def test_with_the_apps_pre_ping_none_fails(make_site: MakeSite, database_url: sa.URL) -> None:
    site = add_views(make_site(options={"pool_pre_ping": True}))
    client = site.client
    ask(client)
    _open_connections(site, 4)
    _end_connections(database_url)
    _open_connections(site, 4)
    assert [ask(client).text for _ in range(4)] == ["2", "3", "4", "5"]


def test_a_request_that_leaves_the_session_alone_never_fails(
    make_site: MakeSite, database_url: sa.URL
) -> None:
    site = add_views(make_site())
    client = site.client
    ask(client)
    _end_connections(database_url)
    assert ask(client, "/untouched").status == 200


def test_an_update_that_the_server_ends_half_way_is_an_error_and_not_counted(
    make_site: MakeSite, database_url: sa.URL
) -> None:
    site = add_views(make_site())
    client = site.client
    ask(client)
    with ThreadPoolExecutor() as threads:
        with site.app.app_context():
            # Nobody but this transaction can change the row.
            site.db.session.execute(sa.select(site.sessions.model).with_for_update())
            visit = threads.submit(ask, client)
            _end_while_it_waits(visit, database_url)
        answer = visit.result(30)
    assert (answer.status, answer.sets_cookie) == (500, False)
    assert ask(client) == (200, "2", True)


def test_after_a_lost_connection_nobody_is_asked_whether_the_table_is_missing(
    tapped_site: Site, tap: Wiretap, database_url: sa.URL
) -> None:
    ask(tapped_site.client)
    store = tapped_site.sessions.store
    tap.cut()
    tap.forget()
    with tapped_site.app.app_context(), pytest.raises(sa.exc.DBAPIError) as caught:
        store.count()
    if caught.value.connection_invalidated:
        # Neither on that connection nor on a new one, which the proxy would let through.
        assert tap.statements == []
    else:  # by this error SQLAlchemy knows nothing, so that the package cannot either
        assert database_url.get_driver_name() == "mysqlconnector"


def test_where_a_listing_is_what_fails_no_request_fails_after_it(
    make_site: MakeSite, database_url: sa.URL
) -> None:
    site = add_views(make_site())
    client = site.client
    with site.app.app_context():
        engine = site.sessions.store.engine

    def look_twice() -> None:
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
            assert ask(client).text == "1"  # on another connection, at hand from now on
            _end_connections(database_url)
            connection.exec_driver_sql("SELECT 1")

    with pytest.raises(sa.exc.DBAPIError):
        look_twice()
    assert ask(client) == (200, "2", True)
