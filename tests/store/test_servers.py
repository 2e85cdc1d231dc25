"""The seven points of how sessions talk to the database, on the servers themselves."""

from __future__ import annotations

import multiprocessing
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from flask import request
from sqlalchemy import event

from flask_dj_session.store import migrations

from ..conftest import NOW, MakeSite, Site
from ..databases import EVERY_SERVER, backend_of, connect_raw, text_of
from ..wiretap import Wiretap, tapped

pytestmark = pytest.mark.parametrize("database_url", EVERY_SERVER, indirect=True)

#: pg8000 has each statement parsed and described, mysqlconnector pings before, mariadbconnector
#: has it prepared
_OWN_ROUND_TRIPS = {"pg8000": 3, "mysqlconnector": 2, "mariadbconnector": 2}
#: what the drivers say where the server is not there (any more)
_LOST = (sa.exc.OperationalError, sa.exc.InterfaceError)


@pytest.fixture
def tap(database_url: sa.URL) -> Iterator[Wiretap]:
    """Listen on the wire to the database."""
    with tapped(database_url) as tap:
        yield tap


@pytest.fixture
def tapped_site(make_site: MakeSite, tap: Wiretap) -> Iterator[Site]:
    """Return an app whose connections run through the tap."""
    site = make_site(SQLALCHEMY_DATABASE_URI=text_of(tap.url))
    _add_views(site)
    yield site
    with site.app.app_context():
        site.db.engine.dispose()


def _session() -> Any:
    return request.session  # type: ignore[attr-defined]


def _count() -> str:
    session = _session()
    session["n"] = session.get("n", 0) + 1
    return str(session["n"])


def _add_views(site: Site) -> None:
    site.app.add_url_rule("/", view_func=_count)
    site.app.add_url_rule("/read", "read", lambda: str(_session().get("n")))
    site.app.add_url_rule("/untouched", "untouched", lambda: "untouched")


def _kinds(tap: Wiretap) -> list[str]:
    return [statement.split()[0].upper() for statement in tap.statements]


def _round_trips(url: sa.URL) -> int:
    """Return how often a driver asks the server for one statement: most of them, once."""
    return _OWN_ROUND_TRIPS.get(url.get_driver_name(), 1)


@pytest.mark.parametrize(
    ("path", "returning", "kinds"),
    [
        ("/untouched", True, []),
        ("/read", True, ["SELECT"]),
        ("/", True, ["SELECT", "UPDATE"]),
        ("/", False, ["INSERT"]),
        ("/read", False, []),
    ],
    ids=["untouched", "read", "returning", "new", "read by a new visitor"],
)
def test_nothing_but_the_statements_arrives_at_the_server(
    tapped_site: Site,
    tap: Wiretap,
    database_url: sa.URL,
    path: str,
    returning: bool,
    kinds: list[str],
) -> None:
    client = tapped_site.client
    client.get("/")
    visitor = client if returning else tapped_site.client
    tap.forget()
    assert visitor.get(path).status_code == 200
    assert _kinds(tap) == kinds
    assert tap.round_trips == len(kinds) * _round_trips(database_url)


def test_neither_does_when_statements_are_prepared(
    tapped_site: Site, tap: Wiretap, database_url: sa.URL
) -> None:
    client = tapped_site.client
    for _ in range(8):
        client.get("/")
    tap.forget()
    client.get("/")
    assert tap.round_trips == 2 * _round_trips(database_url)
    assert not re.search("BEGIN|COMMIT|ROLLBACK", " ".join(tap.statements))


def test_the_tap_itself_sees_the_transactions_of_the_app(tapped_site: Site, tap: Wiretap) -> None:
    tap.forget()
    with tapped_site.app.app_context():
        tapped_site.db.session.execute(sa.text("SELECT 1"))
        tapped_site.db.session.rollback()
    assert "ROLLBACK" in _kinds(tap)


