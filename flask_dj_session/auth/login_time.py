"""When the user of a session has logged in, and whether that is too long ago."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from datetime import datetime
from typing import Any

from ..wire.login_times import (
    LOGIN_TIME_KEY,
    SEEN_TIME_KEY,
    login_age,
    read_time,
    seconds_since,
    written_time,
)

__all__ = ["LOGIN_TIME_KEY", "begin", "has_outlived", "login_time", "seconds_since_login", "stamp"]


def login_time(session: Mapping[str, Any]) -> datetime | None:
    """Return when the user of *session* has logged in here, in UTC; None if that is not known.

    It is not known of a login in Django, or while none of the settings that need it was set.
    """
    return read_time(session.get(LOGIN_TIME_KEY))


def stamp(session: MutableMapping[str, Any], now: datetime) -> None:
    """Keep *now* (aware) as the time of the login."""
    session[LOGIN_TIME_KEY] = written_time(now)
    session.pop(SEEN_TIME_KEY, None)


def seconds_since_login(session: Mapping[str, Any], now: datetime) -> float | None:
    """Return the seconds from the login to *now* (aware); None if they are not known."""
    return seconds_since(login_time(session), now)


def has_outlived(session: Mapping[str, Any], absolute_age: float, now: datetime) -> bool:
    """Return whether the login of *session* is *absolute_age* seconds old at *now* (aware)."""
    age = login_age(session, now)
    return age is not None and age >= absolute_age


def begin(session: MutableMapping[str, Any], now: datetime) -> None:
    """Let a login of which nobody knows how old it is count from *now* (aware) on."""
    if login_age(session, now) is None:
        session[SEEN_TIME_KEY] = written_time(now)
