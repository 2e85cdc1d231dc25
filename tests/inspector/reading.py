"""What is read on a page: its text, where links and forms lead, and the names of colours."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_BLOCKS = {"title", "h1", "h2", "h3", "p", "li", "div", "dt", "tr", "form", "option", "summary"}
_BLOCKS |= {"figcaption", "ol", "pre", "svg", "nav", "main", "header", "footer", "link", "script"}
_TOLD = {"href", "src", "action", "name", "value", "start", "aria-label", "aria-current", "role"}
_TOLD |= {"class", "data-seconds", "datetime", "selected"}
_COLOURS = re.compile(r"(part|state|notice|swatch|over|ahead|short|danger)\b.*")


class _Reader(HTMLParser):
    """Writes a line to a block, and in braces what an element says besides its text."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs if name in _TOLD}
        if not _COLOURS.fullmatch(given.get("class", "")):
            given.pop("class", None)
        if given.get("name") == "token" and given.get("value"):
            given["value"] = "…"
        told = ", ".join(f"{name}={given[name]}" for name in sorted(given))
        self.text += "\n" * (tag in _BLOCKS) + (f"{{{told}}}" if told else "")

    def handle_endtag(self, tag: str) -> None:
        self.text += "\n" if tag in _BLOCKS else " " if tag in ("dd", "td", "th") else ""

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> str:
    """Return a page as it is read; references to sessions are left out."""
    reader = _Reader()
    reader.feed(html)
    text = re.sub(r"(?<=/one/|bove=|elow=)[\w.-]{30,}", "…", reader.text)
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line) + "\n"
