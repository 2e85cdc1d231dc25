"""The commands in the documents do what the documents say."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path

import pytest

from .console import PAGES, ROOT, Console, comparable, consoles, files
from .project import Project
from .stages import STAGES, Stage

_FILE = re.compile(r"[\w./-]+/[\w.-]+")
_CONSOLES = [console for page in PAGES for console in consoles(page)]
#: those of a page that follow one another on the same stage; what they do adds up
_SCENES = [list(scene) for _, scene in groupby(_CONSOLES, key=lambda one: (one.page, one.stage))]


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the environment name no Django settings; the documents' commands name their own."""
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)


@pytest.mark.process
@pytest.mark.parametrize(
    "scene", [one for one in _SCENES if one[0].stage], ids=lambda one: str(one[0])
)
def test_commands_print_what_the_documents_say(scene: list[Console], tmp_path: Path) -> None:
    with STAGES[scene[0].stage](tmp_path) as stage:
        if isinstance(stage, Project):
            for name, text in files(scene[0].page).items():
                stage.write(name, text)
        for console in scene:
            _try(console, stage)


def _try(console: Console, stage: Stage) -> None:
    for command in console.commands:
        printed = stage.run(command.text)
        assert (str(console), command.text, comparable(printed)) == (
            str(console),
            command.text,
            comparable(command.printed),
        )


@pytest.mark.parametrize("console", _CONSOLES, ids=str)
def test_a_console_is_tried_or_says_what_tries_it(console: Console) -> None:
    kind, _, said = console.mark.partition(": ")
    assert kind in ("tried", "not tried")
    if kind == "tried":
        assert said in STAGES
        return
    files = _FILE.findall(said)
    assert files
    assert all((ROOT / file).is_file() for file in files)
