"""The ages of a login, and staying logged in, where the site's sessions are in a cache."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.cache import caches as django_caches

from flask_dj_session.auth.devices import Devices
from flask_dj_session.auth.login_time import LOGIN_TIME_KEY
from flask_dj_session.caches import Cache
from flask_dj_session.wire.login_times import SEEN_TIME_KEY

from ..caches.conftest import BACKENDS, EVERY_CACHE, lend
from ..live_django import LiveDjango
from .conftest import PASSWORD, AuthSite, MakeAuth, Visitor, make_user

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("clock")]

HOUR, DAY, FORTNIGHT = 3600, 86_400, 1_209_600
EVERY_ENGINE = pytest.mark.parametrize("engine", ["cached_db", "cache"])


@pytest.fixture
def where(kind: str, engine: str, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Return what both sides are told of the cache."""
    with lend(kind, tmp_path) as caches:
        yield {"SESSION_ENGINE": BACKENDS + engine, "CACHES": caches}


@pytest.fixture
def flask(make_auth: MakeAuth, where: dict[str, Any]) -> Iterator[AuthSite]:
    """Return an app where a login lasts for a day, is recent for an hour, and is kept alive."""
    ages = {"SESSION_ABSOLUTE_AGE": DAY, "SESSION_SUDO_AGE": HOUR, "SESSION_TOUCH_AFTER": HOUR}
    has_table = where["SESSION_ENGINE"].endswith("_db")
    flask = make_auth(config={**where, **ages, "table": has_table})
    flask.app.add_url_rule("/recent", view_func=lambda: str(flask.auth.has_recent_login()))
    flask.app.add_url_rule("/confirm", "confirm", lambda: str(flask.auth.confirm_login(PASSWORD)))
    yield flask
    cache_of(flask).guarded.client.close()


@pytest.fixture
def visitor(flask: AuthSite, live: LiveDjango, where: dict[str, Any]) -> Iterator[Visitor]:
    """Return a browser that knows both sides; ``ann`` is a user."""
    make_user()
    with live.settings(**where):
        yield Visitor(flask.app, live)
        for cache in django_caches.all(initialized_only=True):
            cache.close()


def cache_of(flask: AuthSite) -> Cache:
    """Return the cache of an app."""
    with flask.app.app_context():
        store: Any = flask.site.sessions.store
    cache: Cache = store.cache
    return cache


def _stored(flask: AuthSite, key: str | None) -> dict[str, Any] | None:
    """Return what the cache has of a session."""
    cache = cache_of(flask)
    raw = cache.guarded.client.get(cache.names.of(key or ""))
    return None if raw is None else cache.values.loads(raw)


def _log_in(visitor: Visitor, side: str = "Flask") -> None:
    assert visitor.visit(side, "in", name="ann", password=PASSWORD) == "ann"


@EVERY_CACHE
@EVERY_ENGINE
def test_a_login_ends_after_its_time_and_nothing_of_it_is_left(
    flask: AuthSite, visitor: Visitor, clock: time_machine.Traveller
) -> None:
    _log_in(visitor)
    clock.shift(DAY - 1)
    assert visitor.on_flask("who") == "ann"
    key = visitor.key
    clock.shift(1)
    assert visitor.on_flask("who") == "AnonymousUser"
    assert (visitor.key, _stored(flask, key)) == (None, None)
    visitor.key = key
    assert visitor.on_django("who") == "AnonymousUser"


@EVERY_CACHE
@EVERY_ENGINE
def test_a_login_in_django_counts_from_when_it_is_first_seen(
    flask: AuthSite, visitor: Visitor, clock: time_machine.Traveller
) -> None:
    _log_in(visitor, "Django")
    clock.shift(DAY)
    assert visitor.on_flask("who") == "ann"
    assert SEEN_TIME_KEY in (_stored(flask, visitor.key) or {})
    assert visitor.on_django("who") == "ann"
    clock.shift(DAY)
    key = visitor.key
    assert visitor.on_flask("who") == "AnonymousUser"
    visitor.key = key
    assert visitor.on_django("who") == "AnonymousUser"


