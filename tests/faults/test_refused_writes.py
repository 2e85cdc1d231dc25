"""A database that takes no writes: a plain error, no cookie for what was not saved, no secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from secrets import token_hex

import pytest

from ..conftest import Site
from ..databases import EVERY_DATABASE, server_of
from .conftest import ask, assert_tells_no_secret, key_of

# What makes a connection refuse writes, and what makes it take them again.
_REFUSALS = {
    # A file that may not grow is how SQLite takes a full disk; it is not made smaller than it is.
    "full": ("PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1073741823"),
    "sqlite": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
    "postgresql": (
        "SET default_transaction_read_only = on",
        "SET default_transaction_read_only = off",
    ),
    "mariadb": ("SET SESSION TRANSACTION READ ONLY", "SET SESSION TRANSACTION READ WRITE"),
}
_READ_ONLY = [(kind, server_of(kind)) for kind in EVERY_DATABASE]

Refusing = Callable[[], AbstractContextManager[None]]


def _on(*cases: tuple[str, str]) -> pytest.MarkDecorator:
    names = [
        f"{database}-{'full' if refusal == 'full' else 'read-only'}" for database, refusal in cases
    ]
    return pytest.mark.parametrize(("database_url", "refusing"), cases, ids=names, indirect=True)


@pytest.fixture
def refusing(request: pytest.FixtureRequest, one_connection: Site) -> Refusing:
    """Return what lets the database refuse writes for a while."""
    begin, end = _REFUSALS[request.param]

    @contextmanager
    def refusing() -> Iterator[None]:
        _run(one_connection, begin)
        one_connection.app.config["FILLING"] = token_hex(20_000)  # no free place is that large
        yield
        one_connection.app.config["FILLING"] = ""
        _run(one_connection, end)

    return refusing


def _run(site: Site, statement: str) -> None:
    with site.app.app_context(), site.sessions.store.engine.connect() as connection:
        connection.exec_driver_sql(statement)


@_on(("sqlite", "full"), *_READ_ONLY)
def test_a_new_session_that_is_not_saved_gives_no_cookie(
    one_connection: Site, refusing: Refusing, caplog: pytest.LogCaptureFixture
) -> None:
    client = one_connection.client
    with refusing():
        answer = ask(client)
        assert (answer.status, answer.sets_cookie) == (500, False)
        assert one_connection.rows() == []
    assert_tells_no_secret(caplog.text)
    assert ask(client) == (200, "1", True)


@_on(("sqlite", "full"), *_READ_ONLY)
def test_a_visit_that_is_not_saved_is_an_error_and_not_counted(
    one_connection: Site, refusing: Refusing, caplog: pytest.LogCaptureFixture
) -> None:
    client = one_connection.client
    ask(client)
    with refusing():
        answer = ask(client)
        assert (answer.status, answer.sets_cookie) == (500, False)
        assert ask(client, "/read") == (200, "1", False)
    assert_tells_no_secret(caplog.text, key_of(client))
    assert ask(client) == (200, "2", True)


@_on(*_READ_ONLY)
def test_a_logout_that_is_not_stored_is_an_error_and_leaves_the_cookie(
    one_connection: Site, refusing: Refusing, caplog: pytest.LogCaptureFixture
) -> None:
    client = one_connection.client
    ask(client)
    with refusing():
        answer = ask(client, "/logout")
        assert (answer.status, answer.sets_cookie) == (500, False)
        assert ask(client, "/read").text == "1"
    assert_tells_no_secret(caplog.text, key_of(client))
    assert ask(client, "/logout") == (200, "bye", True)
    assert one_connection.rows() == []


@_on(*_READ_ONLY)
def test_an_error_page_with_status_200_gives_no_cookie_either(
    one_connection: Site, refusing: Refusing
) -> None:
    one_connection.app.register_error_handler(500, lambda error: ("sorry", 200))
    client = one_connection.client
    with refusing():
        assert ask(client) == (200, "sorry", False)
    assert ask(client) == (200, "1", True)
