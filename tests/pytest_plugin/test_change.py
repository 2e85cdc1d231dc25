"""What ``django_session_change`` tells of requests, by kind, data and cookie."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, request

from flask_dj_session import session_corrupted
from flask_dj_session.pytest_plugin import MakeClient, MakeSession, SessionChange

pytestmark = pytest.mark.slow

CHANGES = [
    (None, "/", "untouched"),
    (None, "/count", "created"),
    ({"n": 1}, "/", "untouched"),
    ({"n": 1}, "/count", "changed"),
    ({"n": 1}, "/cycle", "cycled"),
    ({"n": 1}, "/replace", "replaced"),
    ({"n": 1}, "/flush", "flushed"),
]
DATA_AFTER = {"/count": {"n": 2}, "/flush": {}, "/replace": {"n": 0}}


@pytest.mark.slow
@pytest.mark.parametrize(("data", "path", "kind"), CHANGES, ids=str)
def test_what_a_request_did_to_the_session_is_told(
    app: Flask,
    django_session_client: MakeClient,
    django_session_change: type[SessionChange],
    data: dict[str, Any] | None,
    path: str,
    kind: str,
) -> None:
    client = django_session_client(data) if data else app.test_client()
    with django_session_change(client) as change:
        client.get(path)
    assert change.kind == kind
    assert change.old_data == (data or {})
    assert change.data == ({"n": 1} if kind == "created" else DATA_AFTER.get(path, data or {}))
    assert (change.session_key == change.old_key) == (kind in ("untouched", "changed"))
    assert (change.cookie is None) == (kind in ("untouched", "flushed"))


@pytest.mark.parametrize(
    ("touches", "path", "kind"),
    [(True, "/", "touched"), (True, "/count", "changed"), (False, "/", "untouched")],
)
def test_an_end_that_was_moved_is_told(
    app: Flask,
    django_session: MakeSession,
    django_session_client: MakeClient,
    django_session_change: type[SessionChange],
    touches: bool,
    path: str,
    kind: str,
) -> None:
    app.config["SESSION_TOUCH_AFTER"] = 1e-6 if touches else None
    client = django_session_client(session_key=django_session(n=1))
    with django_session_change(client) as change:
        client.get(path)
    assert change.kind == kind
    assert (change.cookie is not None) == (kind != "untouched")


def test_the_cookie_that_was_set_is_told_with_its_attributes(
    app: Flask, django_session_change: type[SessionChange]
) -> None:
    app.config.update(SESSION_COOKIE_AGE=60, SESSION_COOKIE_SECURE=True)
    client = app.test_client()
    with django_session_change(client) as change:
        client.get("/count")
    cookie = change.cookie
    assert cookie is not None
    assert (cookie.value, cookie.max_age) == (change.session_key, 60)
    assert (cookie.secure, cookie.http_only, cookie.same_site) == (True, True, "Lax")


PLACES = [
    {"SERVER_NAME": "shop.test:5000"},
    {"SERVER_NAME": "shop.test", "SESSION_COOKIE_DOMAIN": ".shop.test"},
    {"SESSION_COOKIE_PATH": "/count", "SESSION_COOKIE_NAME": "visit"},
]


@pytest.mark.parametrize("config", PLACES, ids=str)
def test_the_cookie_is_where_the_app_puts_it(
    app: Flask,
    django_session_client: MakeClient,
    django_session_change: type[SessionChange],
    config: dict[str, Any],
) -> None:
    app.config.update(config)
    client = django_session_client({"n": 1})
    with django_session_change(client) as change:
        assert client.get("/count").text == "2"
    assert (change.kind, change.data) == ("changed", {"n": 2})


def test_looking_at_a_corrupted_session_neither_logs_nor_tells(
    app: Flask,
    django_session_client: MakeClient,
    django_session_change: type[SessionChange],
    caplog: pytest.LogCaptureFixture,
) -> None:
    told: list[object] = []
    client = django_session_client({"n": 1}, corrupted=True)
    with session_corrupted.connected_to(lambda *_, **__: told.append(1), app):
        with django_session_change(client) as change:
            pass
        assert (change.kind, change.old_data, told, caplog.records) == ("untouched", {}, [], [])
        client.get("/")
    assert (len(told), len(caplog.records)) == (1, 1)


@pytest.mark.parametrize("key", ["short", "no such row" * 2, "nul\0" * 8], ids=repr)
def test_a_cookie_without_a_row_is_no_session(
    django_session_client: MakeClient, django_session_change: type[SessionChange], key: str
) -> None:
    with django_session_change(django_session_client(session_key=key)) as change:
        pass
    assert (change.kind, change.old_key) == ("untouched", None)


def test_the_fixtures_work_inside_a_request_that_a_test_has_pushed(
    app: Flask,
    django_session: MakeSession,
    django_session_client: MakeClient,
    django_session_change: type[SessionChange],
) -> None:
    with app.test_request_context():  # as pytest-flask does around each test
        client = django_session_client(session_key=django_session({"n": 1}))
        with django_session_change(client) as change:
            client.get("/count")
        assert change.data == {"n": 2}
        assert not request.session.modified  # type: ignore[attr-defined]
