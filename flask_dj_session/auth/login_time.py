"""When the user of a session has logged in: an item of the data, which Django leaves alone."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from datetime import datetime, timedelta, timezone
from typing import Any

#: whole seconds since 1970, in a session
LOGIN_TIME_KEY = "_auth_login_time"

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
#: the last second that a datetime can have
_LAST = 253_402_300_799
#: how far ahead the clock of the machine may be where the login was
_TOLERANCE = timedelta(minutes=5)


def login_time(session: Mapping[str, Any]) -> datetime | None:
    """Return when the user of *session* has logged in here, in UTC; None if that is not known.

    It is not known of a login in Django, or while none of the settings that need it was set.
    """
    return read_time(session.get(LOGIN_TIME_KEY))


def stamp(session: MutableMapping[str, Any], now: datetime) -> None:
    """Keep *now* (aware) as the time of the login."""
    session[LOGIN_TIME_KEY] = written_time(now)


def seconds_since_login(session: Mapping[str, Any], now: datetime) -> float | None:
    """Return the seconds from the login to *now* (aware); None if they are not known."""
    return seconds_since(login_time(session), now)


def seconds_since(moment: datetime | None, now: datetime) -> float | None:
    """Return the seconds from *moment* to *now*; None for a time that is still to come."""
    if moment is None or moment > now + _TOLERANCE:
        return None
    return max(0.0, (now - moment).total_seconds())


def written_time(moment: datetime) -> int:
    """Return *moment* (aware) as the data has it: whole seconds since 1970."""
    return int(moment.timestamp())


def read_time(value: object) -> datetime | None:
    """Return the time that an item of the data says; None for one that is no time."""
    if type(value) is not int or not 0 <= value <= _LAST:
        return None
    return _EPOCH + timedelta(seconds=value)
