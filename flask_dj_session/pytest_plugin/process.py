"""A real Django in a process of its own, and how a test talks to it; no fixtures here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import Flask

from ..settings import DEFAULTS
from .making import interface_of

_ENGINES = {"sqlite": "sqlite3", "postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}
#: settings of the app that are not Django's, or not any more
_NOT_DJANGOS = {"SESSION_COOKIE_PARTITIONED", "DEFAULT_HASHING_ALGORITHM"}


class DjangoAnswer(NamedTuple):
    """What Django has answered."""

    status: int
    #: the JSON of the answer: ``session_key``, ``data``, ``user``
    json: dict[str, Any]
    headers: dict[str, str]

    @property
    def session_key(self) -> str | None:
        """The session's key after the request."""
        return self.json.get("session_key")

    @property
    def data(self) -> dict[str, Any]:
        """The session's data after the request."""
        return dict(self.json.get("data") or {})

    @property
    def user(self) -> str | None:
        """Who is logged in, by user name; None where nobody is."""
        return self.json.get("user")


class DjangoProcess:
    """A Django that answers on :attr:`url`.

    :param cookie_name: its SESSION_COOKIE_NAME.
    """

    def __init__(self, url: str, cookie_name: str) -> None:
        #: as ``http://127.0.0.1:40123``
        self.url = url
        self._cookie_name = cookie_name

    def session(self, session_key: str | None = None) -> DjangoAnswer:
        """Ask Django what it sees in the session of a key."""
        return self._ask("/session", session_key)

    def update(self, session_key: str | None = None, /, **items: Any) -> DjangoAnswer:
        """Have Django change a session, or begin one."""
        return self._ask("/session/update", session_key, items)

    def cycle_key(self, session_key: str | None = None) -> DjangoAnswer:
        """Have Django give the session another key."""
        return self._ask("/session/cycle", session_key, {})

    def login(self, username: str, password: str, session_key: str | None = None) -> DjangoAnswer:
        """Log somebody in, in Django."""
        return self._ask("/login", session_key, {"username": username, "password": password})

    def logout(self, session_key: str | None = None) -> DjangoAnswer:
        """Log out, in Django."""
        return self._ask("/logout", session_key, {})

    def _ask(
        self, path: str, session_key: str | None, body: dict[str, Any] | None = None
    ) -> DjangoAnswer:
        headers = {"Content-Type": "application/json"}
        if session_key is not None:
            headers["Cookie"] = f"{self._cookie_name}={session_key}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers)  # noqa: S310 - on 127.0.0.1
        # Whatever proxy the environment names, Django is on this machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return _answer(answer)
        except urllib.error.HTTPError as answer:
            with answer:
                return _answer(answer)


def _answer(answer: Any) -> DjangoAnswer:
    text = answer.read().decode()
    is_json = answer.headers.get_content_type() == "application/json"
    return DjangoAnswer(
        answer.status, json.loads(text) if is_json else {}, dict(answer.headers.items())
    )


@contextmanager
def run(app: Flask, folder: Path) -> Iterator[DjangoProcess]:
    """Run Django with the settings of *app*, on its database.

    :param folder: where Django's log goes, ``django_process.log``.
    :raises RuntimeError: where Django does not start, with the end of its log.
    """
    log = folder / "django_process.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "flask_dj_session.pytest_plugin.site"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        # By a pipe, since a key among the arguments would be everybody's to read.
        process.stdin.write(json.dumps(_settings(app)).encode() + b"\n")
        process.stdin.flush()
        port = process.stdout.readline().strip().decode()
        if not port:
            raise RuntimeError(f"Django did not start.\n{log.read_text()[-2000:]}")
        yield DjangoProcess(f"http://127.0.0.1:{port}", app.config["SESSION_COOKIE_NAME"])
    finally:
        process.kill()
        process.communicate()


def _settings(app: Flask) -> dict[str, Any]:
    """Return Django's settings for a site beside *app*."""
    config = app.config
    names = [name for name in DEFAULTS if name not in _NOT_DJANGOS and name in config]
    mine = {name: config[name] for name in names if isinstance(config[name], _JSON_KNOWS)}
    # A serializer that is a class cannot be named, and Django's own is the default.
    return {
        **mine,
        "DATABASES": {"default": _database(interface_of(app).store.engine.app_engine.url)},
    }


_JSON_KNOWS = (str, int, float, bool, list, tuple, type(None))


def _database(url: sa.URL) -> dict[str, Any]:
    return {
        "ENGINE": f"django.db.backends.{_ENGINES[url.get_backend_name()]}",
        "NAME": url.database,
        "USER": url.username or "",
        "PASSWORD": url.password or "",
        "HOST": url.host or "",
        "PORT": url.port or "",
    }
