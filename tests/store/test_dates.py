"""Dates in the column are Django's, also in the hours of a clock change."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from ..conftest import MakeSite
from ..databases import EVERY_DATABASE
from ..live_django import LiveDjango

pytestmark = pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)

_AGE = 3600  # seconds

# America/Chicago repeats the hour from 06:00 UTC on 2026-11-01, and skips that from 08:00 UTC
# on 2027-03-14.
MOMENTS = {
    "summer": datetime(2026, 7, 1, 12, 0, 0, 123456),
    "whole second": datetime(2026, 7, 1, 12, 0, 0),
    "before the repeated hour": datetime(2026, 11, 1, 5, 30, 0, 5),
    "its first pass": datetime(2026, 11, 1, 6, 30, 0, 5),
    "its second pass": datetime(2026, 11, 1, 7, 30, 0, 5),
    "before the skipped hour": datetime(2027, 3, 14, 7, 30, 0, 5),
    "after it": datetime(2027, 3, 14, 8, 30, 0, 5),
}


def _raw_dates(url: sa.URL) -> dict[str, Any]:
    """Read the column as the driver gives it, on a connection in UTC."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        if url.get_backend_name() == "postgresql":
            connection.exec_driver_sql("SET TIME ZONE 'UTC'")
        rows = connection.exec_driver_sql("SELECT session_key, expire_date FROM django_session")
        return dict(map(tuple, rows))


@pytest.mark.parametrize("use_tz", [True, False], ids=["USE_TZ", "no USE_TZ"])
@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_a_date_is_stored_as_django_stores_it(
    make_site: MakeSite, django: LiveDjango, database_url: sa.URL, use_tz: bool, moment: datetime
) -> None:
    zone = {"USE_TZ": use_tz, "TIME_ZONE": "America/Chicago"}
    site = make_site(table=False, SESSION_COOKIE_AGE=_AGE, **zone)
    with (
        django.settings(SESSION_COOKIE_AGE=_AGE, **zone),
        time_machine.travel(moment.replace(tzinfo=timezone.utc).timestamp(), tick=False),
        site.app.app_context(),
    ):
        theirs, ours = django.store(), site.sessions.session()
        theirs.save()
        ours.save()
        django.disconnect()
        dates = _raw_dates(database_url)
        assert dates[ours.session_key or ""] == dates[theirs.session_key]
        assert django.store(ours.session_key).exists(ours.session_key)
        read = site.sessions.session(theirs.session_key)
        reread = django.store(ours.session_key)
        read.load()
        reread.load()
        assert (read.session_key is None) == (reread.session_key is None)
