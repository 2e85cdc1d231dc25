"""Two items of a session's data that Django leaves alone: when a login was, and when it was seen.

Each is a whole number of seconds since 1970. What is anything else counts as not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

#: when the user has logged in here, or has given the password again
LOGIN_TIME_KEY = "_auth_login_time"
#: when a login of unknown time was first seen here, such as one in Django
SEEN_TIME_KEY = "_auth_seen_time"

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
#: the last second that a datetime can have
_LAST = 253_402_300_799
#: how far ahead the clock of the machine may be that has written it
_TOLERANCE = timedelta(minutes=5)


def written_time(moment: datetime) -> int:
    """Return *moment* (aware) as the data has it."""
    return int(moment.timestamp())


def read_time(value: object) -> datetime | None:
    """Return the time (in UTC) that an item of the data says; None for one that is no time."""
    if type(value) is not int or not 0 <= value <= _LAST:
        return None
    return _EPOCH + timedelta(seconds=value)


def seconds_since(moment: datetime | None, now: datetime) -> float | None:
    """Return the seconds from *moment* to *now* (both aware); None for what is still to come."""
    if moment is None or moment > now + _TOLERANCE:
        return None
    return max(0.0, (now - moment).total_seconds())


def login_age(data: Mapping[str, Any], now: datetime) -> float | None:
    """Return for how many seconds a login is known: since it was, or else since it was seen.

    :returns: None where neither is in *data*.
    """
    age = seconds_since(read_time(data.get(LOGIN_TIME_KEY)), now)
    return seconds_since(read_time(data.get(SEEN_TIME_KEY)), now) if age is None else age
