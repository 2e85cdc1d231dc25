"""What the columns of a table of users hold, in Django's types; no statement.

A database tells less than Django's model: SQLite and MySQL have no type of their own for a UUID,
and drivers have their own ideas of a fraction.
"""

from __future__ import annotations

import uuid
from datetime import date, time
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql

from ..store import DjangoDateTime
from ..store.table import NaiveZone

_HEX, _WITH_HYPHENS = 32, 36


class StoredUuid(sa.types.TypeDecorator[Any]):
    """A UUID in a column of text; what is none in there stays text.

    :param length: 32 for hexadecimal digits alone, as Django stores them; 36 with hyphens.
    """

    impl = sa.CHAR
    cache_ok = True

    def __init__(self, length: int = _HEX) -> None:
        super().__init__(length)
        self.length = length

    @property
    def python_type(self) -> type[Any]:
        """What it is in Python."""
        return uuid.UUID

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        """Write it as the column has it."""
        found = _uuid_of(value)
        if not isinstance(found, uuid.UUID):
            return found
        return found.hex if self.length == _HEX else str(found)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        """Read what the column has."""
        return _uuid_of(value)

    def copy(self, **kw: Any) -> StoredUuid:
        """Copy the type for another table."""
        return StoredUuid(self.length)


class _SQLiteText(sa.types.TypeDecorator[Any]):
    """What SQLite holds without a type of its own, read as Django reads it."""

    impl = sa.String
    cache_ok = True
    kind: type[Any]

    @property
    def python_type(self) -> type[Any]:
        return self.kind

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        return None if value is None else str(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        try:
            return self.read(str(value)) if value is not None else None
        except (ValueError, ArithmeticError):
            return None  # as a date that is none, it must not end every page of its user

    def read(self, text: str) -> Any:
        raise NotImplementedError


class _SQLiteDecimal(_SQLiteText):
    kind = Decimal
    cache_ok = True

    def read(self, text: str) -> Any:
        return Decimal(text)


class _SQLiteDate(_SQLiteText):
    kind = date
    cache_ok = True

    def read(self, text: str) -> Any:
        return date.fromisoformat(text)


class _SQLiteTime(_SQLiteText):
    kind = time
    cache_ok = True

    def read(self, text: str) -> Any:
        return time.fromisoformat(text)


class _AddressText(sa.types.TypeDecorator[str]):
    """PostgreSQL's ``inet``, of which psycopg makes objects."""

    impl = postgresql.INET
    cache_ok = True

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> str | None:
        return None if value is None else str(value)


def django_type(
    told: sa.types.TypeEngine[Any], dialect: str, naive_zone: NaiveZone
) -> sa.types.TypeEngine[Any]:
    """Return the type in which Django reads a column, of which the database has *told* a type.

    # Django 5.2, db/backends/*/base.py: data_types
    """
    if isinstance(told, sa.DateTime):
        return DjangoDateTime(naive_zone)
    if isinstance(told, sa.Float):  # of which MySQL's would be Decimal
        return sa.Float()
    if dialect == "sqlite":
        return _on_sqlite(told)
    if isinstance(told, postgresql.INET):
        return _AddressText()
    if isinstance(told, mysql.TINYINT) and told.display_width == 1:
        return sa.Boolean()
    if dialect in ("mysql", "mariadb") and _is_uuid(told):
        return StoredUuid()
    return told


def _on_sqlite(told: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
    if _is_uuid(told):
        return StoredUuid()
    for kind, read in (
        (sa.Numeric, _SQLiteDecimal),
        (sa.Date, _SQLiteDate),
        (sa.Time, _SQLiteTime),
    ):
        if isinstance(told, kind):
            return read()
    return told


def _is_uuid(told: sa.types.TypeEngine[Any]) -> bool:
    """Return whether it is what Django makes for a UUID; its other texts vary in length."""
    return isinstance(told, sa.CHAR) and told.length == _HEX


def uuid_type(declared: sa.Uuid[Any], told: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
    """Return the type for values of a column that an app has *declared*, and the database *told*.

    SQLAlchemy goes by what a server could have. A column may be older than that.
    """
    length = getattr(told, "length", None)
    return StoredUuid(length) if length in (_HEX, _WITH_HYPHENS) else declared


def _uuid_of(value: Any) -> Any:
    if value is None or isinstance(value, uuid.UUID):
        return value
    try:
        return uuid.UUID(str(value))
    except ValueError:
        return value
