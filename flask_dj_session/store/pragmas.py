"""SQLite's settings of a connection, for as long as something is done; no statements on rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa


@contextmanager
def pragmas(connection: sa.Connection, **values: int) -> Iterator[None]:
    """Set these PRAGMAs of the connection for what is done inside."""
    before = {name: int(pragma(connection, name)) for name in values}
    try:
        _set(connection, values)
        yield
    finally:
        _set(connection, before)


def pragma(connection: sa.Connection, name: str) -> str:
    """Return what a PRAGMA answers: mostly, what it is set to."""
    raw: Any = connection.connection.dbapi_connection
    return str(raw.execute(f"PRAGMA {name}").fetchone()[0])


def _set(connection: sa.Connection, values: dict[str, int]) -> None:
    raw: Any = connection.connection.dbapi_connection
    for name, value in values.items():
        raw.execute(f"PRAGMA {name} = {value}")
