"""Two plots of sessions: by day of expiry, and by size; drawn as SVG, and told as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
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
_LONG_SPAN = 91  # from here on it is the month that is written under a bar
_SMALLEST = 6  # sizes up to 2 ** 6 characters are one bar
_LARGEST = 20


class Bar(NamedTuple):
    """Some sessions that are alike."""

    label: str
    number: int
    #: whether they have expired
    is_over: bool = False
    #: what stands under it, in a few characters
    short: str = ""


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
        bars.append(Bar("no date", undated, is_over=True, short="none"))
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
        bars.append(Bar(f"before {first}", counts[-1], is_over=first <= today, short="before"))
    for index in range(number):
        begins = first + timedelta(index * span)
        ends = begins + min(timedelta(span - 1), date.max - begins)
        label = f"{begins}" if span == 1 else f"{begins} to {ends}"
        short = begins.isoformat()[5:] if span < _LONG_SPAN else begins.isoformat()[:7]
        bars.append(Bar(label, counts[index], is_over=ends < today, short=short))
    if counts[10**6]:
        bars.append(Bar(f"after {last}", counts[10**6], is_over=days[-1] < today, short="after"))
    return bars


def by_size(outlines: Sequence[Outline]) -> Plot:
    """Count sessions, one or more, by the length of their texts, in powers of two."""
    counts = Counter(
        min(max((row.size - 1).bit_length(), _SMALLEST), _LARGEST + 1) for row in outlines
    )
    bars = [
        Bar(_size_label(power), counts[power], short=_short_size(power))
        for power in range(min(counts), max(counts) + 1)
    ]
    return Plot("Sessions by size", "Characters", bars)


def _size_label(power: int) -> str:
    if power == _SMALLEST:
        return f"up to {2**power:,}"
    if power > _LARGEST:
        return f"more than {2**_LARGEST:,}"
    return f"{2 ** (power - 1) + 1:,} to {2**power:,}"


def _short_size(power: int) -> str:
    """Write the largest size of a bar."""
    if power > _LARGEST:
        return "more"
    return f"{2**power}" if power < 10 else f"{2 ** (power - 10)}k" if power < 20 else "1M"


# Across, all is in percent, so that a drawing is as wide as its place and texts keep their size;
# from top to bottom it is in pixels.
_LEFT, _WIDTH, _GAP = 11.0, 88.0, 0.12
_TOP, _HEIGHT = 8, 150
_BASE = _TOP + _HEIGHT
_UNDER = _BASE + 17
_FEWEST_SLOTS = 8
_ROOM_ON_PHONE = 13


def drawing(plot: Plot) -> Markup:
    """Draw *plot* in the colours of the style sheet; each number is in the table beside it."""
    ticks = _ticks(max((bar.number for bar in plot.bars), default=0))
    parts = [*_scale(ticks), *_bars(plot.bars, ticks[-1]), *_labels(plot.bars)]
    return Markup('<svg width="100%" height="{}" role="img" aria-label="{}">{}</svg>').format(
        _UNDER + 7, _told(plot), Markup("").join(parts)
    )


def _ticks(highest: int) -> list[int]:
    """Return the numbers of the scale: up to five, round ones, the last at least *highest*."""
    steps = (digit * 10**power for power in range(9) for digit in (1, 2, 5))
    step = next(step for step in steps if step * 4 >= highest)
    return [step * number for number in range(max(-(-highest // step), 1) + 1)]


def _scale(ticks: list[int]) -> Iterator[Markup]:
    for tick in ticks:
        height = _BASE - tick / ticks[-1] * _HEIGHT
        yield Markup(
            '<line class="grid" x1="{:.1f}%" x2="{:.1f}%" y1="{:.1f}" y2="{:.1f}"/>'
            '<text class="scale" x="{:.1f}%" y="{:.1f}" dy="0.32em">{:,}</text>'
        ).format(_LEFT, _LEFT + _WIDTH, height, height, _LEFT - 1.5, height, tick)


def _slot(bars: list[Bar]) -> float:
    return _WIDTH / max(len(bars), _FEWEST_SLOTS)


def _bars(bars: list[Bar], top: int) -> Iterator[Markup]:
    slot = _slot(bars)
    for index, bar in enumerate(bars):
        height = max(bar.number / top * _HEIGHT, 2 if bar.number else 0)
        yield Markup(
            '<rect class="{}" x="{:.2f}%" y="{:.1f}" width="{:.2f}%" height="{:.1f}" rx="2">'
            "<title>{}: {}</title></rect>"
        ).format(
            "over" if bar.is_over else "ahead",
            _LEFT + slot * (index + _GAP / 2),
            _BASE - height,
            slot * (1 - _GAP),
            height,
            bar.label,
            bar.number,
        )


def _labels(bars: list[Bar]) -> Iterator[Markup]:
    """Write under as many bars as there is room for; under half of them on a phone."""
    slot = _slot(bars)
    most = 8 if max((len(bar.short) for bar in bars), default=0) <= 6 else 5
    every = -(-len(bars) // most) or 1
    for number, index in enumerate(range(0, len(bars), every)):
        is_spare = number % 2 and slot * every < _ROOM_ON_PHONE
        yield Markup('<text class="under{}" x="{:.2f}%" y="{}">{}</text>').format(
            " spare" if is_spare else "", _LEFT + slot * (index + 0.5), _UNDER, bars[index].short
        )


def _told(plot: Plot) -> str:
    """Say what one sees at a glance."""
    if not plot.bars:
        return plot.title
    highest = max(plot.bars, key=lambda bar: bar.number)
    return f"{plot.title}: most, {highest.number}, at {highest.label}."
