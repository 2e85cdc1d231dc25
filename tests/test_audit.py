"""The life-cycle log: a line for what becomes of a session, which nobody can use to take it."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import session

from flask_dj_session import DjangoSession, audit
from flask_dj_session.inspector import Inspector
from flask_dj_session.inspector.references import References
from flask_dj_session.pytest_plugin import MakeSession

from .auth.conftest import PASSWORD, AuthSite, MakeAuth, make_auth
from .conftest import MakeSite, Site
from .databases import EVERY_DATABASE
from .live_django import SECRET_KEY

__all__ = ["make_auth"]

ABSOLUTE_AGE = 3600


class _Handler(logging.Handler):
    """Keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record)


@pytest.fixture
def lines() -> Iterator[list[logging.LogRecord]]:
    """Return the lines, while somebody listens."""
    logger, handler = logging.getLogger("flask_dj_session.audit"), _Handler()
    before = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    yield handler.lines
    logger.removeHandler(handler)
    logger.setLevel(before)


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    """Return an app with pages for each event."""
    site = make_site()
    pages = {
        "begin": lambda: session.update(n=1),
        "look": lambda: session.get("n"),
        "cycle": lambda: session.cycle_key(),  # type: ignore[attr-defined]
        "end": lambda: session.flush(),  # type: ignore[attr-defined]
    }
    for name, does in pages.items():
        site.app.add_url_rule(f"/{name}", name, lambda does=does: str(does()))
    return site


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    names = ("event", "session", "previous_session", "user_id", "reason")
    return {name: value for name, value in vars(record).items() if name in names and value}


def _name(session_key: str) -> str:
    return audit.fingerprint(SECRET_KEY, session_key)


def _key(client: Any) -> str:
    return str(client.get_cookie("sessionid").value)


def test_a_session_is_begun_cycled_and_ended(site: Site, lines: list[logging.LogRecord]) -> None:
    client = site.client
    client.get("/begin")
    first = _key(client)
    client.get("/look")
    client.get("/cycle")
    second = _key(client)
    client.get("/end")
    assert [_facts(line) for line in lines] == [
        {"event": "begun", "session": _name(first)},
        {"event": "cycled", "session": _name(second), "previous_session": _name(first)},
        {"event": "ended", "session": _name(second)},
    ]
    assert [line.getMessage() for line in lines] == [
        f"Session {_name(first)} begun",
        f"Session {_name(second)} cycled, before {_name(first)}",
        f"Session {_name(second)} ended",
    ]


def test_a_key_of_no_row_and_one_that_can_be_none_are_refused(
    site: Site, lines: list[logging.LogRecord]
) -> None:
    for key in ("u" * 32, "short", "x" * 41):
        client = site.client
        client.set_cookie("sessionid", key)
        client.get("/look")
    assert [_facts(line) for line in lines] == [
        {"event": "refused", "session": _name("u" * 32), "reason": "unknown key"},
        {"event": "refused", "session": _name("short"), "reason": "invalid key"},
        {"event": "refused", "session": _name("x" * 41), "reason": "unknown key"},
    ]


def test_a_corrupted_session_is_told_with_the_reason(
    site: Site, django_session: MakeSession, lines: list[logging.LogRecord]
) -> None:
    key = django_session(n=1, corrupted=True)
    client = site.client
    client.set_cookie("sessionid", key)
    client.get("/look")
    assert [_facts(line) for line in lines] == [
        {"event": "corrupted", "session": _name(key), "reason": "signature"}
    ]


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_a_login_its_end_and_its_user_are_told(
    make_auth: MakeAuth, lines: list[logging.LogRecord]
) -> None:
    flask = make_auth()
    _make_user(flask)
    client = flask.app.test_client()
    client.get("/in", query_string={"name": "ann", "password": PASSWORD})
    key = _key(client)
    client.get("/out")
    assert [_facts(line) for line in lines] == [
        {"event": "begun", "session": _name(key)},
        {"event": "logged_in", "session": _name(key), "user_id": "1"},
        {"event": "ended", "session": _name(key), "user_id": "1"},
    ]
    assert lines[1].getMessage() == f"Session {_name(key)} logged in, user 1"


def _make_user(flask: AuthSite) -> None:
    with flask.app.app_context():
        flask.auth.create_user("ann", None, PASSWORD)


