"""Whether ``expire_date`` says that Django has another clock, or another SESSION_COOKIE_AGE.

A time zone is told where rows miss their date by a multiple of 15 minutes, up to 14 hours, since
no zone is apart from UTC otherwise. A share of more than half of the rows examined is wrong; from
a tenth on it is a note, as another program than Django may have written the rest.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from .deviations import Deviations
from .finding import Finding, rows

#: how many rows must miss their date alike before it counts
_AT_LEAST = 3
_TOLERANCE = 5  # minutes that a slow request, or a clock, may account for
_QUARTER = 15
_FARTHEST = 14 * 60
_DJANGOS_DEFAULT = "America/Chicago"


def date_findings(deviations: Deviations) -> list[Finding]:
    """Tell what the deviations of the dates mean."""
    if not deviations.examined:
        return []
    finding = _zone_finding(deviations) or _age_finding(deviations)
    return [finding or Finding("ok", "expire_date fits the times of signing.")]


def _zone_finding(found: Deviations) -> Finding | None:
    shifts = _shifts(found.by_age) + _shifts(found.by_own)
    alike, minutes = _most(shifts)
    if alike < _AT_LEAST or alike * 10 < found.examined or _is_age_only(found):
        return None
    wide = alike * 2 > found.examined
    text = (
        f"expire_date is off by {_hours(minutes)} hours in {rows(alike)}, of"
        f" {found.examined:,} examined: {'the Django site' if wide else 'whoever wrote these'}"
        f" has another USE_TZ or TIME_ZONE{_or_another_age(found, minutes)}."
    )
    return Finding("wrong" if wide else "note", text, _zone_mend(found, minutes))


def _shifts(counter: Counter[int]) -> Counter[int]:
    """Count by multiples of 15 minutes; what is near none, too far, or right is left out."""
    shifts: Counter[int] = Counter()
    for minutes, number in counter.items():
        shift = round(minutes / _QUARTER) * _QUARTER
        if shift and abs(shift) <= _FARTHEST and abs(minutes - shift) < _TOLERANCE:
            shifts[shift] += number
    return shifts


def _most(shifts: Counter[int]) -> tuple[int, int]:
    """Tell how many rows are shifted alike, and by how much most of them.

    Rows from both sides of a change to summer time are an hour apart.
    """
    if not shifts:
        return 0, 0
    minutes, number = shifts.most_common(1)[0]
    beside = max(shifts[minutes - 60], shifts[minutes + 60])
    return number + beside, minutes


def _is_age_only(found: Deviations) -> bool:
    """Tell whether sessions with an expiry of their own are right: then it is not the clock."""
    right = sum(number for minutes, number in found.by_own.items() if abs(minutes) < _TOLERANCE)
    return right * 2 > found.by_own.total()


def _or_another_age(found: Deviations, minutes: int) -> str:
    age = found.cookie_age + minutes * 60
    if _shifts(found.by_own) or age <= 0:
        return ""
    return f" (or, less likely, SESSION_COOKIE_AGE = {age})"


def _zone_mend(found: Deviations, minutes: int) -> str:
    """Say which settings have the clock that Django's rows show."""
    signed_at = next(
        moment for shift, moment in found.sample.items() if abs(shift - minutes) < _TOLERANCE
    )
    own = found.naive_zone.utcoffset(signed_at) if found.naive_zone else None
    offset = timedelta(minutes=minutes) + _offset(found.naive_zone, signed_at)
    if own is not None and not offset:
        return "Django's dates are in UTC: set USE_TZ = True, as Django most likely has it."
    clock = f"Django's dates are on a clock at UTC{_hours(round(offset.total_seconds() / 60))}"
    fitting = _fitting(found.time_zone, offset, signed_at)
    advice = "set USE_TZ = False, and TIME_ZONE to that of the Django settings"
    return f"{clock}: {advice}{fitting}."


def _offset(zone: tzinfo | None, moment: datetime) -> timedelta:
    return moment.astimezone(zone or timezone.utc).utcoffset() or timedelta()


def _fitting(time_zone: tzinfo, offset: timedelta, moment: datetime) -> str:
    if _offset(time_zone, moment) == offset:
        return f" ('{time_zone}', as this app has it, fits)"
    if _offset(ZoneInfo(_DJANGOS_DEFAULT), moment) == offset:
        return f" ('{_DJANGOS_DEFAULT}', Django's default, fits; so do others)"
    return ""


def _hours(minutes: int) -> str:
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60}:{abs(minutes) % 60:02d}"


def _age_finding(found: Deviations) -> Finding | None:
    common = found.by_age.most_common(1)
    if not common:
        return None
    minutes, number = common[0]
    age = found.cookie_age + minutes * 60
    few = number < _AT_LEAST or number * 2 <= found.examined_by_age
    if few or abs(minutes) < _TOLERANCE or age <= 0:
        return None
    return Finding(
        "note",
        f"Sessions end {age:,} seconds after they were written, in {rows(number)} of"
        f" {found.examined_by_age:,}: whoever wrote them has another SESSION_COOKIE_AGE.",
        f"Set SESSION_COOKIE_AGE = {age} if Django has it so.",
    )
