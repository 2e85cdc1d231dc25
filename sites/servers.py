"""A cache's server for one walk: started on a port of its own, and ended with the walk."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from interop.reasons import NoAnswerError, NotInstalledError

#: by kind: its program, and how it is started on a port, with a folder for what it writes
_PROGRAMS: dict[str, tuple[str, Callable[[str, Path], list[str]]]] = {
    "Redis": (
        "redis-server",
        lambda port, folder: [
            "--port",
            port,
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            str(folder),
        ],
    ),
    # As root it does not start without a user, and to others the option is nothing.
    "Memcached": (
        "memcached",
        lambda port, folder: ["-l", "127.0.0.1", "-p", port, "-u", "nobody"],
    ),
}
#: seconds until it must answer
PATIENCE = 10.0


def find_program(kind: str) -> str:
    """Return where the program of a kind of cache is.

    :raises NotInstalledError: where it is not on this machine.
    """
    name = _PROGRAMS[kind][0]
    program = shutil.which(name)
    if program is None:
        raise NotInstalledError(f"no {name} here")
    return program


@contextmanager
def cache_server(kind: str, folder: Path) -> Iterator[str]:
    """Lend an empty server of a kind; return its host and port.

    :raises NotInstalledError: where its program is not on this machine.
    :raises NoAnswerError: where it does not start.
    """
    port = _free_port()
    command = [find_program(kind), *_PROGRAMS[kind][1](str(port), folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(kind, port, process)
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _wait_for(kind: str, port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            continue
        return
    raise NoAnswerError(f"{kind} does not start on a port of its own")
