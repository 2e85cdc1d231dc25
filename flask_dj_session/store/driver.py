"""A statement straight on the driver, without SQLAlchemy's Connection around it.

Of a request that costs hardly more than its two statements, that Connection is the greater part.
What it does about errors is done here: they come as SQLAlchemy's, and a connection that may not be
in order is not used again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import PoolProxiedConnection

from ..errors import DatabaseHeldError
from .idle import IdleConnections
from .statements import ForDriver, Values

# Those that this is tried with; any other, and a dialect of somebody else's, takes the way through
# SQLAlchemy's Connection.
_KNOWN = frozenset(
    {
        "pysqlite",
        "psycopg",
        "psycopg2",
        "pg8000",
        "pymysql",
        "mysqldb",
        "mysqlconnector",
        "mariadbconnector",
    }
)

# With these the database has answered; after others the driver may be in the middle of something.
_ANSWERS = (
    sa.exc.DataError,
    sa.exc.IntegrityError,
    sa.exc.NotSupportedError,
    sa.exc.OperationalError,
    sa.exc.ProgrammingError,
)


def is_known(dialect: sa.Dialect) -> bool:
    """Return whether the driver of *dialect* is one that statements may be given to directly."""
    is_sqlalchemys = type(dialect).__module__.startswith("sqlalchemy.dialects.")
    return is_sqlalchemys and dialect.driver in _KNOWN


def is_in_order_after(error: BaseException, *, handled: BaseException | None = None) -> bool:
    """Return whether a connection can be used again after *error*.

    That is so where the database has answered, or was not asked. Whatever else it is, the answer
    may still be on the wire, and the next one to ask would be given it.

    :param handled: the error that was being handled when the connection was asked for.
    """
    if isinstance(error, sa.exc.DBAPIError):
        is_answer = isinstance(error, _ANSWERS) or sqlstate(error.orig)
        is_first = _interrupted_by(error) in (None, handled)
        return bool(is_answer) and is_first and not error.connection_invalidated
    return isinstance(error, (sa.exc.SQLAlchemyError, DatabaseHeldError))


def interruption_behind(error: BaseException, *, handled: BaseException | None) -> BaseException:
    """Return what *error* has taken the place of, where something has interrupted a statement.

    Then SQLAlchemy asks for a rollback, and the driver's refusal is what it raises.
    """
    first = _interrupted_by(error) if isinstance(error, sa.exc.DBAPIError) else None
    # Errors of the system, as of a socket, are the driver's own reasons.
    if first is None or first is handled or isinstance(first, OSError):
        return error
    return first


def _interrupted_by(error: sa.exc.DBAPIError) -> BaseException | None:
    """Return what was under way when the driver raised its error, if that is not its own."""
    first = error.orig.__context__ if error.orig is not None else None
    # The driver's errors, by the name that PEP 249 gives their base.
    drivers = tuple(base for base in type(error.orig).__mro__ if base.__name__ == "Error")
    return None if isinstance(first, (*drivers, sa.exc.SQLAlchemyError)) else first


def sqlstate(error: Any) -> str | None:
    """Return the code that a database of the SQL standard has given, as three drivers have it."""
    if code := getattr(error, "sqlstate", None) or getattr(error, "pgcode", None):
        return str(code)
    told = error.args[0] if error is not None and error.args else None
    return told.get("C") if isinstance(told, dict) else None  # pg8000


def run(
    idle: IdleConnections,
    statement: ForDriver,
    values: Values,
    outcome: Callable[[Any], Any],
    *,
    on_lost: Callable[[], None],
) -> Any:
    """Run a statement on one of the *idle* connections, and return the *outcome* of its cursor.

    :param on_lost: is called when the database has ended the connection.
    :raises sqlalchemy.exc.DBAPIError: without the values, which belong in no log.
    """
    dialect = statement.dialect
    lent: list[PoolProxiedConnection] = []
    cursor: Any = None
    try:
        idle.take(lent)
        cursor = lent[0].dbapi_connection.cursor()  # type: ignore[union-attr]
        dialect.do_execute(cursor, statement.text, statement.parameters(values))
        result = outcome(cursor)
        cursor.close()
        idle.give_back(lent)
        return result
    except dialect.loaded_dbapi.Error as error:
        connection = lent[0] if lent else None
        wrapped = _as_sqlalchemys(dialect, error, connection, statement.text)
        if lent and is_in_order_after(wrapped) and _is_closed(cursor, dialect):
            idle.give_back(lent)
        if wrapped.connection_invalidated:
            on_lost()
        raise wrapped from error
    finally:
        # Whatever has come in between: what has not been given back by now may not be in order.
        if lent:
            if dialect.name == "sqlite":
                # Or it keeps its lock, for as long as a traceback keeps the cursor.
                _is_closed(cursor, dialect)
            lent[0].invalidate()
            lent.pop().close()
        # A traceback keeps this frame, and MariaDB's connector cannot bear a cursor to be kept so.
        cursor = None


def _is_closed(cursor: Any, dialect: sa.Dialect) -> bool:
    """Close a cursor after an error, and return whether the driver let that be done."""
    with suppress(dialect.loaded_dbapi.Error):
        if cursor is not None:
            cursor.close()
        return True
    return False


def _as_sqlalchemys(
    dialect: sa.Dialect, error: Any, connection: Any, text: str
) -> sa.exc.DBAPIError:
    """Do for an error of the driver what SQLAlchemy's Connection does."""
    is_lost = dialect.is_disconnect(error, connection, None)
    wrapped: Any = sa.exc.DBAPIError.instance(
        text,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=is_lost,
        dialect=dialect,
    )
    return wrapped  # type: ignore[no-any-return]
