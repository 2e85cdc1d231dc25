"""A cache's server for one walk: started on a port of its own, and ended with the walk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from interop.cache_servers import CacheServer, MemcachedServer, RedisServer
from interop.reasons import NotInstalledError

_SERVERS: dict[str, type[CacheServer]] = {"Redis": RedisServer, "Memcached": MemcachedServer}


def find_program(kind: str) -> str:
    """Return where the program of a kind of cache is.

    :raises NotInstalledError: where it is not on this machine.
    """
    name = _SERVERS[kind].program
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
    server = _SERVERS[kind](folder)
    server.start()
    try:
        yield f"127.0.0.1:{server.port}"
    finally:
        server.stop()
