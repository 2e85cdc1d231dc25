"""Fixtures for those who test apps with this package; pytest finds them once it is installed.

Nothing but pytest is loaded here: a test-suite that uses none of them pays nothing.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .change import SessionChange
    from .making import MakeClient, MakeDevice, MakeSession, MakeUser
    from .process import DjangoAnswer, DjangoProcess

# What the fixtures return, by name, for those who annotate their tests.
_TYPES = {
    "DjangoAnswer": "process",
    "DjangoProcess": "process",
    "MakeClient": "making",
    "MakeDevice": "making",
    "MakeSession": "making",
    "MakeUser": "making",
    "SessionChange": "change",
}

__all__ = [
    "DjangoAnswer",
    "DjangoProcess",
    "MakeClient",
    "MakeDevice",
    "MakeSession",
    "MakeUser",
    "SessionChange",
]

_OPTION = "django_session_db_url"
_CACHE_OPTION = "django_session_cache_url"
_NO_APP = (
    "'{}' needs your app, but there is no fixture 'app'. Write one that returns the Flask app,"
    " with 'django_session_db' as its SQLALCHEMY_DATABASE_URI."
)


def __getattr__(name: str) -> Any:
    if name not in _TYPES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_TYPES[name]}", __name__), name)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that name servers in place of files."""
    help_ = (
        "SQLAlchemy URL of a database on the server where 'django_session_db' makes its own"
        " (default: an SQLite file)"
    )
    group = parser.getgroup("flask_dj_session")
    group.addoption("--django-session-db-url", help=help_)
    parser.addini(_OPTION, help_, default="")
    help_ = (
        "URL of a Redis, or host:port of a Memcached, where 'django_session_cache' has names of its"
        " own (default: files)"
    )
    group.addoption("--django-session-cache-url", help=help_)
    parser.addini(_CACHE_OPTION, help_, default="")


@pytest.fixture
def django_session_db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Create a database with Django's tables for one test, and return its SQLAlchemy URL.

    It is an SQLite file, or a new database on the server that ``--django-session-db-url`` or the
    ini value ``django_session_db_url`` names. It is dropped after the test.
    """
    from .databases import lend, make_tables

    with lend(_given(request, _OPTION), tmp_path) as url:
        make_tables(url)
        yield url


@pytest.fixture
def django_session_cache(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[dict[str, dict[str, Any]]]:
    """Return ``CACHES`` with an empty cache for one test.

    It is a folder, or a part of the server that ``--django-session-cache-url`` or the ini value
    ``django_session_cache_url`` names. The app says with ``SESSION_ENGINE`` that it uses it.
    """
    from .caches import lend

    with lend(_given(request, _CACHE_OPTION), tmp_path) as caches:
        yield caches


def _given(request: pytest.FixtureRequest, option: str) -> str:
    return str(request.config.getoption(option) or request.config.getini(option))


@pytest.fixture
def django_session(request: pytest.FixtureRequest) -> MakeSession:
    """Return a function that stores a session in the app's database and returns its key.

    ``django_session({"cart": []}, user=user, expires=60, expired=False, form="signed",
    corrupted=False)``
    """
    from .making import MakeSession

    return MakeSession(_app(request, "django_session"))


@pytest.fixture
def django_session_client(request: pytest.FixtureRequest) -> MakeClient:
    """Return a function that creates a test client of ``app`` whose cookie names a session.

    It takes the arguments of ``django_session``, or ``session_key=`` for a session that exists.
    """
    from .making import MakeClient

    return MakeClient(_app(request, "django_session_client"))


@pytest.fixture
def django_device(request: pytest.FixtureRequest) -> MakeDevice:
    """Return a function that logs a user in on another device, and returns its test client.

    ``django_device(user, address="192.0.2.0/24", user_agent="Firefox on Linux")``. It creates the
    index of the sessions, as ``flask sessions index`` does.
    """
    from .making import MakeDevice

    return MakeDevice(_app(request, "django_device"))


@pytest.fixture
def django_session_change(request: pytest.FixtureRequest) -> type[SessionChange]:
    """Return a context manager that shows what requests do to a client's session.

    Write ``with django_session_change(client) as change:``, and send requests inside it. Afterwards
    ``change.kind`` is ``untouched``, ``created``, ``changed``, ``cycled``, ``replaced`` or
    ``flushed``.
    """
    from .change import SessionChange

    return SessionChange


@pytest.fixture
def django_user(request: pytest.FixtureRequest) -> MakeUser:
    """Return a function that adds a Django user to the database of ``app``.

    ``django_user("ann", password="secret", is_active=True)``; the user has ``pk`` and ``password``.
    """
    from .making import MakeUser

    return MakeUser(_app(request, "django_user"))


@pytest.fixture
def django_process_settings() -> dict[str, Any]:
    """Return more settings for ``django_process``; override it to give your project's settings.

    With ``ROOT_URLCONF`` and ``INSTALLED_APPS`` it serves the project's own pages.
    """
    return {}


@pytest.fixture
def django_process(
    request: pytest.FixtureRequest, tmp_path: Path, django_process_settings: dict[str, Any]
) -> Iterator[DjangoProcess]:
    """Run a real Django beside the test, on the same database and with the app's settings.

    It listens on a port of 127.0.0.1; see ``.url``. If Django is not installed, the test is
    skipped.
    """
    if not importlib.util.find_spec("django"):
        pytest.skip("Django is not installed here: pip install Django")
    from .process import run

    with run(_app(request, "django_process"), tmp_path, django_process_settings) as process:
        yield process


def _app(request: pytest.FixtureRequest, name: str) -> Any:
    try:
        return request.getfixturevalue("app")
    except pytest.FixtureLookupError as error:
        if error.argname != "app":
            raise
        raise pytest.UsageError(_NO_APP.format(name)) from None
