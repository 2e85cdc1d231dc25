"""Whether ``expire_date`` says that Django has another clock, or another SESSION_COOKIE_AGE.

A time zone is told where rows miss their date by a multiple of 15 minutes, up to 14 hours, since
no zone is apart from UTC otherwise. The rows that were signed last decide: where they are off, it
is wrong. Where others are, a tenth at least, it is a note: they may be from before a setting was
changed, or of another program than Django.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from .clock_skew import Deviations
from .finding import Finding, at, count, rows
from .moved import Dates

#: how many rows must miss their date alike before it counts
_AT_LEAST = 3
_TOLERANCE = 5  # minutes that a slow request, or a clock, may account for
_QUARTER = 15
_FARTHEST = 14 * 60
_DJANGOS_DEFAULT = "America/Chicago"
_DAY = 24 * 60 * 60


def date_findings(dates: Dates) -> list[Finding]:
    """Tell what the dates of the rows mean."""
    if not dates.examined:
        return []
    deviations = dates.counted
    found = _findings_of(deviations) if deviations.examined else []
    return found or [_moved_finding(dates)]


def _findings_of(deviations: Deviations) -> list[Finding]:
    zone = _zone_finding(deviations)
    if zone is not None and zone.level == "wrong":
        return [zone]
    backwards = _backwards_finding(deviations)
    if zone is not None and backwards is not None and backwards.level == "note":
        backwards = None  # of the same rows
    return [each for each in (zone, backwards or _age_finding(deviations)) if each is not None]


def _moved_finding(dates: Dates) -> Finding:
    """Tell that the dates are right, but for those that may have been moved."""
    moved = dates.moved
    if not moved:
        return Finding("ok", "expire_date matches the times of signing.")
    if not dates.is_in_doubt:
        return Finding(
            "ok",
            f"expire_date matches the times of signing; {count(moved, 'row ends', 'rows end')}"
            " later, as where an app has SESSION_TOUCH_AFTER.",
        )
    return Finding(
        "note",
        f"{moved:,} rows end later than their time of signing says: an app with"
        " SESSION_TOUCH_AFTER has moved the end, or the program that wrote them has another"
        " USE_TZ, TIME_ZONE or SESSION_COOKIE_AGE.",
        "If no app here has SESSION_TOUCH_AFTER, compare the settings with Django's.",
    )


# The clock


def _zone_finding(found: Deviations) -> Finding | None:
    shifts = _shifts(found.by_age) + _shifts(found.by_own)
    if _is_age_only(found):
        return None
    alike, minutes = _most(_shifts(Counter(found.newest.facts)))
    is_now = bool(alike) and found.newest.are(lambda each: _is_shifted(each, minutes))
    if is_now:
        minutes = max((minutes - 60, minutes, minutes + 60), key=lambda each: shifts[each])
        alike = _alike(shifts, minutes)
    else:
        alike, minutes = _most(shifts)
    if alike < _AT_LEAST or not (is_now or alike * 10 >= found.examined):
        return None
    text = (
        f"expire_date is off by {_hours(minutes)} hours in {rows(alike)}, of"
        f" {found.examined:,} examined"
    )
    if is_now:
        hint = _zone_hint(found, minutes)
        return Finding("wrong", f"{text}: {_another_clock(found, minutes)}.", hint)
    return _not_now(found, text, minutes)


def _another_clock(found: Deviations, minutes: int) -> str:
    age = found.lifetime(minutes)
    said = "the Django site has another USE_TZ or TIME_ZONE"
    if _shifts(found.by_own) or age <= 0:
        return said
    return f"{said} (or, less likely, SESSION_COOKIE_AGE = {age})"


def _not_now(found: Deviations, text: str, minutes: int) -> Finding:
    """Tell of rows that are off, where those that were signed last are not."""
    last = max(moment for each, moment in found.last.items() if _is_shifted(each, minutes))
    since = found.newest.have_been(lambda each: not _is_shifted(each, minutes))
    text = f"{text}, the last of them signed at {at(last)}"
    if since is not None and last < since:
        return Finding(
            "note",
            f"{text}: the program that wrote these had another USE_TZ or TIME_ZONE. The rows signed"
            " since then match.",
            "If Django signed any of these, its settings were changed in between, and you do not"
            " need to do anything. If this app signed all of them, compare its USE_TZ and TIME_ZONE"
            " with Django's.",
        )
    return Finding(
        "note",
        f"{text}: the program that wrote these has another USE_TZ or TIME_ZONE.",
        "Compare the settings of all programs that write here with Django's.",
    )


def _shifts(counter: Counter[int]) -> Counter[int]:
    """Count by multiples of 15 minutes; what is near none, too far, or right is left out."""
    shifts: Counter[int] = Counter()
    for minutes, number in counter.items():
        shift = _shift(minutes)
        if shift and abs(shift) <= _FARTHEST and abs(minutes - shift) < _TOLERANCE:
            shifts[shift] += number
    return shifts


def _shift(minutes: int) -> int:
    return round(minutes / _QUARTER) * _QUARTER


def _is_shifted(deviation: int, minutes: int) -> bool:
    """Return whether a row is off by so many minutes.

    Rows from both sides of a change to summer time are an hour apart.
    """
    shift = _shift(deviation)
    is_alike = shift in (minutes, minutes - 60, minutes + 60)
    return shift != 0 and is_alike and abs(deviation - shift) < _TOLERANCE


def _most(shifts: Counter[int]) -> tuple[int, int]:
    """Return how many rows are shifted alike, and by how much most of them."""
    if not shifts:
        return 0, 0
    minutes, _ = shifts.most_common(1)[0]
    return _alike(shifts, minutes), minutes


def _alike(shifts: Counter[int], minutes: int) -> int:
    return shifts[minutes] + max(shifts[minutes - 60], shifts[minutes + 60])


def _is_age_only(found: Deviations) -> bool:
    """Return whether sessions with an expiry of their own are right: then it is not the clock."""
    return found.newest_by_own.are(lambda each: abs(each) < _TOLERANCE)


def _zone_hint(found: Deviations, minutes: int) -> str:
    """Say which settings have the clock that the newest rows show."""
    signed_at = max(
        moment for each, moment in found.last.items() if abs(each - minutes) < _TOLERANCE
    )
    own = found.naive_zone.utcoffset(signed_at) if found.naive_zone else None
    offset = timedelta(minutes=minutes) + _offset(found.naive_zone, signed_at)
    if own is not None and not offset:
        return "Django's dates are in UTC: if the Django settings say so, set USE_TZ = True."
    clock = (
        f"Django's dates are in a time zone with UTC{_hours(round(offset.total_seconds() / 60))}"
    )
    fitting = _fitting(found.time_zone, offset, signed_at)
    return (
        f"{clock}: if the Django settings say so, set USE_TZ = False, and set TIME_ZONE to"
        f" theirs{fitting}."
    )


def _offset(zone: tzinfo | None, moment: datetime) -> timedelta:
    return moment.astimezone(zone or timezone.utc).utcoffset() or timedelta()


def _fitting(time_zone: tzinfo, offset: timedelta, moment: datetime) -> str:
    if _offset(time_zone, moment) == offset:
        return f" ('{time_zone}', which this app has, fits)"
    if _offset(ZoneInfo(_DJANGOS_DEFAULT), moment) == offset:
        return f" ('{_DJANGOS_DEFAULT}', Django's default, fits; so do others)"
    return ""


def _hours(minutes: int) -> str:
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60}:{abs(minutes) % 60:02d}"


# The age


def _backwards_finding(found: Deviations) -> Finding | None:
    """Tell of rows that end before they were signed, which no age alone accounts for."""

    def is_backwards(minutes: int) -> bool:
        return found.lifetime(minutes) < -60 * _TOLERANCE

    backwards = {each: number for each, number in found.by_age.items() if is_backwards(each)}
    if not backwards:
        return None
    number = sum(backwards.values())
    before = -found.lifetime(max(backwards, key=lambda each: found.last[each])) // 60
    text = (
        f"{count(number, 'row ends', 'rows end')} before {'it was' if number == 1 else 'they were'}"
        f" signed, the newest {before // 60}:{before % 60:02d} hours before, and of"
        f" {found.examined_by_age:,} examined none asked for that"
    )
    if found.newest_by_age.are(is_backwards):
        return Finding(
            "wrong",
            f"{text}: SESSION_COOKIE_AGE alone cannot explain that, so the Django site has another"
            " USE_TZ or"
            " TIME_ZONE.",
            "Compare USE_TZ, TIME_ZONE and SESSION_COOKIE_AGE with the Django settings:"
            " '--django-settings' does that.",
        )
    return Finding(
        "note",
        f"{text}: their dates were changed by hand, or the program that wrote them has another"
        " clock.",
    )


def _age_finding(found: Deviations) -> Finding | None:
    newest = Counter(found.newest_by_age.facts).most_common(1)
    if not newest:
        return None
    minutes, _ = newest[0]
    number, age = found.by_age[minutes], found.lifetime(minutes)
    is_now = found.newest_by_age.are(lambda each: each == minutes)
    if not is_now or number < _AT_LEAST or abs(minutes) < _TOLERANCE or age <= 0:
        return None
    besides = "" if _is_age_only(found) else ", and perhaps another USE_TZ or TIME_ZONE besides"
    return Finding(
        "note",
        f"Sessions end {age:,} seconds after they were written, in {rows(number)} of"
        f" {found.examined_by_age:,}{_in_days(age)}: the program that wrote them has another"
        f" SESSION_COOKIE_AGE{besides}.",
        f"Set SESSION_COOKIE_AGE = {age} if Django has that value.",
    )


def _in_days(seconds: int) -> str:
    days, rest = divmod(seconds, _DAY)
    if not days:
        return ""
    hours = f" and {rest // 3600}:{rest % 3600 // 60:02d} hours" if rest else ""
    return f" (that is {count(days, 'day', 'days')}{hours})"
