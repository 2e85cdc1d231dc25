"""``django_session_cache``: an app whose sessions are in a cache, too, or in one alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, session
from flask_sqlalchemy import SQLAlchemy

from flask_dj_session import DjangoSessions
from flask_dj_session.caches import CachedStore
from flask_dj_session.pytest_plugin import (
    DjangoProcess,
    MakeClient,
    MakeSession,
    SessionChange,
    caches,
)
from flask_dj_session.pytest_plugin.process import run
from flask_dj_session.site import site_of

pytest_plugins = ["pytester"]
_BACKENDS = "django.contrib.sessions.backends."
EVERY_ENGINE = pytest.mark.parametrize("engine", ["cached_db", "cache"])
_VARIABLES = ["TEST_REDIS_URL", "TEST_MEMCACHED_URL"]


@pytest.fixture
def engine() -> str:
    """Return the engine of the app's sessions, unless a test is parametrised with it."""
    return "cached_db"


@pytest.fixture
def app(
    engine: str, django_session_db: str, django_session_cache: dict[str, Any]
) -> Iterator[Flask]:
    """Return an app with the cache."""
    app = Flask("somebodys_app")
    app.config.update(
        SECRET_KEY="one key for both",
        SQLALCHEMY_DATABASE_URI=django_session_db,
        SESSION_ENGINE=_BACKENDS + engine,
        CACHES=django_session_cache,
    )
    db = SQLAlchemy(app)
    DjangoSessions(app, db)
    _add_views(app)
    yield app
    with app.app_context():
        db.engine.dispose()


def _add_views(app: Flask) -> None:
    @app.get("/count")
    def count() -> str:
        session["n"] = session.get("n", 0) + 1
        return str(session["n"])

    @app.get("/read")
    def read() -> str:
        return str(session.get("n"))

    @app.get("/flush")
    def flush() -> str:
        session.flush()  # type: ignore[attr-defined]
        return ""


@pytest.mark.parametrize("number", [1, 2])
def test_each_test_has_an_empty_cache(
    app: Flask, django_session_cache: dict[str, Any], tmp_path: Path, number: int
) -> None:
    folder = Path(django_session_cache["default"]["LOCATION"])
    assert tmp_path in folder.parents
    assert not folder.exists()
    app.test_client().get("/count")
    assert len(list(folder.iterdir())) == 1


@EVERY_ENGINE
def test_a_session_that_was_made_is_what_the_app_sees(
    django_session_client: MakeClient, engine: str
) -> None:
    assert django_session_client(n=41).get("/count").text == "42"
    assert django_session_client(n=41, expired=True).get("/read").text == "None"
    assert django_session_client(n=41, form="legacy").get("/count").text == "42"


def test_a_corrupted_session_is_an_empty_one(django_session_client: MakeClient) -> None:
    assert django_session_client(n=41, corrupted=True).get("/read").text == "None"


@pytest.mark.parametrize("engine", ["cache"])
def test_in_a_cache_alone_there_is_no_signature_to_spoil(
    django_session: MakeSession, engine: str
) -> None:
    with pytest.raises(ValueError, match="no signature that could be spoiled"):
        django_session(n=1, corrupted=True)


@EVERY_ENGINE
@pytest.mark.parametrize(
    ("path", "kind"), [("/count", "changed"), ("/read", "untouched"), ("/flush", "flushed")]
)
def test_what_a_request_did_is_told(
    django_session_client: MakeClient,
    django_session_change: type[SessionChange],
    engine: str,
    path: str,
    kind: str,
) -> None:
    client = django_session_client(n=1)
    with django_session_change(client) as change:
        client.get(path)
    assert change.kind == kind
    assert change.old_data == {"n": 1}
    with django_session_change(client) as change:
        client.get("/count")
    assert change.data == {"n": 3 if kind == "changed" else 1 if kind == "flushed" else 2}


@pytest.mark.process
@EVERY_ENGINE
def test_the_django_beside_has_the_same_cache(
    app: Flask,
    django_session_client: MakeClient,
    django_process: DjangoProcess,
    engine: str,
) -> None:
    client = django_session_client(n=1)
    key = client.get_cookie("sessionid").value  # type: ignore[union-attr]
    assert django_process.session(key).data == {"n": 1}
    client.get("/count")
    assert django_process.session(key).data == {"n": 2}
    assert django_process.update(key, n=5).session_key == key
    assert client.get("/count").text == "6"
    client.get("/flush")
    assert django_process.session(key).data == {}


@pytest.mark.process
def test_a_site_without_a_database_has_a_django_beside_it_too(
    django_session_cache: dict[str, Any], tmp_path: Path
) -> None:
    app = Flask("somebodys_app")
    app.config.update(
        SECRET_KEY="x", SESSION_ENGINE=_BACKENDS + "cache", CACHES=django_session_cache
    )
    DjangoSessions(app)
    with run(app, tmp_path, {}) as django:
        key = django.update(n=1).session_key
        assert MakeClient(app)(session_key=key).application is app
        with app.app_context():
            assert site_of(app).session(key)["n"] == 1


@pytest.mark.parametrize("variable", _VARIABLES)
def test_a_server_can_be_named_and_is_left_as_it_was(variable: str, tmp_path: Path) -> None:
    if variable not in os.environ:
        pytest.skip(f"{variable} is not set")
    with caches.lend(os.environ[variable], tmp_path) as given:
        app = Flask("somebodys_app")
        app.config.update(
            SECRET_KEY="x",
            SQLALCHEMY_DATABASE_URI="sqlite://",
            SESSION_ENGINE=_BACKENDS + "cached_db",
            CACHES=given,
        )
        db = SQLAlchemy(app)
        sessions = DjangoSessions(app, db)
        with app.app_context():
            sessions.create_table()
            store = sessions.store
            key = MakeSession(app)(n=1)
            assert isinstance(store, CachedStore)
            client, name = store.cache.guarded.client, store.cache.names.of(key)
            assert client.get(name) is not None
            db.engine.dispose()
    assert variable == "TEST_MEMCACHED_URL" or client.get(name) is None
    client.close()


@pytest.mark.parametrize("by_ini", [False, True], ids=["option", "ini"])
def test_the_server_stands_in_an_option_or_in_the_configuration(
    pytester: pytest.Pytester, by_ini: bool
) -> None:
    pytester.makepyfile(
        "def test_it(django_session_cache):\n"
        "    assert django_session_cache['default']['LOCATION'] == '127.0.0.1:1'\n"
    )
    if by_ini:
        pytester.makeini("[pytest]\ndjango_session_cache_url = 127.0.0.1:1")
    given = [] if by_ini else ["--django-session-cache-url", "127.0.0.1:1"]
    pytester.runpytest_inprocess(*given).assert_outcomes(passed=1)
