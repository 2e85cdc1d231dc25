"""From Django's DATABASES to SQLAlchemy's URL of the same database.

What says where the database is and how to get in is carried over. How Django fetches rows,
begins transactions and pools connections is its own affair.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .entry import READ_THE_REST, Entry, entry
from .mysql import mysql
from .postgresql import postgresql
from .sqlite import sqlite

__all__ = ["sqlalchemy_settings"]

_ENGINES: dict[str, Callable[[Entry], dict[str, Any]]] = {
    "django.db.backends.sqlite3": sqlite,
    "django.db.backends.postgresql": postgresql,
    "django.db.backends.postgresql_psycopg2": postgresql,  # its name before Django 1.9
    "django.db.backends.mysql": mysql,
    "django.contrib.gis.db.backends.spatialite": sqlite,
    "django.contrib.gis.db.backends.postgis": postgresql,
    "django.contrib.gis.db.backends.mysql": mysql,
}


def sqlalchemy_settings(databases: Any, using: str, *, use_tz: bool) -> dict[str, Any]:
    """Return SQLALCHEMY_DATABASE_URI, and SQLALCHEMY_ENGINE_OPTIONS where a URL is not enough.

    :param databases: Django's DATABASES.
    :param using: the alias in it.
    :param use_tz: Django's USE_TZ.
    :raises SettingError: where that is not possible.
    """
    chosen = entry(databases, using)
    if chosen.engine not in _ENGINES:
        raise chosen.refusal(
            f"the engine {chosen.engine!r}, which this package does not know (it knows Django's own"
            " for PostgreSQL, MySQL, MariaDB and SQLite)"
        )
    make = _ENGINES[chosen.engine]
    if use_tz and make is not postgresql and chosen.time_zone not in ("", "UTC"):
        raise chosen.refusal(
            "a TIME_ZONE, so that its dates are in local time in spite of USE_TZ",
            f"{READ_THE_REST} Set 'USE_TZ' to False and 'TIME_ZONE' to {chosen.time_zone!r}, too.",
        )
    return make(chosen)
