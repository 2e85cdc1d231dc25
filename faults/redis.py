"""A Redis of one's own, to stop and start; never the machine's shared one."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .servers import NotPossibleError, folder_of, free_port, program

_PATIENCE = 60  # seconds


class Redis:
    """A server on a free port.

    :param folder: for its files.
    :param keeps: whether it has after a stop, even after a crash, what it had before.
    """

    def __init__(self, folder: Path, *, keeps: bool) -> None:
        self.port = free_port()
        kept = "--appendonly yes --appendfsync always" if keeps else "--appendonly no"
        options = f"--bind 127.0.0.1 --port {self.port} --dir {folder} {kept} --save"
        self._command = [program("redis-server"), *options.split(), ""]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The URL of its first database."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        until = time.monotonic() + _PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("Redis has not started.")
            time.sleep(0.02)

    def stop(self, how: str) -> None:
        """Stop it with SIGTERM or SIGKILL, and wait until it has gone."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM if how == "in order" else signal.SIGKILL)
        self._process.wait(_PATIENCE)

    def names(self) -> list[str]:
        """Return the names of all entries."""
        with _client(self.url) as client:
            return [name.decode() for name in client.scan_iter(count=1000)]

    def _answers(self) -> bool:
        with _client(self.url) as client:
            try:
                return bool(client.ping())
            except OSError:
                return False
            except Exception as error:
                if type(error).__name__ in ("ConnectionError", "BusyLoadingError"):
                    return False
                raise


def _client(url: str) -> Any:
    try:
        import redis
    except ImportError:
        raise NotPossibleError("the package 'redis' is not installed") from None
    return redis.Redis.from_url(url)


@contextmanager
def private_redis(*, keeps: bool) -> Iterator[Redis]:
    """Lend a server that runs, and take it away in the end.

    :raises NotPossibleError: where the program or the package is not installed.
    """
    with folder_of() as folder:
        server = Redis(folder, keeps=keeps)
        try:
            server.start()
            yield server
        finally:
            server.stop("at once")