@EVERY_CACHE
@EVERY_ENGINE
def test_a_login_is_recent_for_its_time_and_again_after_the_password(
    flask: AuthSite, visitor: Visitor, clock: time_machine.Traveller
) -> None:
    _log_in(visitor)
    assert visitor.on_flask("recent") == "True"
    clock.shift(HOUR + 1)
    assert visitor.on_flask("recent") == "False"
    before = visitor.key
    assert visitor.on_flask("confirm") == "True"
    assert visitor.on_flask("recent") == "True"
    assert visitor.key != before
    assert LOGIN_TIME_KEY in (_stored(flask, visitor.key) or {})
    assert _stored(flask, before) is None


@EVERY_CACHE
@EVERY_ENGINE
def test_who_comes_again_and_again_stays_logged_in(
    flask: AuthSite, visitor: Visitor, clock: time_machine.Traveller, kind: str
) -> None:
    flask.app.config["SESSION_ABSOLUTE_AGE"] = None
    _log_in(visitor)
    for _ in range(20):
        _a_day_later(flask, visitor.key, clock, kind)
        assert visitor.on_flask("who") == "ann"
    left = cache_of(flask).guarded.client.seconds_left(cache_of(flask).names.of(visitor.key or ""))
    assert left is None or FORTNIGHT - 60 < left <= FORTNIGHT
    assert visitor.on_django("who") == "ann"


@EVERY_CACHE
@EVERY_ENGINE
def test_the_end_is_moved_and_the_browser_told(
    flask: AuthSite, visitor: Visitor, clock: time_machine.Traveller, kind: str, engine: str
) -> None:
    _log_in(visitor)
    entry = _stored(flask, visitor.key)
    knows = engine == "cached_db" or not kind.endswith(("memcached", "pylibmc"))
    assert ("Set-Cookie" in visitor.response("data").headers) is not knows
    _a_day_later(flask, visitor.key, clock, kind)
    cookie = visitor.response("data").headers["Set-Cookie"]
    assert f"Max-Age={FORTNIGHT}" in cookie
    assert _stored(flask, visitor.key) == entry


def _a_day_later(
    flask: AuthSite, key: str | None, clock: time_machine.Traveller, kind: str
) -> None:
    """Let a day go by, for the server of the cache, too, which has a clock of its own."""
    clock.shift(DAY)
    cache = cache_of(flask)
    if kind != "file":
        name = cache.names.of(key or "")
        assert cache.guarded.client.touch(name, FORTNIGHT - DAY)


@pytest.mark.parametrize(("kind", "engine"), [("redis", "cache")])
def test_a_cache_alone_has_no_index_and_nobodys_login_fails_for_that(
    flask: AuthSite, visitor: Visitor, live: LiveDjango, caplog: pytest.LogCaptureFixture
) -> None:
    flask.app.config.update(SESSION_RECORD_CLIENT=True, SESSION_MAX_PER_USER=1)
    other = Visitor(flask.app, live)
    for one in (visitor, other, other):
        assert one.on_flask("in", name="ann", password=PASSWORD) == "ann"
    assert visitor.on_flask("who") == "ann"
    with flask.app.app_context():
        ann = flask.auth.get_by_natural_key("ann")
        assert len(flask.auth.sessions_of(ann)) == 2
        assert flask.auth.end_sessions(ann) == 2
    assert visitor.on_flask("who") == "AnonymousUser"
    said = [one.message for one in caplog.records if one.name == "flask_dj_session.index"]
    assert len(said) == 2
    assert "flask sessions index" not in "".join(said)


@pytest.mark.parametrize(("kind", "engine"), [("file", "cache")])
def test_the_page_of_a_users_sessions_says_where_nobody_can_list_them(
    flask: AuthSite, visitor: Visitor
) -> None:
    flask.app.register_blueprint(Devices())
    _log_in(visitor)
    client = flask.app.test_client()
    client.set_cookie("sessionid", visitor.key or "")
    page = client.get("/account/sessions/")
    assert page.status_code == 501
    assert "nobody can list them" in page.text
    assert "default" not in page.text
