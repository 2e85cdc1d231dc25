"""The table ``django_session``: columns, types, indexes and the DDL of Django's own migration."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite

TABLE_NAME = "django_session"

#: tells the zone of the site's wall clock where USE_TZ is false, else None
NaiveZone = Callable[[], "tzinfo | None"]


class _Varchar(sa.String):
    """SQLite keeps the name of a type as it is written, and Django writes ``varchar(40)``."""

    __visit_name__ = "user_defined"
    cache_ok = True

    def get_col_spec(self, **kw: Any) -> str:
        return f"varchar({self.length})"


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


class _Text(sa.Text):
    """As above, for ``text``."""

    __visit_name__ = "user_defined"
    cache_ok = True

    def get_col_spec(self, **kw: Any) -> str:
        return "text"


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


class ExpireDate(sa.types.TypeDecorator[datetime]):
    """Aware datetimes in Python, in the column what Django puts there.

    UTC where USE_TZ is true, otherwise naive time of TIME_ZONE (on PostgreSQL the column knows
    time zones either way). An hour that a clock change repeats is read as its first pass.

    :param naive_zone: is asked each time, since a mapped class may serve several apps.
    """

    impl = sa.DateTime
    cache_ok = True

    def __init__(self, naive_zone: NaiveZone) -> None:
        super().__init__()
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

    def copy(self, **kw: Any) -> ExpireDate:
        """Copy the type for another table."""
        return ExpireDate(self.naive_zone)


def _as_utc_text(moment: datetime) -> str:
    if moment.tzinfo is not timezone.utc:
        moment = moment.astimezone(timezone.utc)
    return str(moment.replace(tzinfo=None))


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


def key_type() -> sa.types.TypeEngine[str]:
    """Return the type of ``session_key``."""
    return sa.String(40).with_variant(_Varchar(40), "sqlite")


def data_type() -> sa.types.TypeEngine[str]:
    """Return the type of ``session_data``."""
    text = sa.Text().with_variant(_Text(), "sqlite")
    return text.with_variant(mysql.LONGTEXT(), "mysql", "mariadb")


def indexes_of(table: str) -> list[sa.Index]:
    """Return the indexes of Django's migration, to be attached to *table*.

    Django names them with a hash of table and column; only for its own table is it known.
    """
    suffix = "_a5c62663" if table == TABLE_NAME else ""
    return [sa.Index(f"{table}_expire_date{suffix}", "expire_date")]


def add_like_index(table: sa.Table) -> None:
    """Give *table* the index that Django adds on PostgreSQL.

    Not declared with ``ddl_if``, which Alembic does not heed when it compares.
    """
    name = f"{TABLE_NAME}_session_key_c0390e0f_like"
    if table.name == TABLE_NAME and name not in {index.name for index in table.indexes}:
        sa.Index(name, table.c.session_key, postgresql_ops={"session_key": "varchar_pattern_ops"})


def for_site(table: sa.Table, naive_zone: NaiveZone) -> sa.Table:
    """Copy a mapped *table* for one app, whose dates are those of one site."""
    copy = table.to_metadata(sa.MetaData())
    copy.c.expire_date.type = ExpireDate(naive_zone)
    return copy
