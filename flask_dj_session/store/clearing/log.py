"""SQLite's write-ahead log, emptied by whoever fills it; no statements on rows.

Whoever commits while the log is long empties it by himself, and waits for the disk meanwhile. Who
clears fills it with each batch; so he takes that upon himself before a visitor has to.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from ..engine import AutocommitEngine
from ..pragmas import pragma, pragmas


class WriteAheadLog:
    """The log of *engine*'s database, which need not have one; the app may see to it by itself."""

    def __init__(self, engine: AutocommitEngine) -> None:
        self._engine = engine
        with engine.connect() as connection:
            #: whether there is one; without it nobody can commit while another reads
            self.is_there = pragma(connection, "journal_mode") == "wal"
            # An app that turned this off empties the log in its own way.
            is_left_to_sqlite = pragma(connection, "wal_autocheckpoint") != "0"
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
        write, but only if nobody has to be waited for.
        """
        if not self._is_left_to_us:
            return
        with self._engine.connect() as connection, pragmas(connection, busy_timeout=0):
            _checkpoint(connection, "PASSIVE")
            _checkpoint(connection, "RESTART")


def _checkpoint(connection: sa.Connection, mode: str) -> None:
    connection.exec_driver_sql(f"PRAGMA wal_checkpoint({mode})").close()
