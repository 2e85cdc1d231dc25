"""When a session ends, beside Django: any zone, any time of the year, any value."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.sessions.backends.db import SessionStore
from django.test import override_settings
from hypothesis import example, given
from hypothesis import strategies as st

from flask_dj_session import DjangoSession
from flask_dj_session.settings import Settings, prepare

from .conftest import NOW
from .live_django import SECRET_KEY

#: clocks change by an hour, by half of one, at midnight, at other times of the year, or never
ZONES = [
    "UTC",
    "Europe/Prague",
    "America/Chicago",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Casablanca",
]
#: of Prague, Chicago, Lord Howe, Santiago; and a day that Apia left out
CHANGES = [
    *("2026-03-29 01:00", "2026-10-25 01:00", "2026-03-08 08:00", "2026-11-01 07:00"),
    *("2026-04-04 15:00", "2026-10-03 15:30", "2026-04-05 03:00", "2026-09-06 04:00"),
    "2011-12-30 10:00",
]
moments = st.one_of(
    st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)),
    st.builds(
        lambda change, offset: datetime.fromisoformat(change) + offset,
        st.sampled_from(CHANGES),
        st.timedeltas(timedelta(hours=-2), timedelta(hours=2)),
    ),
).map(lambda moment: moment.replace(tzinfo=timezone.utc))
spans = st.timedeltas(timedelta(days=-900), timedelta(days=900))
seconds = (
    st.integers(-(10**7), 10**7) | st.floats(-(10**7), 10**7) | st.sampled_from([0, 0.0, True])
)


class _Site:
    """A site without rows: what a session asks for its end."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def now(self) -> datetime:
        return datetime.now(timezone.utc)


class Both:
    """A session of each side, on sites with the same settings."""

    def __init__(self, use_tz: bool, zone: str, at_close: bool) -> None:
        config = {"SECRET_KEY": SECRET_KEY, "USE_TZ": use_tz, "TIME_ZONE": zone}
        config["SESSION_EXPIRE_AT_BROWSER_CLOSE"] = at_close
        self.use_tz, self.zone = use_tz, ZoneInfo(zone)
        self.ours = DjangoSession(site=_Site(prepare(config, {})))  # type: ignore[arg-type]
        self.theirs = SessionStore()

    def date(self, span: timedelta, zone: str = "UTC") -> datetime:
        """Return a date as Django takes them on this site."""
        moment = datetime.now(timezone.utc) + span
        if self.use_tz:
            return moment.astimezone(ZoneInfo(zone))
        return moment.astimezone(self.zone).replace(tzinfo=None)

    def agree(self, **given: Any) -> None:
        """Assert that both give the same answers."""
        for ask in ("get_expiry_age", "get_expiry_date"):
            ours, theirs = (getattr(each, ask)(**given) for each in (self.ours, self.theirs))
            assert repr(ours) == repr(theirs)
        ours, theirs = (each.get_expire_at_browser_close() for each in (self.ours, self.theirs))
        assert ours == theirs
        assert dict(self.ours.items()) == dict(self.theirs.items())


def beside_django(
    test: Callable[[Both], None], *, now: datetime, use_tz: bool, zone: str, at_close: bool = False
) -> None:
    """Run *test* at a time, in a zone."""
    config = {"USE_TZ": use_tz, "TIME_ZONE": zone, "SESSION_EXPIRE_AT_BROWSER_CLOSE": at_close}
    with time_machine.travel(now, tick=False), override_settings(**config):
        test(Both(use_tz, zone, at_close))


on_a_site = {"now": moments, "use_tz": st.booleans(), "zone": st.sampled_from(ZONES)}


@given(**on_a_site, value=st.none() | seconds | spans, at_close=st.booleans(), passed=spans)
def test_a_span_ends_when_it_does_in_django(
    now: datetime, use_tz: bool, zone: str, value: Any, at_close: bool, passed: timedelta
) -> None:
    def test(both: Both) -> None:
        both.ours.set_expiry(value)
        both.theirs.set_expiry(value)
        both.agree()
        both.agree(modification=both.date(passed))
        both.agree(expiry=value if not isinstance(value, timedelta) else None)

    beside_django(test, now=now, use_tz=use_tz, zone=zone, at_close=at_close)


@given(**on_a_site, end=spans, passed=spans, other=st.sampled_from(ZONES), as_text=st.booleans())
@example(NOW, True, "UTC", timedelta(0), timedelta(0), "Europe/Prague", False)
def test_a_date_is_the_end_that_it_is_in_django(
    now: datetime,
    use_tz: bool,
    zone: str,
    end: timedelta,
    passed: timedelta,
    other: str,
    as_text: bool,
) -> None:
    def test(both: Both) -> None:
        date: Any = both.date(end, other)
        given_date = date.isoformat() if as_text else date
        both.ours.set_expiry(given_date)
        both.theirs.set_expiry(given_date)
        both.agree()
        both.agree(modification=both.date(passed, other))
        both.agree(modification=both.date(passed), expiry=given_date)

    beside_django(test, now=now, use_tz=use_tz, zone=zone)


@pytest.mark.parametrize("use_tz", [True, False])
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("zone", ZONES)
def test_around_a_change_of_clocks_every_quarter_is_djangos(
    zone: str, change: str, use_tz: bool
) -> None:
    moment = datetime.fromisoformat(change).replace(tzinfo=timezone.utc)

    def test(both: Both) -> None:
        for quarter in range(-8, 9):
            for value in (quarter * 900, timedelta(minutes=15 * quarter)):
                both.ours.set_expiry(value)
                both.theirs.set_expiry(value)
                both.agree()

    beside_django(test, now=moment, use_tz=use_tz, zone=zone)
