"""SQLite's write-ahead log, emptied by whoever fills it; no statements on rows.

Whoever commits while the log is long empties it by himself, and waits for the disk meanwhile. Who
clears fills it with each batch; so he takes that upon himself before a visitor has to.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from ..engine import AutocommitEngine
from ..pragmas import pragma, pragmas

# After so many refusals the log has some 100 MB; most who are in the way are so for less (seconds).
_REFUSALS = 4
_WHILE = 0.1


class WriteAheadLog:
    """The log of *engine*'s database, which need not have one; the app may see to it by itself."""

    def __init__(self, engine: AutocommitEngine) -> None:
        self._engine = engine
        with engine.connect() as connection:
            #: whether there is one; without it nobody can commit while another reads
            self.is_there = pragma(connection, "journal_mode") == "wal"
            # An app that turned this off empties the log in its own way.
            is_left_to_sqlite = pragma(connection, "wal_autocheckpoint") != "0"
        self._refusals = 0
        self._is_left_to_us = self.is_there and is_left_to_sqlite

    @contextmanager
    def emptied(self, connection: sa.Connection) -> Iterator[None]:
        """Empty the log after what is done inside, which does not empty it while it commits.

        So that is known how long others were kept from writing: while the log is emptied they
        are not.
        """
        if not self._is_left_to_us:
            yield
            return
        with pragmas(connection, wal_autocheckpoint=0):
            yield
            _checkpoint(connection, "PASSIVE")

    def restart(self) -> None:
        """Have the next one who writes begin at the log's beginning again.

        Where others write all the time, there is always something in the log that is not in the
        database yet, and it grows and grows. So the last bit is brought over while nobody may
        write, but only if nobody has to be waited for: who reads, or empties the log himself.
        After a few refusals that is tried again and again for a while.
        """
        if not self._is_left_to_us:
            return
        self._refusals += 1
        until = time.monotonic() + (_WHILE if self._refusals > _REFUSALS else 0.0)
        with self._engine.connect() as connection, pragmas(connection, busy_timeout=0):
            is_done = _checkpoint(connection, "RESTART")
            while not is_done and time.monotonic() < until:
                time.sleep(0.001)
                is_done = _checkpoint(connection, "RESTART")
        if is_done or self._refusals > _REFUSALS:
            self._refusals = 0


def _checkpoint(connection: sa.Connection, mode: str) -> bool:
    """Empty the log, and return whether that was done, or something stood in the way.

    Straight on the driver: a visitor who comes first has to do it in place of us. An error does
    no more harm than when SQLite does this by itself after a commit: what is in the log is stored.
    """
    try:
        return pragma(connection, f"wal_checkpoint({mode})") == "0"
    except connection.dialect.loaded_dbapi.Error:
        return False
