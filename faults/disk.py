"""The disk runs full: what is on a small file system of its own cannot grow."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.load import Visitor

from .servers import NotPossibleError, PrivateServer, give_to
from .site import Site, require

_MANY = 20_000


class SmallDisk:
    """A file system in memory, mounted on *folder*."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mount(self, megabytes: int) -> None:
        """Let it be there."""
        self._run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs")

    def grow(self, megabytes: int) -> None:
        """Let it have room again."""
        self._run("mount", "-o", f"remount,size={megabytes}m")

    def unmount(self) -> None:
        """Take it away, with all that is in it."""
        self._run("umount", "--lazy")

    def _run(self, *command: str) -> None:
        try:
            subprocess.run([*command, self.folder], check=True, stderr=subprocess.DEVNULL)
        except (OSError, subprocess.CalledProcessError):
            raise NotPossibleError("no file system can be mounted here") from None


@contextmanager
def small_disk(megabytes: int) -> Iterator[SmallDisk]:
    """Lend one.

    :raises NotPossibleError: where it cannot be mounted, which takes root.
    """
    with tempfile.TemporaryDirectory(prefix="flask-dj-session-faults-") as name:
        disk = SmallDisk(Path(name))
        disk.mount(megabytes)
        try:
            yield disk
        finally:
            disk.unmount()


def database_on(disk: SmallDisk, server: PrivateServer | None) -> str:
    """Make a database on *disk*, and return its URL; without a server it is an SQLite file."""
    if server is None:
        return f"sqlite:///{disk.folder / 'db.sqlite3'}"
    give_to(server.user, disk.folder)
    if server.url.get_backend_name() == "postgresql":
        server.run(f"CREATE TABLESPACE small LOCATION '{disk.folder}'")
        return server.make_database("small", "TABLESPACE small")
    # A database is a folder; only the log of transactions stays elsewhere.
    os.symlink(disk.folder, server.data / "small")
    (disk.folder / "db.opt").write_text("default-character-set=utf8mb4\n", encoding="ascii")
    return server.url.set(database="small").render_as_string(hide_password=False)


async def the_disk_runs_full(site: Site, make_room: Callable[[], object]) -> str:
    """Begin large sessions until there is no room for more; make room, and go on."""
    first = Visitor(site.port)
    require((await first.get("begin")).status == 200, "Not even one session could be begun.")
    saved = [first.cookie.partition("=")[2]]
    while True:
        visitor = Visitor(site.port)
        answer = await visitor.get("begin")
        if answer.status != 200:
            break
        saved.append(visitor.cookie.partition("=")[2])
        require(len(saved) < _MANY, "The disk has not run full.")
    require(answer.status == 500, f"The answer was {answer.status}.")
    require("set-cookie" not in answer.headers, "An error came with a cookie.")
    require(site.stored() == set(saved), "Not the sessions that were answered are stored.")
    reading = await first.get("read")
    require((reading.status, reading.body) == (200, "1"), "Sessions cannot be read any more.")
    make_room()
    require((await visitor.get("begin")).status == 200, "There is room, but nothing is saved.")
    counting = await first.get("count")
    require((counting.status, counting.body) == (200, "2"), "A count is lost.")
    return f"full after {len(saved)} large sessions, an error and no cookie; with room it goes on"
