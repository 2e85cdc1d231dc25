"""Two plots of sessions: by day of expiry, and by size; drawn as SVG, and told as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from typing import NamedTuple

from markupsafe import Markup

from ..store import Outline

#: how many rows are looked at, in the order of their keys; since these are random, they stand
#: for all
LIMIT = 2000

_MOST_BARS = 36
#: how many days a bar may stand for
_SPANS = (1, 2, 7, 14, 28, 91, 364)
_SMALLEST = 6  # sizes up to 2 ** 6 characters are one bar
_LARGEST = 20


class Bar(NamedTuple):
    """Some sessions that are alike."""

    label: str
    number: int
    #: whether they have expired
    is_over: bool = False


class Plot(NamedTuple):
    """Bars from left to right."""

    title: str
    #: what the bars go by
    by: str
    bars: list[Bar]


def by_day(outlines: Sequence[Outline], now: datetime) -> Plot:
    """Count sessions by the day (UTC) on which they end, or by several days where these are many.

    A hundredth at either end may be far off; it is one bar there.
    """
    days = sorted(_day(row.expire_date) for row in outlines if row.expire_date is not None)
    today = _day(now)
    bars: list[Bar] = []
    if days:
        margin = len(days) // 100
        first, last = days[margin], days[-1 - margin]
        span = next((one for one in _SPANS if (last - first).days < one * _MOST_BARS), _SPANS[-1])
        last = first + min(last - first, timedelta(span * _MOST_BARS))
        bars = _day_bars(days, first, last, span, today)
    if undated := len(outlines) - len(days):
        bars.append(Bar("no date", undated, is_over=True))
    return Plot("Sessions by day of expiry", "Day (UTC)", bars)


def _day(moment: datetime) -> date:
    return moment.astimezone(timezone.utc).date()


def _day_bars(days: list[date], first: date, last: date, span: int, today: date) -> list[Bar]:
    counts = Counter(
        -1 if day < first else 10**6 if day > last else (day - first).days // span for day in days
    )
    number = (last - first).days // span + 1
    bars = []
    if counts[-1]:
        bars.append(Bar(f"before {first}", counts[-1], is_over=first <= today))
    for index in range(number):
        begins = first + timedelta(index * span)
        ends = begins + min(timedelta(span - 1), date.max - begins)
        label = f"{begins}" if span == 1 else f"{begins} to {ends}"
        bars.append(Bar(label, counts[index], is_over=ends < today))
    if counts[10**6]:
        bars.append(Bar(f"after {last}", counts[10**6], is_over=days[-1] < today))
    return bars


def by_size(outlines: Sequence[Outline]) -> Plot:
    """Count sessions, one or more, by the length of their texts, in powers of two."""
    counts = Counter(
        min(max((row.size - 1).bit_length(), _SMALLEST), _LARGEST + 1) for row in outlines
    )
    bars = [Bar(_size_label(power), counts[power]) for power in range(min(counts), max(counts) + 1)]
    return Plot("Sessions by size", "Characters", bars)


def _size_label(power: int) -> str:
    if power == _SMALLEST:
        return f"up to {2**power:,}"
    if power > _LARGEST:
        return f"more than {2**_LARGEST:,}"
    return f"{2 ** (power - 1) + 1:,} to {2**power:,}"


_WIDTH, _HEIGHT, _GAP = 640, 150, 3


def drawing(plot: Plot) -> Markup:
    """Draw *plot* in the colours of the style sheet; its numbers are in the table beside it."""
    highest = max((bar.number for bar in plot.bars), default=0) or 1
    step = _WIDTH / max(len(plot.bars), 8)
    rects = []
    for index, bar in enumerate(plot.bars):
        height = max(bar.number / highest * _HEIGHT, 2 if bar.number else 0)
        rects.append(
            Markup(
                '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="2">'
                "<title>{}: {}</title></rect>"
            ).format(
                "over" if bar.is_over else "ahead",
                index * step,
                _HEIGHT - height,
                step - _GAP,
                height,
                bar.label,
                bar.number,
            )
        )
    return Markup(
        '<svg viewBox="0 0 {} {}" role="img" aria-label="{}" preserveAspectRatio="none">{}</svg>'
    ).format(_WIDTH, _HEIGHT, _told(plot), Markup("").join(rects))


def _told(plot: Plot) -> str:
    """Say what one sees at a glance."""
    if not plot.bars:
        return plot.title
    highest = max(plot.bars, key=lambda bar: bar.number)
    return f"{plot.title}: most, {highest.number}, at {highest.label}."
