"""The time of a login in a session: what is one, and what is none."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from flask_dj_session.auth.login_time import (
    LOGIN_TIME_KEY,
    login_time,
    seconds_since_login,
    stamp,
)

from ..conftest import NOW


def test_a_stamp_is_a_whole_number_of_seconds_that_can_be_read_again() -> None:
    session: dict[str, Any] = {}
    stamp(session, NOW)
    assert session == {LOGIN_TIME_KEY: 1795437015}
    assert login_time(session) == NOW.replace(microsecond=0)
    assert seconds_since_login(session, NOW + timedelta(hours=1)) == 3600.123456


@pytest.mark.parametrize(
    "value",
    [None, True, "1795437015", 1795437015.5, -1, 10**15, 10**400, math.nan, [], {}, b"1"],
    ids=lambda value: repr(value)[:12],
)
def test_what_is_no_time_is_none(value: Any) -> None:
    session = {LOGIN_TIME_KEY: value}
    assert login_time(session) is None
    assert seconds_since_login(session, NOW) is None


@pytest.mark.parametrize("value", [0, 253_402_300_799])
def test_the_first_and_the_last_second_are_times(value: int) -> None:
    found = login_time({LOGIN_TIME_KEY: value})
    assert found is not None
    assert found.tzinfo is timezone.utc
    assert found.year in (1970, 9999)


def test_a_clock_that_is_a_little_ahead_does_no_harm() -> None:
    session = {LOGIN_TIME_KEY: int(NOW.timestamp()) + 60}
    assert seconds_since_login(session, NOW) == 0


def test_a_time_that_is_still_to_come_is_none() -> None:
    session = {LOGIN_TIME_KEY: int(datetime(2099, 1, 1, tzinfo=timezone.utc).timestamp())}
    assert seconds_since_login(session, NOW) is None
