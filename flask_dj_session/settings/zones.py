"""From TIME_ZONE to a time zone; where it is empty, the zone of the machine."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo


def time_zone(name: str | None) -> tzinfo:
    """Return the zone of a name.

    :param name: without one, that of the machine, in which Django reckons then.
    :raises ValueError, TypeError, OSError, KeyError: where none is called so.
    """
    return ZoneInfo(name) if name else _MachineZone()


class _MachineZone(tzinfo):
    """The zone of the machine, with its changes of clocks."""

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        return None if dt is None else dt.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, dt: datetime | None) -> timedelta | None:
        return None

    def tzname(self, dt: datetime | None) -> str | None:
        return None if dt is None else dt.replace(tzinfo=None).astimezone().tzname()

    def fromutc(self, dt: datetime) -> datetime:
        return dt.replace(tzinfo=timezone.utc).astimezone().replace(tzinfo=self)

    def __repr__(self) -> str:
        return "the zone of the machine"
