"""The consoles in the documents: commands behind ``$``, and what they print below."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

_BLOCK = re.compile(
    r"^(?:<!-- (?P<mark>[^\n]*) -->\n)?```(?P<language>console|sh|bash)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)

#: a file of the project or test-suite that a page is about
_FILE = re.compile(
    r"^<!-- (?:file|served): (?P<name>\S+) -->\n```\w+\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)

#: what is another each time, and what stands for it in a comparison
_CHANGING = [
    (re.compile(r"[\w.-]+:1[0-9A-Za-z]{5}:[\w-]{43}"), "<session_data>"),
    (re.compile(r"\b[a-z0-9]{32}\b"), "<session_key>"),
    (re.compile(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"), "<date>"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+"), "<date>"),
    (re.compile(r"(SECRET_KEY) [0-9a-f]{3}\b"), r"\1 <fingerprint>"),
]
_LEFT_OUT = re.compile(r"(Server|Date|Connection): ")


class Command(NamedTuple):
    """A command and the lines that it prints."""

    text: str
    printed: list[str]


class Console(NamedTuple):
    """One block of a page.

    ``mark`` stands in a comment above it: ``tried: STAGE`` or ``not tried: REASON``.
    """

    page: Path
    line: int
    mark: str
    commands: list[Command]

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"

    @property
    def stage(self) -> str:
        """Where the block is tried; empty where it is not."""
        kind, _, stage = self.mark.partition(": ")
        return stage if kind == "tried" else ""


def consoles(page: Path) -> list[Console]:
    """Return the blocks of *page*, in their order."""
    text = page.read_text(encoding="utf-8")
    return [
        Console(
            page,
            text.count("\n", 0, block.start("body")) + 1,
            block["mark"] or "",
            _commands(block["body"]),
        )
        for block in _BLOCK.finditer(text)
    ]


def files(page: Path) -> dict[str, str]:
    """Return the text of each file that *page* shows whole, by its name."""
    return {file["name"]: file["text"] for file in _FILE.finditer(page.read_text("utf-8"))}


def _commands(body: str) -> list[Command]:
    commands: list[Command] = []
    for line in body.splitlines():
        if line.startswith("$ "):
            commands.append(Command(line.removeprefix("$ ").partition("  # ")[0].rstrip(), []))
        elif commands:
            commands[-1].printed.append(line)
    return commands


def comparable(lines: list[str]) -> list[str]:
    """Write *lines* without what changes from run to run, and without empty lines at the end."""
    kept = [_masked(line.rstrip()) for line in lines if not _LEFT_OUT.match(line)]
    while kept and not kept[-1]:
        kept.pop()
    return kept


def _masked(line: str) -> str:
    for pattern, mask in _CHANGING:
        line = pattern.sub(mask, line)
    return line
