"""A Redis on a socket, with TLS, with a replica and behind a sentinel; and processes that fork."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import redis
from flask import Flask, session

from flask_dj_session import DjangoSessions

from ..conftest import MakeSite
from ..live_django import SECRET_KEY
from .conftest import BACKENDS, EVERY_CACHE, KINDS, Caches, DjangoStore, store_of

pytestmark = pytest.mark.process
_SERVICE = "sessions"


class Servers:
    """A Redis with a replica and a sentinel, all of this module's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.tls, self.replica, self.sentinel = _free_ports(4)
        self.socket = folder / "socket"
        self.certificate = folder / "certificate.pem"
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        key = self.folder / "key.pem"
        _make_certificate(key, self.certificate)
        self._start(
            f"--port {self.port} --unixsocket {self.socket} --tls-port {self.tls}"
            f" --tls-cert-file {self.certificate} --tls-key-file {key} --tls-auth-clients no"
            f" --tls-ca-cert-file {self.certificate} --repl-diskless-sync-delay 0"
        )
        self._start(f"--port {self.replica} --replicaof 127.0.0.1 {self.port}")
        watched = self.folder / "sentinel.conf"
        watched.write_text(f"sentinel monitor {_SERVICE} 127.0.0.1 {self.port} 1\n", "ascii")
        self._start(f"--port {self.sentinel} --sentinel", str(watched))
        _until(lambda: all(_ask(one, "PING") for one in (self.port, self.replica, self.sentinel)))
        _until(lambda: _ask(self.replica, "INFO")["master_link_status"] == "up")

    def stop(self) -> None:
        for process in reversed(self._running):
            process.kill()
            process.wait(10)

    def _start(self, options: str, *first: str) -> None:
        command = ["redis-server", *first, "--bind", "127.0.0.1", "--dir", str(self.folder)]
        nothing = [] if first else ["--save", ""]
        log = subprocess.DEVNULL
        self._running.append(
            subprocess.Popen([*command, *options.split(), *nothing], stdout=log, stderr=log)
        )

    def entry(self, how: str) -> dict[str, Any]:
        """Return what CACHES says of the server."""
        entry: dict[str, Any] = {**KINDS["redis"], "LOCATION": f"redis://127.0.0.1:{self.port}/0"}
        if how == "socket":
            entry["LOCATION"] = f"unix://{self.socket}?db=0"
        elif how == "tls":
            entry["LOCATION"] = f"rediss://127.0.0.1:{self.tls}/0"
            entry["OPTIONS"] = {"ssl_ca_certs": str(self.certificate)}
        elif how == "sentinel":
            entry = {**KINDS["django_redis"], "LOCATION": f"redis://{_SERVICE}/0"}
            entry["OPTIONS"] = {
                "CONNECTION_FACTORY": "django_redis.pool.SentinelConnectionFactory",
                "SENTINELS": [("127.0.0.1", self.sentinel)],
            }
        return entry


def _free_ports(number: int) -> list[int]:
    probes = [socket.socket() for _ in range(number)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports: list[int] = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def _make_certificate(key: Path, certificate: Path) -> None:
    options = (
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
        f" -keyout {key} -out {certificate} -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run(["openssl", *options.split()], check=True, capture_output=True)


def _ask(port: int, command: str) -> Any:
    client: Any = redis.Redis(port=port)
    try:
        return client.execute_command(command)
    except redis.exceptions.ConnectionError:
        return None
    finally:
        client.close()


def _until(holds: Callable[[], object]) -> None:
    ends = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < ends, "The servers have not started."


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    if missing := [name for name in ("redis-server", "openssl") if shutil.which(name) is None]:
        pytest.skip(f"not installed here: {', '.join(missing)}")
    servers = Servers(tmp_path_factory.mktemp("redis"))
    try:
        servers.start()
        yield servers
    finally:
        servers.stop()


class TestOneServer:
    """Both sides know the server by its socket, its TLS or its sentinel."""

    @pytest.fixture(params=["socket", "tls", "sentinel"])
    def caches(self, request: pytest.FixtureRequest, servers: Servers) -> Caches:
        return {"default": servers.entry(request.param)}

    def test_both_sides_know_what_the_other_has_done(
        self, make_cached: MakeSite, django_store: DjangoStore
    ) -> None:
        site = make_cached()
        theirs = django_store()
        theirs["n"] = 1
        theirs.save()
        key = theirs.session_key
        with site.app.app_context():
            ours = site.sessions.session(key)
            assert dict(ours) == {"n": 1}
            ours["n"] = 2
            ours.save()
            assert store_of(site).cache.guarded.get(store_of(site).cache.names.of(key))
            assert dict(django_store(key).items()) == {"n": 2}
            ours.flush()
        assert dict(django_store(key).items()) == {}


def test_a_certificate_that_nobody_knows_is_as_a_cache_that_is_down(
    make_site: MakeSite, servers: Servers, caplog: pytest.LogCaptureFixture
) -> None:
    entry = {**servers.entry("tls"), "OPTIONS": {}}
    site = make_site(SESSION_ENGINE=BACKENDS + "cached_db", CACHES={"default": entry})
    site.app.add_url_rule("/", view_func=_count)
    client = site.client
    assert [client.get("/").text for _ in range(3)] == ["1", "2", "3"]
    assert "The cache 'default' failed (ConnectionError)." in caplog.text
    store_of(site).cache.guarded.client.close()


def test_a_replica_that_is_cut_off_is_not_believed(make_site: MakeSite, servers: Servers) -> None:
    entry = servers.entry("")
    entry["LOCATION"] = [entry["LOCATION"], f"redis://127.0.0.1:{servers.replica}/0"]
    site = make_site(SESSION_ENGINE=BACKENDS + "cached_db", CACHES={"default": entry})
    site.app.add_url_rule("/", view_func=_count)
    client = site.client
    answers = [client.get("/").text]
    _until(lambda: _ask(servers.replica, "DBSIZE") == _ask(servers.port, "DBSIZE"))
    assert _ask(servers.replica, "REPLICAOF NO ONE")
    answers += [client.get("/").text for _ in range(3)]
    assert answers == ["1", "2", "3", "4"]
    store_of(site).cache.guarded.client.close()


@EVERY_CACHE
def test_a_process_and_its_child_do_not_talk_on_one_line(caches: Caches) -> None:
    app = Flask("tests.forking")
    app.config.update(SECRET_KEY=SECRET_KEY, SESSION_ENGINE=BACKENDS + "cache", CACHES=caches)
    sessions = DjangoSessions(app)
    app.add_url_rule("/", view_func=_count)
    client = app.test_client()
    client.get("/")  # which opens a line
    child = os.fork()
    if child == 0:
        status = 1
        with suppress(Exception):
            status = 0 if _counts(app) else 2
        os._exit(status)
    assert _counts(app)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert client.get("/").text == "2"
    with app.app_context():
        store: Any = sessions.store
    store.cache.guarded.client.close()


def _counts(app: Flask) -> bool:
    client = app.test_client()
    return [client.get("/").text for _ in range(200)] == [str(one + 1) for one in range(200)]


def _count() -> str:
    session["n"] = session.get("n", 0) + 1
    return str(session["n"])
