"""Draws the rooms of the package: `python -m tools.rooms` writes docs/_static/rooms.svg.

What a room may import is what tests/test_rooms.py says. An arrow that can be left out, since others
lead there, is left out.
"""

from __future__ import annotations

from pathlib import Path

from tests.test_rooms import MAY_IMPORT, PACKAGE

FILE = Path(__file__).parents[1] / "docs" / "_static" / "rooms.svg"

#: each room's column and row, and what is written below its name
ROOMS = {
    "__init__": (0, 0, "the public names"),
    "pytest_plugin": (1, 0, "fixtures"),
    "auth": (1, 1, "Django's login"),
    "inspector": (3, 1, "web pages"),
    "pages": (3, 2, "their frame"),
    "extension": (0, 2, "DjangoSessions"),
    "cli": (2, 2, "flask sessions …"),
    "index": (2, 3, "whose a session is"),
    "presentation": (3, 3, "words for people"),
    "interface": (0, 4, "Django's middleware"),
    "model": (1, 4, "the mapped class"),
    "checks": (2, 4, "what is wrong"),
    "site": (0, 5, "one app's sessions"),
    "contexts": (0, 6, "what runs in Flask"),
    "session": (1, 6, "what a view sees"),
    "settings": (2, 6, "Django's settings"),
    "store": (3, 6, "rows and statements"),
    "caches": (2, 5, "a site's cache"),
    "django_engine": (1, 5, "Django's side"),
    "conflicts": (0, 7, "two saves at once"),
    "signals": (1, 7, "for those who count"),
    "audit": (2, 7, "for those who must tell"),
    "protocols": (0, 8, "what a session asks"),
    "description": (1, 9, "what a site says"),
    "wire": (2, 9, "Django's formats"),
    "merging": (0, 9, "two changes, one row"),
    "errors": (3, 10, "every exception"),
}
_WIDTH, _HEIGHT, _ACROSS, _DOWN, _EDGE = 146, 50, 162, 80, 16

_STYLE = """
  text { font-family: system-ui, sans-serif; fill: #1d2733; text-anchor: middle; }
  .name { font-size: 15px; font-weight: 600; }
  .what { font-size: 12px; fill: #47525e; }
  rect { stroke-width: 1.4; }
  .core { fill: #cfe5fb; stroke: #2f6fb0; }
  .optional { fill: #f6f3ec; stroke: #a89a7c; stroke-dasharray: 4 3; }
  path { fill: none; stroke: #8fa3b8; stroke-width: 1.4; }
  marker path { fill: #8fa3b8; stroke: none; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6ebf1; } .what { fill: #b4bfca; }
    .core { fill: #1d3f63; stroke: #6aa5de; } .optional { fill: #2b2a27; stroke: #8a8069; }
    path { stroke: #6d8297; } marker path { fill: #6d8297; }
  }
"""
_FRAME = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"
aria-labelledby="t d">
<title id="t">The rooms of flask_dj_session</title>
<desc id="d">Each module is a box; arrows lead to what it imports. Boxes in colour with a solid line
are the core; pale ones with a broken line are optional.</desc>
<style>{style}</style>
<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"
orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>
{shapes}
</svg>
"""


def imports() -> dict[str, set[str]]:
    """Name the rooms that each room may import."""
    return {
        room: {name[1:] for name in names if name.startswith(".")} - {room}
        for room, names in MAY_IMPORT.items()
    }


def core() -> set[str]:
    """Name what a request needs: the interface, all that it leads to, and what puts it there."""
    found, ahead = {"__init__", "extension"}, {"interface"}
    while ahead:
        room = ahead.pop()
        found.add(room)
        ahead |= imports()[room] - found
    return found


def arrows() -> list[tuple[str, str]]:
    """List from where to where, without what is imported anyway on the way down."""
    direct = imports()
    return [
        (room, below)
        for room in ROOMS
        for below in sorted(direct[room])
        if not any(below in _all_below(other, direct) for other in direct[room])
    ]


def _all_below(room: str, direct: dict[str, set[str]]) -> set[str]:
    found = set(direct[room])
    for below in direct[room]:
        found |= _all_below(below, direct)
    return found


def drawing() -> str:
    """Write the drawing."""
    width = _EDGE * 2 + _ACROSS * 3 + _WIDTH
    height = _EDGE * 2 + _DOWN * max(row for _, row, _ in ROOMS.values()) + _HEIGHT
    shapes = [_arrow(above, below) for above, below in arrows()] + [_box(room) for room in ROOMS]
    return _FRAME.format(width=width, height=height, style=_STYLE, shapes="\n".join(shapes))


def _corner(room: str) -> tuple[int, int]:
    column, row, _ = ROOMS[room]
    return _EDGE + column * _ACROSS, _EDGE + row * _DOWN


def _arrow(above: str, below: str) -> str:
    (x, y), (to_x, to_y) = _corner(above), _corner(below)
    if y == to_y:
        right = to_x > x
        return _path(f"M{x + _WIDTH * right} {y + 25}H{to_x + (not right) * _WIDTH}")
    aside = (to_x - x) // 8
    begin, end = x + _WIDTH // 2 + aside, to_x + _WIDTH // 2 - aside
    bottom, bend = y + _HEIGHT, (to_y - y - _HEIGHT) // 2
    curve = f"{begin} {bottom + bend} {end} {to_y - bend}"
    return _path(f"M{begin} {bottom}C{curve} {end} {to_y}")


def _path(line: str) -> str:
    return f'<path d="{line}" marker-end="url(#a)"/>'


def _box(room: str) -> str:
    x, y = _corner(room)
    kind = "core" if room in core() else "optional"
    name = f"{room}/" if room != "__init__" and (PACKAGE / room).is_dir() else room
    middle = x + _WIDTH // 2
    return (
        f'<rect class="{kind}" x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="8"/>'
        f'<text class="name" x="{middle}" y="{y + 21}">{name}</text>'
        f'<text class="what" x="{middle}" y="{y + 39}">{ROOMS[room][2]}</text>'
    )


if __name__ == "__main__":
    FILE.write_text(drawing(), encoding="utf-8")
