"""A real Redis or Memcached that is stopped and started, in front of a table."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import session

from ..conftest import MakeSite, Site
from .conftest import ENGINE, KINDS, cache_of, settings_of, store_of

pytestmark = pytest.mark.process


_COMMANDS = {
    "redis": "redis-server --bind 127.0.0.1 --port {port} --dir {folder} --save",
    "memcached": "memcached -u nobody -l 127.0.0.1 -p {port}",
}
_PLACES = {"redis": "redis://127.0.0.1:{port}/0", "memcached": "127.0.0.1:{port}"}


class Server:
    """A server of the test's own, which forgets all when it stops."""

    def __init__(self, kind: str, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._command = _COMMANDS[kind].format(port=self.port, folder=folder).split()
        if shutil.which(self._command[0]) is None:
            pytest.skip(f"{self._command[0]} is not installed here")
        if kind == "redis":
            self._command.append("")
        self.entry = {**KINDS[kind], "LOCATION": _PLACES[kind].format(port=self.port)}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        ends = time.monotonic() + 10
        while time.monotonic() < ends:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                continue
            return

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None


@pytest.fixture
def server(kind: str, tmp_path: Path) -> Iterator[Server]:
    server = Server(kind, tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def site(server: Server, make_site: MakeSite) -> Iterator[Site]:
    site = _counting(make_site, server.entry)
    yield site
    store_of(site).cache.guarded.client.close()


def _counting(make_site: MakeSite, entry: dict[str, Any]) -> Site:
    site = make_site(SESSION_ENGINE=ENGINE, CACHES={"default": entry})

    @site.app.get("/")
    def count() -> str:
        session["n"] = session.get("n", 0) + 1
        return str(session["n"])

    @site.app.get("/out")
    def out() -> str:
        session.flush()  # type: ignore[attr-defined]
        return ""

    return site


EVERY_SERVER = pytest.mark.parametrize("kind", _COMMANDS)


@EVERY_SERVER
def test_the_table_serves_while_the_cache_is_down(site: Site, server: Server) -> None:
    client = site.client
    answers = [client.get("/").text]
    server.stop()
    answers += [client.get("/").text, client.get("/").text]
    server.start()
    answers += [client.get("/").text]
    assert answers == ["1", "2", "3", "4"]


@EVERY_SERVER
@pytest.mark.parametrize("asked", [1, 5])
def test_one_process_that_has_noticed_and_one_that_has_not_lose_nothing(
    site: Site, make_site: MakeSite, server: Server, asked: int
) -> None:
    """Else the second would put an entry there, and believe it when the first has counted on."""
    other = _counting(make_site, server.entry)
    there, here = other.client, site.client
    answers = [there.get("/").text]
    here.set_cookie("sessionid", there.get_cookie("sessionid").value)  # type: ignore[union-attr]
    server.stop()
    for _ in range(asked):
        site.client.get("/")
    server.start()
    for one in (there, here, there, here):
        answers.append(one.get("/").text)
    assert answers == ["1", "2", "3", "4", "5"]
    store_of(other).cache.guarded.client.close()


def test_who_logs_out_while_the_cache_is_cut_off_does_not_come_back(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, store = site.client, store_of(site)
    client.get("/")
    key = client.get_cookie("sessionid").value  # type: ignore[union-attr]
    names = store.cache.names
    inner = store.cache.guarded.client
    with monkeypatch.context() as cut_off:
        for name in ("get", "swap", "add", "delete", "touch"):
            cut_off.setattr(inner, name, lambda *_: 1 / 0)
        client.get("/out")
    assert inner.get(names.of(key)) is not None
    with site.app.app_context():
        assert site.sessions.session(key).get("n") is None
    assert inner.get(names.of(key)) is None


def test_a_row_that_is_gone_is_not_believed_where_that_is_verified(site: Site) -> None:
    client, store = site.client, store_of(site)
    client.get("/")
    super(type(store), store).delete_all()
    with site.app.app_context():
        key = client.get_cookie("sessionid").value  # type: ignore[union-attr]
        assert site.sessions.session(key).get("n") == 1
        site.app.config["SESSION_CACHE_VERIFY"] = True
        assert settings_of(site).cache_verify
        assert site.sessions.session(key).get("n") is None
        site.app.config["SESSION_CACHE_VERIFY"] = False
        assert site.sessions.session(key).get("n") is None


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[list[Server]]:
    servers = [Server("memcached", tmp_path) for _ in range(2)]
    for server in servers:
        server.start()
    yield servers
    for server in servers:
        server.stop()


def test_nothing_is_lost_where_one_of_several_memcacheds_is_restarted(
    make_site: MakeSite, servers: list[Server]
) -> None:
    entry = {**servers[0].entry, "LOCATION": [one.entry["LOCATION"] for one in servers]}
    sites = [_counting(make_site, entry) for _ in range(2)]
    visitors = [Visitor(sites) for _ in range(8)]
    for visitor in visitors:
        visitor.count(2)
    servers[0].stop()
    for visitor in visitors:
        visitor.count(1)  # so one of the two knows better that it is down
    for _ in visitors:
        sites[0].client.get("/")
    servers[0].start()
    for visitor in visitors:
        visitor.count(4)
    for site in sites:
        store_of(site).cache.guarded.client.close()


class Visitor:
    """Comes to several apps by turns, and is told the right count each time."""

    def __init__(self, sites: list[Site]) -> None:
        self._clients = [site.client for site in sites]
        self._counted = 0
        self._key = ""

    def count(self, times: int) -> None:
        for _ in range(times):
            client = self._clients[self._counted % len(self._clients)]
            if self._key:
                client.set_cookie("sessionid", self._key)
            self._counted += 1
            assert client.get("/").text == str(self._counted)
            self._key = client.get_cookie("sessionid").value  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", ["memcached"])
@pytest.mark.parametrize("options", [{}, {"ignore_exc": True, "retry_timeout": 60}])
def test_no_option_hides_that_something_could_not_be_removed(
    kind: str, tmp_path: Path, options: dict[str, object]
) -> None:
    server = Server(kind, tmp_path)  # which is not started
    entry = {**server.entry, "OPTIONS": options}
    guarded = cache_of({"default": entry}).guarded
    guarded.delete(["a"])
    guarded.delete(["b"])
    assert guarded.stale == ("a", "b")
    guarded.client.close()
