"""Django's engine ``cache``: sessions in a cache and nowhere else."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from flask import Flask, session

from flask_dj_session import CreateError, DjangoSessions
from flask_dj_session.caches import CacheStore
from flask_dj_session.errors import CacheDownError, NoTableError, SettingError
from flask_dj_session.inspector import Inspector
from flask_dj_session.site import site_of

from ..live_django import SECRET_KEY, LiveDjango
from .conftest import BACKENDS, EVERY_CACHE, KINDS, Caches, DjangoStore

ENGINE = BACKENDS + "cache"


@pytest.fixture
def make_app(caches: Caches) -> Iterator[Callable[..., Flask]]:
    """Return what makes apps without a database."""
    made: list[CacheStore] = []

    def make(**config: Any) -> Flask:
        app = Flask("tests.alone")
        app.config.update(SECRET_KEY=SECRET_KEY, SESSION_ENGINE=ENGINE, CACHES=caches)
        app.config.update(config)
        sessions = DjangoSessions(app)
        with app.app_context():
            assert isinstance(sessions.store, CacheStore)
            made.append(sessions.store)

        @app.get("/")
        def count() -> str:
            session["n"] = session.get("n", 0) + 1
            return str(session["n"])

        @app.get("/out")
        def out() -> str:
            session.flush()  # type: ignore[attr-defined]
            return ""

        return app

    yield make
    for store in made:
        store.cache.guarded.client.close()


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app()


@pytest.fixture
def sessions(app: Flask) -> Iterator[DjangoSessions]:
    with app.app_context():
        yield app.extensions["django_sessions"]


@pytest.fixture
def django_store(django: LiveDjango, caches: Caches) -> Iterator[DjangoStore]:
    from django.contrib.sessions.backends.cache import SessionStore

    with django.settings(SESSION_ENGINE=ENGINE, CACHES=caches):
        yield SessionStore


@EVERY_CACHE
def test_both_read_what_the_other_has_saved(
    sessions: DjangoSessions, django_store: DjangoStore
) -> None:
    theirs = django_store()
    theirs["at"] = datetime.date(2026, 11, 23)
    theirs["cart"] = ("a", 1)
    theirs.save()
    ours = sessions.session(theirs.session_key)
    assert dict(ours) == {"at": datetime.date(2026, 11, 23), "cart": ("a", 1)}
    ours["n"] = 1
    ours.save()
    assert dict(django_store(theirs.session_key).items()) == {**ours}


@EVERY_CACHE
def test_who_is_logged_out_on_one_side_is_so_on_the_other(
    sessions: DjangoSessions, django_store: DjangoStore
) -> None:
    for end_here in (True, False):
        theirs = django_store()
        theirs["user"] = 1
        theirs.save()
        key = theirs.session_key
        (sessions.session(key) if end_here else django_store(key)).flush()
        assert sessions.session(key).get("user") is None
        assert django_store(key).get("user") is None


@EVERY_CACHE
def test_a_session_that_was_ended_meanwhile_does_not_come_back(
    sessions: DjangoSessions, django_store: DjangoStore
) -> None:
    theirs = django_store()
    theirs["user"] = 1
    theirs.save()
    ours = sessions.session(theirs.session_key)
    ours["n"] = 1
    django_store(theirs.session_key).flush()
    with pytest.raises(Exception, match="gone"):
        ours.save()
    assert not django_store().exists(theirs.session_key)


@EVERY_CACHE
def test_no_taken_key_is_used(sessions: DjangoSessions, django_store: DjangoStore) -> None:
    theirs = django_store()
    theirs["user"] = 1
    theirs.save()
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    text = sessions.session().encode({"a": 1})
    with pytest.raises(CreateError):
        sessions.store.insert(theirs.session_key, text, end)
    assert django_store(theirs.session_key)["user"] == 1


@EVERY_CACHE
def test_a_visitor_counts_and_leaves(app: Flask) -> None:
    client = app.test_client()
    assert [client.get("/").text for _ in range(3)] == ["1", "2", "3"]
    client.get("/out")
    assert client.get("/").text == "1"


@EVERY_CACHE
def test_the_end_is_moved(make_app: Callable[..., Flask]) -> None:
    app = make_app(SESSION_TOUCH_AFTER=1, SESSION_COOKIE_AGE=3600)
    sessions, store = app.extensions["django_sessions"], None
    with app.app_context():
        store = sessions.store
        first = sessions.session()
        first["a"] = 0
        first.save()
        name = store.cache.names.of(first.session_key)
        store.cache.guarded.client.touch(name, 1800)
        later = sessions.session(first.session_key)
        assert later["a"] == 0
        assert later.touch()
        left = store.cache.guarded.client.seconds_left(name)
        assert left is None or 3590 < left <= 3600


@pytest.mark.parametrize("kind", ["file"])  # whose clock is the test's
def test_an_end_that_another_request_has_brought_forward_is_not_moved(
    make_app: Callable[..., Flask], clock: time_machine.Traveller
) -> None:
    app = make_app(SESSION_TOUCH_AFTER=60, SESSION_COOKIE_AGE=3600)
    client = app.test_client()
    client.get("/")
    key = client.get_cookie("sessionid").value  # type: ignore[union-attr]
    site = site_of(app)
    with app.app_context():
        reader, other, late = (site.session(key) for _ in range(3))
        assert reader["n"] == late["n"] == 1
        clock.shift(120)
        assert reader.touch()
        assert not late.touch()
        other.set_expiry(300)
        other.save()
        assert not late.touch()
        row = site.store.row(key)
    assert row is not None
    assert row.expire_date is not None
    assert (row.expire_date - site.now()).total_seconds() <= 300


def test_there_is_no_table(app: Flask, sessions: DjangoSessions) -> None:
    with pytest.raises(NoTableError, match="there is no table"):
        sessions.create_table()
    with pytest.raises(NoTableError):
        sessions.model  # noqa: B018
    assert sessions.clear_expired() == 0
    run = app.test_cli_runner().invoke
    assert "there is no table" in run(args=["clearsessions"]).output
    created = run(args=["sessions", "create-table"])
    assert created.exit_code == 1
    assert "there is no table" in created.output


def test_the_commands_work_where_the_cache_can_be_asked(app: Flask) -> None:
    client = app.test_client()
    client.get("/")
    key = client.get_cookie("sessionid").value  # type: ignore[union-attr]
    run = app.test_cli_runner().invoke
    assert key in run(args=["sessions", "list", "--full"]).output
    assert '"n": 1' in run(args=["sessions", "show", key]).output
    assert "1 session revoked" in run(args=["sessions", "revoke", key]).output
    assert client.get("/").text == "1"
    assert "1 session revoked" in run(args=["sessions", "revoke", "--all", "--yes"]).output


def test_of_a_cache_nothing_is_measured_and_the_check_says_so(app: Flask) -> None:
    app.test_client().get("/")
    run = app.test_cli_runner().invoke
    output = run(args=["sessions", "check", "--policy"]).output
    assert "Nothing was measured, because the sessions are in a cache alone" in output
    assert "Sessions with a user" not in output
    told = json.loads(run(args=["sessions", "check", "--policy", "--json"]).output)
    assert "measures" not in told
    assert "measured" not in run(args=["sessions", "check"]).output


def test_the_sessions_of_a_user_are_found_without_an_index(app: Flask) -> None:
    @app.get("/in")
    def log_in() -> str:
        session["_auth_user_id"] = "7"
        return ""

    client = app.test_client()
    client.get("/"), app.test_client().get("/in")
    run = app.test_cli_runner().invoke
    assert "  7  " in run(args=["sessions", "list", "--user", "7"]).output
    assert "1 session revoked" in run(args=["sessions", "revoke", "--user", "7"]).output
    assert client.get("/").text == "2"
    for args in ([], ["--verify"], ["--drop", "--yes"]):
        result = run(args=["sessions", "index", *args])
        assert (result.exit_code, "there is no table" in result.output) == (1, True)


@pytest.mark.parametrize("kind", ["memcached", "file"])
def test_a_cache_that_cannot_be_asked_is_said_to_be_one(app: Flask, kind: str) -> None:
    result = app.test_cli_runner().invoke(args=["sessions", "list"])
    assert result.exit_code == 1
    assert "cannot be asked which sessions it has" in result.output


@EVERY_CACHE
def test_the_inspector_shows_ones_own_session_and_all_where_the_cache_can_say(
    app: Flask, kind: str
) -> None:
    app.debug = True
    app.register_blueprint(Inspector())
    app.add_url_rule("/visit", view_func=lambda: str(session.setdefault("visited", "yes")))
    client = app.test_client()
    client.get("/visit")
    own = client.get("/sessions/").text
    assert "visited" in own
    assert "nothing in it is signed" in own
    page = client.get("/sessions/all")
    if kind.endswith("redis"):
        assert (page.status_code, page.text.count('class="state live"')) == (200, 1)
    else:
        assert page.status_code == 501
        assert "cannot be asked which sessions it has" in page.text


def test_the_inspector_says_that_the_cache_is_down(make_app: Callable[..., Flask]) -> None:
    entry = {**KINDS["redis"], "LOCATION": "redis://127.0.0.1:1/0"}
    app = make_app(CACHES={"default": entry})
    app.debug = True
    app.register_blueprint(Inspector())
    client = app.test_client()
    client.set_cookie("sessionid", "k" * 32)
    for page in ("/sessions/", "/sessions/all"):
        response = client.get(page)
        assert (response.status_code, "which keeps the sessions, failed" in response.text) == (
            503,
            True,
        )


def test_nothing_is_made_of_a_cache_that_is_down(make_app: Callable[..., Flask]) -> None:
    entry = {**KINDS["redis"], "LOCATION": "redis://127.0.0.1:1/0"}
    app = make_app(CACHES={"default": entry}, TESTING=True)
    client = app.test_client()
    client.set_cookie("sessionid", "k" * 32)
    with pytest.raises(CacheDownError, match=r"^The cache 'default', .* failed \(ConnectionErro"):
        client.get("/")


def test_merging_takes_a_table(make_app: Callable[..., Flask]) -> None:
    with pytest.raises(SettingError, match="'SESSION_CONCURRENCY' is 'merge', which compares"):
        make_app(SESSION_CONCURRENCY="merge")


def test_it_takes_a_cache_that_is_shared(make_app: Callable[..., Flask]) -> None:
    with pytest.raises(SettingError, match="'CACHES' is not set"):
        make_app(CACHES=None)
