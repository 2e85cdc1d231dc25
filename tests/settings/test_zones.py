"""TIME_ZONE, and the zone of the machine where it is empty."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from flask_dj_session.settings.zones import time_zone

from ..conftest import NOW, MakeSite
from ..live_django import LiveDjango

PLACE = "America/New_York"


def _go_to(place: str) -> None:
    os.environ["TZ"] = place
    time.tzset()


@pytest.fixture(scope="module", autouse=True)
def machine_in_new_york() -> Iterator[None]:
    before = os.environ.get("TZ")
    _go_to(PLACE)
    yield
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2037, 1, 1))


@given(moment=MOMENTS)
def test_without_a_name_it_is_that_of_the_machine(moment: datetime) -> None:
    ours, theirs = (moment.replace(tzinfo=zone) for zone in (time_zone(None), ZoneInfo(PLACE)))
    assert (ours.utcoffset(), ours.tzname()) == (theirs.utcoffset(), theirs.tzname())
    utc = moment.replace(tzinfo=timezone.utc)
    shown, expected = (utc.astimezone(zone) for zone in (time_zone(""), ZoneInfo(PLACE)))
    assert shown.replace(tzinfo=None) == expected.replace(tzinfo=None)
    assert shown.fold == expected.fold


def test_an_hour_that_is_repeated_is_told_apart() -> None:
    for fold, offset in ((0, -4), (1, -5)):
        moment = datetime(2026, 11, 1, 1, 30, fold=fold, tzinfo=time_zone(None))
        assert moment.utcoffset() == timedelta(hours=offset)


@pytest.mark.parametrize("empty", [None, ""])
def test_without_use_tz_rows_end_on_the_clock_of_the_machine_as_in_django(
    make_site: MakeSite, django: LiveDjango, empty: Any
) -> None:
    with time_machine.travel(NOW.timestamp(), tick=False):  # which leaves the zone alone
        site = make_site(USE_TZ=False, TIME_ZONE=empty)
        with django.settings(USE_TZ=False, TIME_ZONE=empty):
            _go_to(PLACE)  # since changing the setting has moved the process
            theirs = django.store()
            theirs["n"] = 1
            theirs.save()
        _go_to(PLACE)
        with site.app.app_context():
            ours = site.sessions.session()
            ours["n"] = 1
            ours.save()
            assert ours.get_expiry_date() == datetime(2026, 12, 7, 7, 30, 15, 123456)
            assert site.sessions.session(theirs.session_key)["n"] == 1
        with site.app.app_context(), site.db.engine.connect() as connection:
            ends = connection.exec_driver_sql("SELECT expire_date FROM django_session").scalars()
            assert set(ends) == {"2026-12-07 07:30:15.123456"}
