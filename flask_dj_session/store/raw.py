"""What stands in the columns, whatever it is: no driver fails on it, and nothing is changed.

Where a driver cannot make a ``datetime`` of a date, or a ``str`` of a text, its error ends the
whole result. So dates come as text where the database has others than Python, and on SQLite texts
that are no UTF-8 come with their bytes escaped, as file names do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from .table import datetime_of

#: what comes before and after all dates, in the words of PostgreSQL
BEFORE_ALL, AFTER_ALL = "-infinity", "infinity"

_DATE = re.compile(r"(\d{4,})(-\d\d-\d\d.*?)( BC)?")
_FRACTION = re.compile(r"\.(\d{1,6})\d*")
#: after so many years the calendar is the same again
_CYCLE = 400
_ESCAPED = partial(str, encoding="utf-8", errors="surrogateescape")


def raw_date(column: Any, dialect: sa.Dialect) -> Any:
    """Select a date as the database has it: as text, or on SQLite as what stands there."""
    if dialect.name == "postgresql":
        # Unlike a cast, JSON heeds no DateStyle; and it takes a column of any type.
        text: Any = sa.func.to_json(column).op("#>>")(sa.literal_column("'{}'"))
        return sa.type_coerce(text, sa.types.NullType())
    if dialect.name in ("mysql", "mariadb"):
        return sa.type_coerce(sa.cast(column, sa.CHAR), sa.types.NullType())
    return sa.type_coerce(column, sa.types.NullType())


def number_of_bytes(column: Any, dialect: sa.Dialect) -> Any:
    """Select how long a text is, without fetching it."""
    if dialect.name == "sqlite":
        # To length() a text ends at its first NUL.
        return sa.func.length(sa.cast(column, sa.LargeBinary))
    if dialect.name == "postgresql":
        # A column of another type has no length; for text the cast does nothing.
        column = sa.cast(column, sa.Text)
    return sa.func.octet_length(column)


@contextmanager
def any_text(connection: sa.Connection) -> Iterator[None]:
    """Have what is fetched inside be text, also where it is no UTF-8 on SQLite.

    The error that sqlite3 raises otherwise has the text in it.
    """
    raw: Any = connection.connection.dbapi_connection
    if connection.dialect.name != "sqlite" or not hasattr(raw, "text_factory"):
        yield
        return
    before = raw.text_factory
    raw.text_factory = _ESCAPED
    try:
        yield
    finally:
        raw.text_factory = before


def as_parameter(value: Any) -> Any:
    """Return what a statement takes for a *value* that was read inside :func:`any_text`."""
    if not isinstance(value, str) or is_utf8(value):
        return value
    return sa.cast(sa.literal(value.encode(errors="surrogateescape"), sa.LargeBinary), sa.Text)


def is_among(column: Any, values: Sequence[Any], dialect: sa.Dialect) -> Any:
    """Select where a text is one of *values*, which may be some hundred."""
    if dialect.name != "postgresql":
        return column.in_(values)
    # Joined with one array. PostgreSQL goes on using a plan that it made when the table was small.
    # With a list of parameters it may compare every row with every one, which takes seconds.
    array = sa.literal([*values], postgresql.ARRAY(sa.Text))
    return column.in_(sa.select(sa.func.unnest(array)))


def is_utf8(text: str) -> bool:
    """Return whether *text* can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def moment_of(raw: Any, date_type: Any) -> datetime | None:
    """Return the date (aware, in UTC) that :func:`raw_date` has selected; None where it is none.

    :param date_type: the type of the column, which knows the site's clock.
    """
    # To SQLite, bytes are no date, whatever they say.
    moment = _read(raw) if isinstance(raw, str) else raw
    date: datetime | None = date_type.process_result_value(moment, None)
    return None if date is None else _in_utc(date)


def place_of(raw: Any) -> Any:
    """Return what tells where *raw*, which is no date to Python, stands among the dates."""
    date = _DATE.fullmatch(raw) if isinstance(raw, str) else None
    if date is None:
        return raw
    if date[3]:
        return BEFORE_ALL
    return AFTER_ALL if len(date[1]) > 4 else raw


def _read(text: str) -> datetime | None:
    if moment := datetime_of(text):  # as nearly all are
        return moment
    date = _DATE.fullmatch(text)
    if date is not None and (date[3] or len(date[1]) > 4):
        return _of_another_year(date)
    # Before Python 3.11, fractions have three digits or six.
    return datetime_of(_FRACTION.sub(lambda digits: f".{digits[1]:<06}", text))


def _of_another_year(date: re.Match[str]) -> datetime | None:
    """Read a date of a year that Python does not have; beside another zone it may have."""
    year = 1 - int(date[1]) if date[3] else int(date[1])
    alike = (year - 1) % _CYCLE + 1 + _CYCLE
    moment = datetime_of(f"{alike:04}" + _FRACTION.sub("", date[2]))
    if moment is None or moment.tzinfo is None:
        return None
    in_utc = moment.astimezone(timezone.utc)
    try:
        return in_utc.replace(year=in_utc.year + year - alike)
    except ValueError:
        return None


def _in_utc(date: datetime) -> datetime:
    if date.tzinfo is timezone.utc:
        return date
    try:
        return date.astimezone(timezone.utc)
    except OverflowError:  # within a day of the first or the last date that there is
        last = datetime.min if date.year == 1 else datetime.max
        return last.replace(tzinfo=timezone.utc)
