"""The chart of a run: ``python -m benchmarks.chart FILE.json FILE.svg`` draws it anew.

It is an SVG written by hand, since that follows the page from light to dark, which what plotting
libraries write does not.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import product
from pathlib import Path
from typing import Any

from .contenders import CONTENDERS
from .results import Cell, Results

DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
KINDS = {
    "returning": "returning visitor, counts",
    "new": "new visitor",
    "read": "only reads",
    "untouched": "session untouched",
}

_WIDTH = 860
_MARGIN = 16
_HEAD = 74
_LABEL = 158
_FIGURE = 56
_BAR = 11
_GAP = 12
_TITLE = 34
_LINE = 16

_STYLE = """
text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: #1f2328 }
.title { font-size: 16px; font-weight: 600 }
.panel { font-size: 13px; font-weight: 600 }
.note, .figure { fill: #59636e }
.figure { font-size: 10px }
.back { fill: #ffffff }
.line { stroke: #d1d9e0 }
.bare { fill: #afb8c1 } .floor { fill: #7d8894 } .ours { fill: #0969da }
.merging { fill: #8250df }
.django { fill: #2da06a } .flask_session { fill: #d97b1f }
text.ours { fill: #0969da; font-weight: 600 }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .note, .figure { fill: #9198a1 }
  .back { fill: #0d1117 }
  .line { stroke: #3d444d }
  .bare { fill: #545d68 } .floor { fill: #8b949e } .ours { fill: #58a6ff }
  .merging { fill: #a371f7 }
  .django { fill: #3fb27f } .flask_session { fill: #e0913f }
  text.ours { fill: #58a6ff }
}
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw what a run has written."""
    parser = ArgumentParser(prog="python -m benchmarks.chart", description=__doc__)
    parser.add_argument("json", type=Path, help="what 'benchmarks.compare --json' has written")
    parser.add_argument("svg", type=Path)
    options = parser.parse_args(arguments)
    document = json.loads(options.json.read_text(encoding="utf-8"))
    options.svg.write_text(draw(document), encoding="utf-8")


def draw(document: Mapping[str, Any]) -> str:
    """Return the chart: a panel for each database and size, a group of bars for each kind.

    :param document: a run, as ``benchmarks.compare`` writes it.
    """
    results = Results.from_json(document)
    panels = list(dict.fromkeys((cell.database, cell.size) for cell in results.times))
    databases = list(dict.fromkeys(database for database, _ in panels))
    sizes = list(dict.fromkeys(size for _, size in panels))
    kinds = list(dict.fromkeys(cell.kind for cell in results.times))
    width = (_WIDTH - _MARGIN * 2) / len(databases)
    group = _BAR * len(CONTENDERS) + _GAP
    height = _TITLE + group * len(kinds)
    drawn = [*_head()]
    for (row, size), (column, database) in product(enumerate(sizes), enumerate(databases)):
        left, top = _MARGIN + column * width, _HEAD + row * height
        drawn += _text(left, top + 18, f"{DATABASES[database]}, {_said(size)}", "panel")
        longest = _longest(results, size)
        for number, kind in enumerate(kinds):
            medians = results.medians(Cell(database, size, kind))
            place = left, top + _TITLE + number * group
            scale = (width - _LABEL - _FIGURE) / longest
            drawn += _group(place, KINDS[kind], medians, scale)
    bottom = _HEAD + height * len(sizes) + _MARGIN
    for number, line in enumerate(_notes(document)):
        drawn += _text(_MARGIN, bottom + number * _LINE, line, "note")
    return _document(bottom + _LINE * 2 + _MARGIN / 2, drawn)


def _notes(document: Mapping[str, Any]) -> Iterator[str]:
    """Say how it was measured, and on what."""
    rounds, requests = document["rounds"], document["requests"]
    machine, databases = document["machine"], document["databases"].values()
    yield (
        f"Medians of {rounds} rounds of {requests} requests."
        " The floor: the statements alone, straight on the driver."
    )
    versions = [text.partition(",")[0].partition(" (")[0] for text in databases]
    facts = [f"Python {machine['python']}", f"Django {machine['Django']}", *versions]
    yield f"{machine['processor']}, {machine['cores']} cores; {', '.join(facts)}"


def _longest(results: Results, size: str) -> float:
    """Return what the longest bar of a row of panels stands for, so that they can be compared."""
    cells = [cell for cell in results.times if cell.size == size]
    return max(median for cell in cells for median in results.medians(cell).values())


def _said(size: str) -> str:
    return "a counter in the session" if size == "small" else "20 kB in the session"


def _head() -> Iterator[str]:
    yield from _text(_MARGIN, 28, "What a request costs, in µs: shorter is better", "title")
    left = float(_MARGIN)
    for name, title in CONTENDERS.items():
        yield f'<rect class="{name}" x="{left}" y="44" width="12" height="12" rx="2"/>'
        yield from _text(left + 18, 54, title, name if name == "ours" else "")
        left += 44 + 7 * len(title)


def _group(
    place: tuple[float, float], label: str, medians: dict[str, float], scale: float
) -> Iterator[str]:
    left, top = place
    middle = top + _BAR * len(medians) / 2 + 4
    yield from _text(left, middle, label, "note")
    start = left + _LABEL
    bottom = top + _BAR * len(medians)
    yield f'<line class="line" x1="{start}" y1="{top - 2}" x2="{start}" y2="{bottom + 1}"/>'
    for number, name in enumerate(CONTENDERS):
        y, width = top + number * _BAR, medians[name] * scale
        yield (
            f'<rect class="{name}" x="{start + 1}" y="{y}" width="{width:.1f}"'
            f' height="{_BAR - 2}" rx="1"/>'
        )
        style = "figure ours" if name == "ours" else "figure"
        yield from _text(start + width + 5, y + 8, f"{medians[name]:,.0f}", style)


def _text(x: float, y: float, text: str, style: str) -> Iterator[str]:
    yield f'<text class="{style}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def _document(height: float, drawn: list[str]) -> str:
    size = f'width="{_WIDTH}" height="{height:.0f}"'
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:.0f}" {size}'
        ' role="img" aria-label="What a request costs, in microseconds">'
    )
    back = f'<rect class="back" {size} rx="6"/>'
    return "\n".join([opening, f"<style>{_STYLE}</style>", back, *drawn, "</svg>\n"])


if __name__ == "__main__":
    main()
