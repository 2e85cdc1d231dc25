"""Caches of one meeting's own, which it may stop, empty and fill: no server of the machine's."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import randrange
from typing import Any

from redis import Redis

from .reasons import NoAnswerError, NotInstalledError

#: seconds until a server that does not answer counts as one that cannot be started
_PATIENCE = 10


class CachePlace(ABC):
    """Where the entries are.

    :param folder: is empty, and this one's own.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    @abstractmethod
    def location(self) -> str:
        """What CACHES says as LOCATION."""

    @abstractmethod
    def empty(self) -> None:
        """Remove all entries."""

    @abstractmethod
    def start(self) -> None:
        """Start the server, where there is one."""

    @abstractmethod
    def stop(self) -> None:
        """Stop the server, where there is one; what it had is gone."""


class Folder(CachePlace):
    """A folder of files."""

    @property
    def location(self) -> str:
        """What CACHES says as LOCATION."""
        return str(self.folder / "entries")

    def start(self) -> None:
        """There is no server."""

    def stop(self) -> None:
        """There is no server."""

    def empty(self) -> None:
        """Remove all entries."""
        shutil.rmtree(self.location, ignore_errors=True)


class CacheServer(CachePlace):
    """A server on a free port."""

    program = ""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def _options(self) -> list[str]: ...

    def start(self) -> None:
        """Start it, and wait until it answers.

        :raises NotInstalledError: where it is not on this machine.
        :raises NoAnswerError: where it does not start.
        """
        program = shutil.which(self.program)
        if program is None:
            raise NotInstalledError(f"no {self.program} here")
        self._process = subprocess.Popen(
            [program, *self._options()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + _PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise NoAnswerError(f"{self.program} does not start on a port of its own")
            time.sleep(0.01)

    def stop(self) -> None:
        """Stop it; what it had is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return not probe.connect_ex(("127.0.0.1", self.port))


class RedisServer(CacheServer):
    """A Redis that keeps nothing on a disk."""

    program = "redis-server"

    @property
    def location(self) -> str:
        """What CACHES says as LOCATION."""
        return f"redis://127.0.0.1:{self.port}/1"

    def _options(self) -> list[str]:
        options = f"--port {self.port} --bind 127.0.0.1 --appendonly no"
        return [*options.split(), "--save", "", "--dir", str(self.folder)]

    def empty(self) -> None:
        """Remove all entries."""
        self._ask("FLUSHALL")

    def seconds_left(self, name_ends_with: str) -> float:
        """Return how long an entry stays, found by the end of its name."""
        (name,) = self._ask("KEYS", f"*{name_ends_with}")
        return float(self._ask("PTTL", name)) / 1000

    @contextmanager
    def full(self) -> Iterator[None]:
        """Let it refuse whatever is to be put there."""
        self._ask("CONFIG", "SET", "maxmemory", "1")
        try:
            yield
        finally:
            self._ask("CONFIG", "SET", "maxmemory", "0")

    def _ask(self, *command: str | bytes) -> Any:
        with Redis.from_url(self.location) as client:
            return client.execute_command(*command)


class MemcachedServer(CacheServer):
    """A Memcached."""

    program = "memcached"

    @property
    def location(self) -> str:
        """What CACHES says as LOCATION."""
        return f"127.0.0.1:{self.port}"

    def _options(self) -> list[str]:
        return ["-l", "127.0.0.1", "-p", str(self.port), "-u", "nobody"]

    def empty(self) -> None:
        """Remove all entries."""
        with socket.create_connection(("127.0.0.1", self.port), _PATIENCE) as connection:
            connection.sendall(b"flush_all\r\n")
            connection.recv(64)


def _free_port() -> int:
    # Below those that systems give to clients: while the server is down, none of them takes it.
    while True:
        port = randrange(20_000, 32_000)  # noqa: S311 - no secret
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