def test_a_login_that_is_over_is_told_before_its_end(
    make_auth: MakeAuth, lines: list[logging.LogRecord]
) -> None:
    flask = make_auth(config={"SESSION_ABSOLUTE_AGE": ABSOLUTE_AGE})
    flask.app.add_url_rule("/age", view_func=lambda: str(session.update(_auth_login_time=1)))
    _make_user(flask)
    client = flask.app.test_client()
    client.get("/in", query_string={"name": "ann", "password": PASSWORD})
    key = _key(client)
    client.get("/age")
    lines.clear()
    client.get("/who")
    assert [_facts(line) for line in lines] == [
        {"event": "outlived", "session": _name(key), "user_id": "1", "reason": "absolute age"},
        {"event": "ended", "session": _name(key), "user_id": "1"},
    ]


@pytest.mark.parametrize("way", ["key", "user", "index", "inspector"])
def test_a_session_that_somebody_else_ends_is_revoked(
    site: Site, django_session: MakeSession, lines: list[logging.LogRecord], way: str
) -> None:
    key = django_session(_auth_user_id="5")
    if way == "inspector":
        site.app.register_blueprint(Inspector(access=lambda: True), url_prefix="/sessions")
        address = f"/sessions/one/{References(SECRET_KEY).to(key)}/revoke"
        client = site.client
        token = re.search(r'name="token" value="([^"]+)"', client.get(address).text)
        assert token
        client.post(address, data={"token": token[1]})
    else:
        run = site.app.test_cli_runner().invoke
        if way == "index":
            run(args=["sessions", "index"])
        run(args=["sessions", "revoke", *([key] if way == "key" else ["--user", "5"])])
    assert site.rows() == []
    (line,) = lines
    facts = _facts(line)
    assert facts.pop("user_id", "5") == "5"
    assert facts == {"event": "ended", "session": _name(key), "reason": "revoked"}


@pytest.mark.parametrize(
    "user_id", [None, True, ["1"], "5\nSession forged begun", "\x1b[2J", "9" * 65], ids=repr
)
def test_an_id_that_is_none_is_left_out(
    site: Site, django_session: MakeSession, lines: list[logging.LogRecord], user_id: Any
) -> None:
    key = django_session(_auth_user_id=user_id)
    with site.app.app_context():
        stored = site.sessions.session(key)
        assert stored["_auth_user_id"] == user_id
        stored.flush()
    (line,) = lines
    assert line.getMessage() == f"Session {_name(key)} ended"


def test_no_line_has_a_key_a_cookie_or_data(site: Site, lines: list[logging.LogRecord]) -> None:
    client = site.client
    keys = []
    for page in ("/begin", "/cycle", "/end"):
        client.get(page)
        cookie = client.get_cookie("sessionid")
        keys += [cookie.value] if cookie else []
    assert len(set(keys)) == 2
    for line in lines:
        assert all(key[:8] not in str(vars(line)) for key in keys)
        assert SECRET_KEY not in str(vars(line))


def test_another_secret_key_gives_another_name() -> None:
    names = {audit.fingerprint(secret, "k" * 32) for secret in ("a", "b", b"b")}
    assert len(names) == 2
    assert {len(name) for name in names} == {16}


def test_it_is_silent_until_somebody_asks(
    site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> str:
        raise AssertionError("a name was made for nobody")

    monkeypatch.setattr(audit, "fingerprint", refuse)
    caplog.set_level(logging.INFO)  # as an app that logs at INFO has it
    client = site.client
    for page in ("/begin", "/look", "/cycle", "/end"):
        assert client.get(page).status_code == 200
    assert [line for line in caplog.records if line.name == audit.logger.name] == []


def test_it_costs_no_statement(site: Site, lines: list[logging.LogRecord]) -> None:
    seen: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        seen.append(statement.split()[0])

    with site.app.app_context():
        sa.event.listen(site.db.engine, "before_cursor_execute", note)
    client = site.client
    for page in ("/begin", "/look", "/end"):
        client.get(page)
    assert seen == ["INSERT", "SELECT", "DELETE"]


def test_what_did_not_happen_is_not_told(site: Site, lines: list[logging.LogRecord]) -> None:
    with site.app.app_context():
        for key in (None, "u" * 32):
            DjangoSession.flush(site.sessions.session(key))
    assert lines == []


def test_a_user_s_id_of_sixty_four_characters_is_told(
    site: Site, django_session: MakeSession, lines: list[logging.LogRecord]
) -> None:
    with site.app.app_context():
        stored = site.sessions.session(django_session(_auth_user_id="u" * 64))
        assert stored["_auth_user_id"]
        stored.flush()
    assert [vars(line).get("user_id") for line in lines] == ["u" * 64]


def test_a_session_without_a_key_has_a_dash_for_its_name(
    site: Site, lines: list[logging.LogRecord]
) -> None:
    with site.app.app_context():
        audit.tell_revoked(site.sessions.settings, None)
    assert [line.getMessage() for line in lines] == ["Session - ended (revoked)"]
