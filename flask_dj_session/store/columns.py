"""The types of Django's three columns in a mapped class; no table here.

Alembic writes the type of a column with the module of its class in front. A class of this package
would be a name that the migration does not import, and that had to stay for as long as the
migration does. So each class here has the name and the module of the type of SQLAlchemy that it
stands for, which makes the same column: a migration says ``sa.String(length=40)``. They are
pickled by the function that makes them, since under that name there is another class.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.compiler import compiles

from .table import DjangoDateTime, NaiveZone


def columns_of(naive_zone: NaiveZone) -> list[sa.Column[Any]]:
    """Return new columns as Django's migration makes them."""
    return [
        sa.Column("session_key", key_type(), primary_key=True),
        sa.Column("session_data", data_type(), nullable=False),
        sa.Column("expire_date", date_type(naive_zone), nullable=False),
    ]


def key_type(length: int | None = 40) -> sa.types.TypeEngine[str]:
    """Return the type of ``session_key``."""
    return String(length)


def data_type() -> sa.types.TypeEngine[str]:
    """Return the type of ``session_data``."""
    return Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")


def date_type(naive_zone: NaiveZone) -> sa.types.TypeEngine[Any]:
    """Return the type of ``expire_date``."""
    return DateTime(naive_zone).with_variant(_date_type_of_mysql(naive_zone), "mysql", "mariadb")


def _date_type_of_mysql(naive_zone: NaiveZone) -> sa.types.TypeEngine[Any]:
    # MySQL keeps fractions of a second only where the column says so.
    return DATETIME(naive_zone)


class String(sa.String):
    """The type of ``session_key``."""

    __module__ = sa.String.__module__

    def __reduce__(self) -> Any:
        return key_type, (self.length,)


class Text(sa.Text):
    """The type of ``session_data``."""

    __module__ = sa.Text.__module__

    def __reduce__(self) -> Any:
        return data_type, ()


class DateTime(DjangoDateTime):
    """The type of ``expire_date``."""

    __module__ = sa.DateTime.__module__
    cache_ok = True

    def __init__(self, naive_zone: NaiveZone) -> None:
        super().__init__(naive_zone, timezone=True)

    def __reduce__(self) -> Any:
        return date_type, (self.naive_zone,)


class DATETIME(DjangoDateTime):
    """The type of ``expire_date`` on MySQL."""

    __module__ = mysql.DATETIME.__module__
    impl = mysql.DATETIME
    cache_ok = True

    def __init__(self, naive_zone: NaiveZone) -> None:
        super().__init__(naive_zone, fsp=6)

    def __reduce__(self) -> Any:
        return _date_type_of_mysql, (self.naive_zone,)


# SQLite keeps the name of a type as it is written, and Django writes it small.
@compiles(String, "sqlite")
def _varchar(kind: String, compiler: object, **kw: Any) -> str:
    return "varchar" if kind.length is None else f"varchar({kind.length})"


@compiles(Text, "sqlite")
def _text(kind: Text, compiler: object, **kw: Any) -> str:
    return "text"
