"""When a session ends, as Django reckons it from ``_session_expiry``; no storage, no clock.

Three values mean three things: a number of seconds without activity (0: at browser close), a
date (an ISO text, or a datetime in old pickles), or nothing (the site's cookie age).

A site with ``USE_TZ = False`` reckons in naive wall-clock time, so that an hour which a clock
change repeats counts twice; *zone* is its TIME_ZONE there, and None on a site with USE_TZ.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

#: what ``_session_expiry`` may be
Expiry = int | float | str | datetime | None


def to_site_time(moment: datetime, zone: tzinfo | None, default: tzinfo) -> datetime:
    """Give *moment* the form that Django's ``timezone.now()`` has on this site.

    :param zone: None for aware datetimes; a time zone for naive ones on its wall clock.
    :param default: the site's TIME_ZONE, in which a naive *moment* is meant.
    :returns: *moment*, aware where *zone* is None, otherwise naive.

    # Unlike Django: a date that was stored before USE_TZ was switched is understood, where
    # Django raises TypeError.
    """
    if zone is None:
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=default)
    if moment.tzinfo is None:
        return moment
    return moment.astimezone(zone).replace(tzinfo=None)


def fixed_date(expiry: Expiry) -> datetime | None:
    """Tell the date that *expiry* names, None where it is a number of seconds or nothing.

    :raises ValueError: for a text that is no ISO date.

    # Unlike Django: an empty text, which before 4.1 it took for nothing, is still that.
    """
    if isinstance(expiry, datetime):
        return expiry
    if isinstance(expiry, str) and expiry:
        return datetime.fromisoformat(expiry)
    return None


def seconds_between(modification: datetime, date: datetime) -> int:
    """Count the whole seconds from *modification* to *date*.

    # Django 5.2, sessions/backends/base.py: get_expiry_age
    """
    delta = date - modification
    return delta.days * 86400 + delta.seconds


def date_after(modification: datetime, seconds: float) -> datetime:
    """Tell the date *seconds* after *modification*.

    # Django 5.2, sessions/backends/base.py: get_expiry_date
    """
    return modification + timedelta(seconds=seconds)
