"""A real Redis that is stopped and started, in front of a table."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import session

from ..conftest import MakeSite, Site
from .conftest import ENGINE, KINDS, settings_of, store_of

pytestmark = pytest.mark.process


class Redis:
    """A Redis of the test's own."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("redis-server")
        if program is None:
            pytest.skip("Redis is not installed here")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        save = ["--save", "", "--dir", str(folder), "--dbfilename", "kept.rdb"]
        self._command = [program, "--port", str(self.port), *save]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

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
def redis(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def site(redis: Redis, make_site: MakeSite) -> Iterator[Site]:
    entry = {**KINDS["redis"], "LOCATION": redis.url}
    site = make_site(SESSION_ENGINE=ENGINE, CACHES={"default": entry})

    @site.app.get("/")
    def count() -> str:
        session["n"] = session.get("n", 0) + 1
        return str(session["n"])

    @site.app.get("/out")
    def out() -> str:
        session.flush()  # type: ignore[attr-defined]
        return ""

    yield site
    store_of(site).cache.guarded.client.close()


def test_the_table_serves_while_the_cache_is_down(site: Site, redis: Redis) -> None:
    client = site.client
    answers = [client.get("/").text]
    redis.stop()
    answers += [client.get("/").text, client.get("/").text]
    redis.start()
    answers += [client.get("/").text]
    assert answers == ["1", "2", "3", "4"]


def test_who_logs_out_while_the_cache_is_cut_off_does_not_come_back(
    site: Site, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, store = site.client, store_of(site)
    client.get("/")
    key = client.get_cookie("sessionid").value  # type: ignore[union-attr]
    names = store.cache.names
    inner = store.cache.guarded.client
    with monkeypatch.context() as cut_off:
        cut_off.setattr(type(inner), "_client", property(lambda self: 1 / 0))
        cut_off.setattr(type(inner), "_writer", property(lambda self: 1 / 0))
        client.get("/out")
    assert inner.get(names.of(key)) is not None
    store.cache.guarded._rests_until = 0.0
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
