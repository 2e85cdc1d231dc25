"""Statements on a connection that a test has put in the place of the app's engine.

Such a test begins a transaction, and rolls back at its end whatever the app has done. Sessions
take part in it: they commit nothing, and their rows go with the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import sqlalchemy as sa

from .statements import Statement, Values


class BorrowedConnection:
    """Runs statements in the transaction of whoever lends the connection.

    :param bind: the connection.
    """

    is_own = False

    def __init__(self, bind: sa.Connection) -> None:
        self.bind = bind

    @contextmanager
    def connect(self) -> Iterator[sa.Connection]:
        """Lend the connection; an error in what is done on it leaves the transaction usable."""
        # On PostgreSQL an error ends the whole transaction otherwise. Elsewhere it does not, and
        # on SQLite the driver's first SAVEPOINT would be a transaction, which its end commits.
        is_postgresql = self.bind.dialect.name == "postgresql"
        with self.bind.begin_nested() if is_postgresql else nullcontext():
            yield self.bind

    def begin(self, *, table: str) -> AbstractContextManager[sa.Connection]:
        """Do what :meth:`connect` does: whoever lends the connection has begun already."""
        return self.connect()

    def read(self, statement: Statement, values: Values) -> Any:
        """Run a query for one row; None where there is none."""
        with self.connect() as connection:
            return connection.execute(statement.core, values).first()

    def write(self, statement: Statement, values: Values, *, table: str) -> int:
        """Run a statement that changes rows, and return how many."""
        with self.connect() as connection:
            return connection.execute(statement.core, values).rowcount

    def write_on(
        self, connection: sa.Connection, core: sa.Executable, values: Values, *, table: str
    ) -> None:
        """Run a statement like :meth:`write`, on a connection that :meth:`connect` has lent."""
        connection.execute(core, values)

    def leave(self, *, close: bool) -> None:
        """Leave the connection to whoever has lent it."""
