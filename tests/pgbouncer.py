"""A PgBouncer before the server that TEST_POSTGRESQL_URL names."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

_INI = """
[databases]
* = {server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
ignore_startup_parameters = extra_float_digits
{more}
"""


@contextmanager
def pgbouncer(
    url: sa.URL, mode: str, folder: Path, *, turns: int = 0, kept: int = 0
) -> Iterator[sa.URL]:
    """Lend the URL by which the database at *url* is reached through PgBouncer.

    :param turns: 1 where connections of the server are to be given out by turns.
    :param kept: how many prepared statements are kept for a client, where PgBouncer can do that.
    """
    program = _program()
    more = f"server_round_robin = {turns}\n"
    if keeps_statements():
        more += f"max_prepared_statements = {kept}\n"
    port = _free_port()
    parts = {"host": url.host, "port": url.port, "user": url.username, "password": url.password}
    server = " ".join(f"{name}='{value}'" for name, value in parts.items() if value is not None)
    ini = folder / "pgbouncer.ini"
    ini.write_text(_INI.format(server=server, port=port, mode=mode, more=more))
    # It does not run as root.
    user = ["-u", "nobody"] if os.getuid() == 0 else []
    with subprocess.Popen([program, *user, str(ini)], stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            told = iter(process.stderr.readline, "")
            assert any("process up" in line for line in told)
            yield url.set(host="127.0.0.1", port=port)
        finally:
            # SIGTERM waits for the clients, since 1.23.
            process.kill()


def keeps_statements() -> bool:
    """Return whether the PgBouncer that is installed can keep prepared statements: since 1.21."""
    told = subprocess.run([_program(), "--version"], capture_output=True, text=True, check=True)
    version = re.search(r"(\d+)\.(\d+)", told.stdout)
    assert version is not None
    return (int(version[1]), int(version[2])) >= (1, 21)


def _program() -> str:
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("pgbouncer is not installed here")
    return program


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
