"""Whether a pooler is between the app and PostgreSQL that takes prepared statements away.

PgBouncer in transaction mode, and others like it, give each transaction whatever connection of the
server is free. What was prepared on one of them is not there on the next. Only questions are asked
here. Nothing is written, and what is prepared is removed within its transaction.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from .engine import AutocommitEngine

# Two servers may have processes of the same number, but did not start in the same microsecond.
_PROCESS = "SELECT pg_backend_pid(), pg_postmaster_start_time()"
_PREPARED = "SELECT count(*) FROM pg_prepared_statements WHERE name = %s"

#: what PostgreSQL says where a statement was prepared elsewhere, or by somebody else: invalid name,
#: duplicate, protocol violation
_MIXED_UP = {"26000", "42P05", "08P01"}


@dataclass(frozen=True)
class Pooler:
    """What prepared statements meet between the app and PostgreSQL."""

    #: SQLAlchemy's name of the driver, which prepares statements
    driver: str
    #: whether the pooler knows on which connection a statement was prepared, and prepares it anew
    #: on the next; None where that was not to be found out
    keeps_statements: bool | None
    #: whether the driver tells it, in a way that it understands, what is not needed any more
    closes_statements: bool = True


def found_pooler(engine: AutocommitEngine) -> Pooler | None:
    """Describe the pooler; None where none was seen, or where the app's driver prepares nothing."""
    app_engine = engine.app_engine
    dialect: Any = app_engine.dialect
    is_concerned = dialect.name == "postgresql" and dialect.driver in ("psycopg", "pg8000")
    if not is_concerned or not engine.is_own:
        return None
    try:
        with engine.connect() as one:
            if not _prepares(one):
                return None
            # From the app's pool, as that of the sessions may have one connection only.
            other_engine = app_engine.execution_options(isolation_level="AUTOCOMMIT")
            with other_engine.connect() as other:
                is_pooled = _is_pooled(one, other)
            return _pooler(one) if is_pooled else None
    except (sa.exc.SQLAlchemyError, dialect.loaded_dbapi.Error) as error:
        # What pg8000 meets while it connects comes as it is.
        is_mixed_up = _code(error) in _MIXED_UP
        return Pooler(dialect.driver, keeps_statements=False) if is_mixed_up else None


def _prepares(connection: sa.Connection) -> bool:
    """Return whether the driver prepares what is executed on *connection*."""
    dialect: Any = connection.dialect
    if dialect.driver == "pg8000":
        return True
    raw: Any = connection.connection.driver_connection
    if issubclass(raw.cursor_factory, dialect.loaded_dbapi.ClientCursor):
        return False
    is_on: bool = raw.prepare_threshold is not None
    return is_on


def _is_pooled(one: sa.Connection, other: sa.Connection) -> bool:
    """Return whether two open connections share processes of the server, or one has had several.

    A pooler gives what was free last, or takes turns; in this order either shows. No query is
    repeated so often that psycopg prepares it, unless it prepares everything.
    """
    had: dict[sa.Connection, set[Any]] = {one: set(), other: set()}
    for connection in (one, other, other, one, one, other):
        had[connection].add(tuple(connection.exec_driver_sql(_PROCESS).one()))
    return len(had[one]) > 1 or len(had[other]) > 1 or not had[one].isdisjoint(had[other])


def _pooler(connection: sa.Connection) -> Pooler:
    dialect: Any = connection.dialect
    if dialect.driver == "pg8000":
        # It prepares without a name, and no pooler keeps that from one of its messages to the next.
        return Pooler(dialect.driver, keeps_statements=False)
    keeps = None
    try:
        keeps = _keeps(connection.connection.driver_connection)
    except dialect.loaded_dbapi.Error:
        connection.invalidate()
    closes = dialect.loaded_dbapi.capabilities.has_send_close_prepared()
    return Pooler(dialect.driver, keeps, closes_statements=closes)


def _keeps(raw: Any) -> bool:
    """Return whether the pooler sees to prepared statements; *raw* is psycopg's connection.

    Then it has given the statement a name of its own. If not, the server knows it by ours.
    """
    name = f"flask_dj_session_{secrets.token_hex(8)}"
    # All on one connection of the server. Not rolled back: psycopg may deallocate everything then,
    # what others have prepared there, too.
    with raw.transaction():
        raw.pgconn.prepare(name.encode(), b"SELECT 1")
        (is_passed_on,) = raw.execute(_PREPARED, [name], prepare=False).fetchone()
        if is_passed_on:
            raw.execute(f"DEALLOCATE {name}", prepare=False)
    return not is_passed_on


def _code(error: Exception) -> str | None:
    """Return PostgreSQL's code of an error, from psycopg or pg8000."""
    orig = getattr(error, "orig", None) or error
    told = orig.args[0] if orig.args else None
    code = told.get("C") if isinstance(told, dict) else getattr(orig, "sqlstate", None)
    return code if isinstance(code, str) else None
