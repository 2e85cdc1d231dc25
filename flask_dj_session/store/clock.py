"""What time it is by the clock of the database's server; no table here."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import sqlalchemy as sa

from .engine import AutocommitEngine

# As seconds since 1970, which heed neither the time zone of the connection nor a format of dates.
_SECONDS = {
    "postgresql": "SELECT extract(epoch FROM clock_timestamp())",
    "mysql": "SELECT unix_timestamp(now(6))",
}
_SECONDS["mariadb"] = _SECONDS["mysql"]


def database_time(engine: AutocommitEngine) -> datetime | None:
    """Return the time (aware, in UTC); None where the database has no clock of its own: SQLite."""
    statement = _SECONDS.get(engine.app_engine.dialect.name)
    if statement is None:
        return None
    with engine.connect() as connection:
        seconds = connection.execute(sa.text(statement)).scalar_one()
    return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=float(seconds))
