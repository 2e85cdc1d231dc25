"""Database servers of one's own, to stop and start; never the machine's shared ones."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import randrange
from typing import Any

import sqlalchemy as sa

#: how a server is stopped: in good order, or as in a crash
STOPS = ["in order", "at once"]

_PATIENCE = 60  # seconds


class NotPossibleError(RuntimeError):
    """What a check needs is not on this machine; the message says what."""


class PrivateServer(ABC):
    """A server on a free port, whose files are in a folder of its own.

    :param folder: belongs to the user that the server runs as.
    """

    #: the user that it runs as, where root asks: neither server runs as root
    user: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.data = folder / "data"

    @property
    @abstractmethod
    def url(self) -> sa.URL:
        """The URL of a database in which others may be made."""

    @abstractmethod
    def install(self) -> None:
        """Make the files of the server."""

    @abstractmethod
    def start(self) -> None:
        """Start it, and wait until it answers."""

    @abstractmethod
    def stop(self, how: str) -> None:
        """Stop it, in one of the ways of STOPS, and wait until it has gone."""

    def run(self, statement: str) -> None:
        """Run a statement of an administrator."""
        engine = sa.create_engine(self.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)

    def make_database(self, name: str, options: str = "") -> str:
        """Make a database, and return its URL."""
        self.run(f"CREATE DATABASE {name} {options}")
        return self.url.set(database=name).render_as_string(hide_password=False)

    def _do(self, *command: str | Path) -> None:
        # Not through a pipe: what pg_ctl starts would hold it open.
        with open(self.folder / "messages", "w+", encoding="utf-8") as messages:
            done = subprocess.run(
                command, stdout=messages, stderr=messages, check=False, **self._as_user()
            )
            if done.returncode:
                messages.seek(0)
                raise RuntimeError(f"'{command[0]}' has failed: {messages.read()[-2000:]}")

    def _as_user(self) -> dict[str, Any]:
        if os.getuid():
            return {"cwd": self.folder}
        return {"cwd": self.folder, "user": self.user, "group": self.user, "extra_groups": []}


class PostgreSQL(PrivateServer):
    """A cluster of PostgreSQL's."""

    user = "postgres"

    @property
    def url(self) -> sa.URL:
        """The URL of its first database."""
        return sa.make_url(
            f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres?sslmode=disable"
        )

    def install(self) -> None:
        """Make the cluster."""
        options = "-U postgres -A trust -E UTF8 --no-locale --no-sync"
        self._do(program("initdb"), "-D", self.data, *options.split())

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-h 127.0.0.1 -p {self.port} -k {self.folder}"
        log = self.folder / "log"
        self._do(program("pg_ctl"), "-D", self.data, "-l", log, "-o", options, "-w", "start")

    def stop(self, how: str) -> None:
        """Stop it: "fast" or "immediate", as PostgreSQL says."""
        mode = "fast" if how == "in order" else "immediate"
        self._do(program("pg_ctl"), "-D", self.data, "-m", mode, "-w", "stop")


class MariaDB(PrivateServer):
    """A data directory of MariaDB's, and its server."""

    user = "mysql"
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> sa.URL:
        """The URL of its own tables' database, in which nothing is done."""
        return sa.make_url(f"mysql+pymysql://root@127.0.0.1:{self.port}/mysql")

    def install(self) -> None:
        """Make the data directory."""
        options = "--no-defaults --auth-root-authentication-method=normal --skip-test-db"
        installer = program("mariadb-install-db")
        self._do(installer, *options.split(), f"--datadir={self.data}")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = (
            f"--no-defaults --datadir={self.data} --socket={self.folder}/socket"
            f" --bind-address=127.0.0.1 --port={self.port} --log-error={self.folder}/log"
        )
        self._process = subprocess.Popen(
            [program("mariadbd"), *options.split()],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **self._as_user(),
        )
        self._wait_until_it_answers(self._process)

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                self.run("SELECT 1")
            except sa.exc.OperationalError:
                if process.poll() is not None or time.monotonic() > until:
                    log = (self.folder / "log").read_text(encoding="utf-8", errors="replace")
                    raise RuntimeError(f"MariaDB has not started: {log[-2000:]}") from None
                time.sleep(0.05)
            else:
                return

    def stop(self, how: str) -> None:
        """Stop it with SIGTERM or SIGKILL."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM if how == "in order" else signal.SIGKILL)
        self._process.wait(_PATIENCE)


KINDS: dict[str, type[PrivateServer]] = {"postgresql": PostgreSQL, "mariadb": MariaDB}


@contextmanager
def private_server(kind: str) -> Iterator[PrivateServer]:
    """Lend a server that runs, and take it away in the end.

    :raises NotPossibleError: where its programs are not installed.
    """
    with folder_of(KINDS[kind].user) as folder:
        server = KINDS[kind](folder)
        server.install()
        server.start()
        try:
            yield server
        finally:
            with suppress(RuntimeError):  # a check has failed while it was stopped
                server.stop("at once")


@contextmanager
def folder_of(user: str | None = None) -> Iterator[Path]:
    """Lend a folder that belongs to *user*, where root asks."""
    with tempfile.TemporaryDirectory(
        prefix="flask-dj-session-faults-", ignore_cleanup_errors=True
    ) as name:
        if user and not os.getuid():
            give_to(user, Path(name))
        yield Path(name)


def give_to(user: str, folder: Path) -> None:
    """Let *folder* belong to *user*; only root may."""
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise NotPossibleError(f"there is no user '{user}'") from None
    os.chown(folder, entry.pw_uid, entry.pw_gid)


def program(name: str) -> str:
    """Find a program, also where Debian keeps those of PostgreSQL and those of administrators."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: float(one.parent.name)
    )
    folders = [os.environ.get("PATH", ""), "/usr/sbin", *map(str, reversed(debian))]
    found = shutil.which(name, path=os.pathsep.join(folders))
    if found is None:
        raise NotPossibleError(f"'{name}' is not installed")
    return found


def free_port() -> int:
    """Return a port that nobody has."""
    # Below those that systems give to clients: while the server is down, none of them takes it.
    while True:
        port = randrange(20_000, 32_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
