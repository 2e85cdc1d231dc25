"""The table ``django_session``: columns, types, indexes and the DDL of Django's own migration."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.schema import conv

TABLE_NAME = "django_session"
COLUMNS = ("session_key", "session_data", "expire_date")

_LIKE = "_like"
_LONGEST_NAME = 63  # PostgreSQL's, the shortest
_MAPPED = "flask_dj_session"

#: tells the zone of the site's wall clock where USE_TZ is false, else None
NaiveZone = Callable[[], "tzinfo | None"]


class _SQLiteDateTime(sqlite.DATETIME):
    """``str()`` of a datetime, as Django stores it: no ``.000000`` where there is no fraction."""

    __visit_name__ = "user_defined"
    cache_ok = True

    def get_col_spec(self, **kw: Any) -> str:
        return "datetime"

    def bind_processor(self, dialect: sa.Dialect) -> Any:
        return _text_of

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Any:
        return datetime_of


def _text_of(moment: datetime | None) -> str | None:
    return None if moment is None else str(moment)


def datetime_of(value: Any) -> datetime | None:
    """Read what SQLite holds in the column; None where that is no date, as it may be anything.

    # Django 5.2, utils/dateparse.py: parse_datetime
    """
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else value
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        # Unlike Django: it raises an error for the 32nd of a month, and for bytes that are no text.
        return None


class DjangoDateTime(sa.types.TypeDecorator[datetime]):
    """Aware datetimes in Python, in the column what Django puts there.

    UTC where USE_TZ is true, otherwise naive time of TIME_ZONE (on PostgreSQL the column knows
    time zones either way). An hour that a clock change repeats is read as its first pass.

    :param naive_zone: is asked each time, since a mapped class may serve several apps.
    """

    impl = sa.DateTime
    cache_ok = True

    def __init__(self, naive_zone: NaiveZone, **options: Any) -> None:
        super().__init__(**options)
        self.naive_zone = naive_zone

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Choose the column type that Django's migrations choose."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(_SQLiteDateTime())  # type: ignore[no-untyped-call]
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=True))
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(sa.DateTime())

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Turn an aware datetime into the column's."""
        if value is None:
            return None
        zone = self.naive_zone()
        if dialect.name != "postgresql":
            return _wall_clock(value, zone)
        return value if zone is None else _as_postgresql_reads(_wall_clock(value, zone), zone)

    def for_driver(self, dialect: sa.Dialect) -> Callable[[datetime], Any]:
        """Return what turns an aware datetime into what the driver is given."""
        if dialect.name != "sqlite":
            return self.dialect_impl(dialect).bind_processor(dialect) or _unchanged
        # In one step, since each statement on SQLite takes hardly longer than a few calls.
        zone = self.naive_zone()
        if zone is not None:
            return lambda moment: str(_wall_clock(moment, zone))
        return _as_utc_text

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        """Turn the column's datetime into an aware one; None where it holds no date."""
        if not isinstance(value, datetime):
            return None  # of the drivers of MySQL, some give 0000-00-00 as text
        return value if value.tzinfo else value.replace(tzinfo=self.naive_zone() or timezone.utc)


def _as_utc_text(moment: datetime) -> str:
    if moment.tzinfo is not timezone.utc:
        moment = moment.astimezone(timezone.utc)
    return moment.isoformat(" ").removesuffix("+00:00")  # quicker than a datetime without a zone


def _unchanged(value: Any) -> Any:
    return value


def _wall_clock(moment: datetime, zone: tzinfo | None) -> datetime:
    # Within one zone astimezone() changes nothing, so an hour that a clock change skips
    # stays as Django would write it.
    return moment.astimezone(zone or timezone.utc).replace(tzinfo=None)


def _as_postgresql_reads(naive: datetime, zone: tzinfo) -> datetime:
    """Place naive time as PostgreSQL does for Django: a repeated hour is its second pass."""
    first, second = (naive.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    repeated = (first.utcoffset() or timedelta()) > (second.utcoffset() or timedelta())
    return second if repeated else first


def indexes_of(table: str) -> list[sa.Index]:
    """Return the indexes of Django's migration, to be attached to *table*.

    The one for LIKE is made on PostgreSQL only.
    """
    name = _name_of_index(table, "session_key", _LIKE)
    operators = {"session_key": "varchar_pattern_ops"}
    like = sa.Index(name, "session_key", postgresql_ops=operators).ddl_if(dialect="postgresql")
    return [sa.Index(_name_of_index(table, "expire_date"), "expire_date"), like]


def is_like_index(index: sa.Index) -> bool:
    """Return whether *index* is the one that Django makes on PostgreSQL only."""
    table = index.table
    return table is not None and index.name == _name_of_index(table.name, "session_key", _LIKE)


def _name_of_index(table: str, column: str, suffix: str = "") -> conv:
    """Name an index as Django does on PostgreSQL, whatever the app calls its own.

    # Django 5.2, db/backends/base/schema.py: _create_index_name
    """
    digest = hashlib.md5(f"{table}{column}".encode(), usedforsecurity=False).hexdigest()
    end = digest[:8] + suffix
    name = f"{table}_{column}_{end}"
    if len(name) > _LONGEST_NAME:
        room = (_LONGEST_NAME - len(end)) // 2 - 1
        name = f"{table[:room]}_{column[:room]}_{end}"
    return conv(name)


def primary_key_of(table: str) -> sa.PrimaryKeyConstraint:
    """Return the primary key, under the name that it gets on PostgreSQL from Django's migration."""
    return sa.PrimaryKeyConstraint("session_key", name=conv(f"{table}_pkey"))


def max_key_length(table: sa.Table) -> int:
    """Return how many characters a session key may have: what the column says.

    A column that sets no bound holds any cookie: browsers keep 4096 bytes of one.
    """
    length: int | None = getattr(table.c.session_key.type, "length", None)
    return 4096 if length is None else length


def for_site(table: sa.Table, naive_zone: NaiveZone) -> sa.Table:
    """Copy a mapped *table* for the statements of one app, whose dates are those of one site."""
    copy = table.to_metadata(sa.MetaData())
    copy.c.expire_date.type = DjangoDateTime(naive_zone)
    copy.info = {**table.info, _MAPPED: table}
    return copy


def as_mapped(table: sa.Table) -> sa.Table:
    """Return the table of which *table* is a copy: it knows those to which it refers."""
    mapped: sa.Table = table.info.get(_MAPPED, table)
    return mapped