def test_one_connection_of_the_apps_pool_held_by_the_view_is_enough(make_site: MakeSite) -> None:
    site = make_site(options={"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.1})

    @site.app.get("/")
    def view() -> str:
        site.db.session.execute(sa.text("SELECT 1"))
        with pytest.raises(sa.exc.TimeoutError), site.db.engine.connect():
            pass
        return _count()

    client = site.client
    assert [client.get("/").text for _ in range(3)] == ["1", "2", "3"]


def test_an_uncommitted_write_of_the_view_is_neither_committed_nor_in_the_way(
    make_site: MakeSite,
) -> None:
    site = make_site()
    table = sa.Table("note", site.db.metadata, sa.Column("text", sa.String(50)))
    with site.app.app_context():
        table.create(site.db.engine)

    @site.app.get("/")
    def view() -> str:
        site.db.session.execute(sa.insert(table).values(text="uncommitted"))
        return _count()

    client = site.client
    assert [client.get("/").text for _ in range(3)] == ["1", "2", "3"]
    with site.app.app_context():
        assert site.db.session.execute(sa.select(table)).all() == []


def test_a_connect_listener_of_the_app_sets_up_the_sessions_connections(
    make_site: MakeSite, database_url: sa.URL
) -> None:
    site = make_site(table=False)
    statement = {
        "postgresql": "SET application_name = 'set up by the app'",
        "mysql": "SET @set_up_by = 'set up by the app'",
    }[backend_of(database_url)]
    question = {
        "postgresql": "SELECT current_setting('application_name')",
        "mysql": "SELECT @set_up_by",
    }[backend_of(database_url)]

    def set_up(connection: Any, record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    with site.app.app_context():
        event.listen(site.db.engine, "connect", set_up)
        with site.sessions.store.engine.connect() as connection:
            assert connection.exec_driver_sql(question).scalar() == "set up by the app"


def test_a_password_fetched_at_connect_time_is_fetched_here_too(
    make_site: MakeSite, database_url: sa.URL
) -> None:
    wrong = database_url.set(username="nobody", password="wrong")
    site = make_site(table=False, SQLALCHEMY_DATABASE_URI=text_of(wrong))
    fetched: list[str] = []

    def fetch(dialect: Any, record: Any, args: Any, params: dict[str, Any]) -> None:
        fetched.append("fetched")
        params.clear()
        params.update(dialect.create_connect_args(database_url)[1])

    with site.app.app_context():
        event.listen(site.db.engine, "do_connect", fetch)
        site.sessions.create_table()
        site.db.engine.dispose()
        fetched.clear()
        site.sessions.session().save()
    assert fetched == ["fetched"]


def test_a_creator_of_the_app_makes_the_sessions_connections(
    make_site: MakeSite, database_url: sa.URL
) -> None:
    made: list[object] = []

    def create() -> Any:
        made.append(object())
        return connect_raw(database_url)

    site = make_site(options={"creator": create})
    _add_views(site)
    client = site.client
    assert [client.get("/").text for _ in range(2)] == ["1", "2"]
    # One for the app's pool, which made the table, and one for the sessions'.
    assert len(made) == 2


@pytest.fixture
def raw_site(make_site: MakeSite, database_url: sa.URL) -> Site:
    """Return an app whose ``creator`` does not ask MySQL for FOUND_ROWS, as SQLAlchemy does."""
    site = make_site(
        options={"creator": lambda: connect_raw(database_url)}, SESSION_SAVE_EVERY_REQUEST=True
    )
    _add_views(site)
    return site


def test_a_session_that_is_saved_as_it_was_is_not_taken_for_a_deleted_one(
    raw_site: Site, clock: object
) -> None:
    client = raw_site.client
    client.get("/")
    # The time stands still, so the text and the date are the same.
    assert [client.get("/read").text for _ in range(2)] == ["1", "1"]
    assert client.get("/").text == "2"


def test_a_session_that_was_deleted_is_told_whatever_the_driver_counts(
    raw_site: Site, clock: object
) -> None:
    @raw_site.app.get("/late")
    def late() -> str:
        said = _count()
        with raw_site.db.engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM django_session")
        return said

    client = raw_site.client
    client.get("/")
    assert client.get("/late").status_code == 400
    assert raw_site.rows() == []


def _second_visit(site: Site, tap: Wiretap) -> Callable[[], str]:
    client = site.client
    assert client.get("/").text == "1"
    tap.cut()
    return lambda: client.get("/").text


def test_after_a_dropped_connection_a_request_fails_once_with_the_drivers_error(
    tapped_site: Site, tap: Wiretap
) -> None:
    visit = _second_visit(tapped_site, tap)
    with pytest.raises(_LOST):
        visit()
    assert visit() == "2"


def test_a_server_that_is_down_is_sqlalchemys_error(tapped_site: Site, tap: Wiretap) -> None:
    tap.close()
    with tapped_site.app.app_context():
        tapped_site.db.engine.dispose()
        with pytest.raises(_LOST):
            tapped_site.sessions.session("12345678").load()


def test_with_the_apps_pre_ping_the_next_request_works(make_site: MakeSite, tap: Wiretap) -> None:
    site = make_site(options={"pool_pre_ping": True}, SQLALCHEMY_DATABASE_URI=text_of(tap.url))
    _add_views(site)
    assert _second_visit(site, tap)() == "2"
    with site.app.app_context():
        site.db.engine.dispose()


def _visits_in_child(site: Site, key: str, answer: Any) -> None:
    with site.app.app_context():
        session = site.sessions.session(key)
        for _ in range(20):
            session["n"] = session.get("n", 0) + 1
            session.save()
    answer.put(session["n"])


@pytest.mark.process
def test_after_a_fork_parent_and_child_use_connections_of_their_own(make_site: MakeSite) -> None:
    site = make_site()
    with site.app.app_context():
        session = site.sessions.session()
        session.save()
        fork = multiprocessing.get_context("fork")
        answer = fork.Queue()
        child = fork.Process(target=_visits_in_child, args=(site, session.session_key, answer))
        child.start()
        for _ in range(20):
            assert site.sessions.session("12345678").load() == {}
        assert answer.get(timeout=30) == 20
        child.join()
        assert site.sessions.session(session.session_key)["n"] == 20


@pytest.mark.parametrize(
    "cookie", ["\x00" * 8, "k1oaq42o\x00", "short", "x" * 41, "ž" * 12, "a b c d e f"]
)
def test_a_cookie_that_no_row_can_have_is_no_error(make_site: MakeSite, cookie: str) -> None:
    site = make_site()
    _add_views(site)
    header = f"sessionid={cookie}".encode().decode("latin-1")
    response = site.app.test_client(use_cookies=False).get(
        "/read", environ_overrides={"HTTP_COOKIE": header}
    )
    assert (response.status_code, response.text) == (200, "None")


@pytest.mark.parametrize("use_tz", [True, False])
def test_dates_come_back_as_they_went(make_site: MakeSite, use_tz: bool) -> None:
    site = make_site(USE_TZ=use_tz, TIME_ZONE="America/Chicago")
    with site.app.app_context():
        session = site.sessions.session()
        session.save()
        (row,) = site.rows()
        age = row.expire_date - datetime.now(timezone.utc)
        assert 1209590 < age.total_seconds() <= 1209600


def test_on_a_database_of_another_kind_sqlalchemy_makes_the_table(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "_CREATE", {})
    site = make_site(table=False)
    with site.app.app_context():
        site.sessions.store.create_table()
        assert site.sessions.store.record_migration(NOW)
        columns = sa.inspect(site.db.engine).get_columns("django_migrations")
    assert [(one["name"], one["nullable"]) for one in columns] == [
        (name, False) for name in ("id", "app", "name", "applied")
    ]
