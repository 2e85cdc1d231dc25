"""What statements run on, as a protocol: connections of our own, or one that belongs to others."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol

import sqlalchemy as sa

from .statements import Statement, Values


class Connections(Protocol):
    """Runs statements for one engine of the app, or for what a test has put in its place."""

    @property
    def bind(self) -> sa.Engine | sa.Connection:
        """What the app has for its database."""

    @property
    def is_own(self) -> bool:
        """Whether a connection lent here is the sessions' own, so that one may begin on it."""

    def connect(self) -> AbstractContextManager[sa.Connection]:
        """Lend a connection for statements, none of which is committed with something else."""

    def begin(self, *, table: str) -> AbstractContextManager[sa.Connection]:
        """Lend a connection in a transaction, for statements that belong together."""

    def read(self, statement: Statement, values: Values) -> Any:
        """Run a query for one row; None where there is none."""

    def write(self, statement: Statement, values: Values, *, table: str) -> int:
        """Run a statement that changes rows, and return how many."""

    def write_on(
        self, connection: sa.Connection, core: sa.Executable, values: Values, *, table: str
    ) -> None:
        """Run a statement like :meth:`write`, on a connection that :meth:`connect` has lent."""

    def leave(self, *, close: bool) -> None:
        """Use no connection any more, and close those that are idle where *close* is true."""
