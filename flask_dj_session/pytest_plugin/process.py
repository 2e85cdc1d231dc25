"""A real Django in a process of its own, and how a test talks to it; no fixtures here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from email.message import Message
from http.cookies import SimpleCookie
from pathlib import Path
from typing import IO, Any, NamedTuple
from urllib.parse import urlencode

from flask import Flask

from ..settings import DEFAULTS
from .browser import django_site
from .databases import django_entry

#: settings of the app that are not Django's, or not any more
_NOT_DJANGOS = {"SESSION_COOKIE_PARTITIONED", "DEFAULT_HASHING_ALGORITHM"}
_JSON_KNOWS = (str, int, float, bool, list, tuple, type(None))


class DjangoAnswer(NamedTuple):
    """What Django has answered."""

    status: int
    text: str
    headers: Message
    #: the key that a browser has after the answer, if any
    session_key: str | None

    @property
    def json(self) -> dict[str, Any]:
        """The JSON of the answer; empty where it is none."""
        is_json = self.headers.get_content_type() == "application/json"
        return dict(json.loads(self.text)) if is_json else {}

    @property
    def data(self) -> dict[str, Any]:
        """The session's data after one of the requests below."""
        return dict(self.json.get("data") or {})

    @property
    def user(self) -> str | None:
        """Who is logged in after one of them, by user name; None where nobody is."""
        return self.json.get("user")


class DjangoProcess:
    """A Django that answers on :attr:`url`.

    :param cookie_name: its SESSION_COOKIE_NAME.
    """

    def __init__(self, url: str, cookie_name: str) -> None:
        #: as ``http://127.0.0.1:40123``
        self.url = url
        self._cookie_name = cookie_name
        # Whatever proxy the environment names, Django is on this machine.
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), _StaysWhereItIs()
        )

    def session(self, session_key: str | None = None) -> DjangoAnswer:
        """Ask Django what it sees in the session of a key."""
        return self.get("/django_process/session", session_key)

    def update(self, session_key: str | None = None, /, **items: Any) -> DjangoAnswer:
        """Have Django change a session, or begin one."""
        return self._act("update", session_key, items)

    def cycle_key(self, session_key: str | None = None) -> DjangoAnswer:
        """Have Django give the session another key."""
        return self._act("cycle", session_key, {})

    def flush(self, session_key: str | None = None) -> DjangoAnswer:
        """Have Django end the session."""
        return self._act("flush", session_key, {})

    def login(self, username: str, password: str, session_key: str | None = None) -> DjangoAnswer:
        """Log somebody in, in Django."""
        return self._act("login", session_key, {"username": username, "password": password})

    def logout(self, session_key: str | None = None) -> DjangoAnswer:
        """Log out, in Django."""
        return self._act("logout", session_key, {})

    def get(self, path: str, session_key: str | None = None) -> DjangoAnswer:
        """Ask for a page of a project's own; a redirect is not followed."""
        return self._ask(path, session_key)

    def post(self, path: str, session_key: str | None = None, /, **fields: str) -> DjangoAnswer:
        """Send a form to a page of a project's own."""
        return self._ask(path, session_key, urlencode(fields).encode())

    def _act(self, what: str, session_key: str | None, body: dict[str, Any]) -> DjangoAnswer:
        text = json.dumps(body).encode()
        return self._ask(f"/django_process/{what}", session_key, text, "application/json")

    def _ask(
        self,
        path: str,
        session_key: str | None,
        body: bytes | None = None,
        content_type: str = "application/x-www-form-urlencoded",
    ) -> DjangoAnswer:
        request = urllib.request.Request(self.url + path, body)  # noqa: S310 - on 127.0.0.1
        if body is not None:
            request.add_header("Content-Type", content_type)
        if session_key is not None:
            request.add_header("Cookie", f"{self._cookie_name}={session_key}")
        try:
            answer = self._opener.open(request, timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            key = self._key_after(answer.headers, session_key)
            return DjangoAnswer(answer.status, answer.read().decode(), answer.headers, key)

    def _key_after(self, headers: Message, session_key: str | None) -> str | None:
        """Return the key that a browser has after an answer."""
        for header in headers.get_all("Set-Cookie", []):
            cookie = SimpleCookie(header).get(self._cookie_name)
            if cookie is not None:
                return cookie.value or None
        return session_key


class _StaysWhereItIs(urllib.request.HTTPRedirectHandler):
    """Takes a redirect for the answer."""

    def redirect_request(self, *_: Any) -> None:
        return None


@contextmanager
def run(app: Flask, folder: Path, settings: Mapping[str, Any]) -> Iterator[DjangoProcess]:
    """Run Django with the settings of *app*, on its database.

    :param folder: where Django's log goes, ``django_process.log``.
    :param settings: further settings of Django's, of what JSON knows.
    :raises ValueError: where the app's database cannot be opened by another process.
    :raises RuntimeError: where Django does not start, with the end of its log.
    """
    # By a pipe, since a key among the arguments would be everybody's to read.
    given = json.dumps({**_settings_of(app), **settings}).encode() + b"\n"
    log = folder / "django_process.log"
    with log.open("wb") as errors:
        process = begin(errors)
    try:
        port = _port(process, given)
        if not port:
            raise RuntimeError(f"Django did not start.\n{log.read_text()[-2000:]}")
        yield DjangoProcess(f"http://127.0.0.1:{port}", app.config["SESSION_COOKIE_NAME"])
    finally:
        process.kill()
        process.communicate()


def _port(process: subprocess.Popen[bytes], settings: bytes) -> str:
    """Give Django its settings, and return the port that it says; empty where it did not start."""
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(BrokenPipeError):
        process.stdin.write(settings)
        process.stdin.flush()
    return process.stdout.readline().strip().decode()


def begin(log: IO[bytes]) -> subprocess.Popen[bytes]:
    """Begin the process; it waits for its settings, and ends where nobody is left to send them."""
    return subprocess.Popen(
        [sys.executable, "-m", "flask_dj_session.pytest_plugin.django_server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


def _settings_of(app: Flask) -> dict[str, Any]:
    """Return Django's settings for a site beside *app*."""
    config = app.config
    names = [name for name in DEFAULTS if name not in _NOT_DJANGOS and name in config]
    # A serializer that is a class cannot be named, and Django's own is the default.
    mine = {name: config[name] for name in names if _json_knows(config[name])}
    return {**mine, "DATABASES": {"default": _database_of(app)}}


def _json_knows(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(name, str) and _json_knows(it) for name, it in value.items())
    return isinstance(value, _JSON_KNOWS)


def _database_of(app: Flask) -> dict[str, Any]:
    try:
        engine = django_site(app).store.engine
    except RuntimeError:  # the sessions are in a cache, and the app has no database
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    return django_entry(engine.app_engine.url)
