"""The results of ``benchmarks.visits`` as a picture: bars in SVG, for light and dark pages."""

from __future__ import annotations

from typing import Any

_NAMES = {
    "bare": "bare Flask",
    "floor": "floor",
    "ours": "flask-dj-session",
    "django": "Django 5.2",
    "flask_session": "Flask-Session",
}
_STYLE = """
<style>
  text { font: 13px system-ui, sans-serif; fill: #222 }
  .head { font-weight: 600 } .bar { fill: #9db2c9 } .ours { fill: #2f7d4f }
  @media (prefers-color-scheme: dark) {
    text { fill: #ddd } .bar { fill: #5b6f86 } .ours { fill: #57b27c }
  }
</style>
"""
_ROW, _LEFT, _WIDTH = 18, 150, 720  # pixels


def draw(results: list[dict[str, Any]], machine: str) -> str:
    """Draw the results with small data, a group of bars to each kind of request."""
    groups = [one for one in results if one["size"] == "small"]
    longest = max((max(one["us"].values()) for one in groups), default=1.0)
    lines: list[str] = []
    y = 24
    lines.append(f'<text class="head" x="8" y="{y}">Microseconds a request, median</text>')
    for group in groups:
        y += _ROW + 10
        lines.append(
            f'<text class="head" x="8" y="{y}">{group["database"]}, {group["kind"]}</text>'
        )
        for name, us in group["us"].items():
            y += _ROW
            length = max(1, (_WIDTH - _LEFT - 70) * us / longest)
            kind = "ours" if name == "ours" else "bar"
            lines.append(f'<text x="20" y="{y}">{_NAMES[name]}</text>')
            lines.append(
                f'<rect class="{kind}" x="{_LEFT}" y="{y - 11}" width="{length:.1f}" height="13"/>'
            )
            lines.append(f'<text x="{_LEFT + length + 6:.1f}" y="{y}">{us:.0f}</text>')
    lines.append(f'<text x="8" y="{y + 30}">{machine}</text>')
    size = f'width="{_WIDTH}" height="{y + 44}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{_STYLE}{"".join(lines)}</svg>\n'
