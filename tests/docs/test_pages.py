"""The documents keep their promises: code runs, links resolve, and nothing is left out."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

import flask_dj_session
from flask_dj_session import auth
from flask_dj_session.auth import passwords
from flask_dj_session.settings import AUTH_DEFAULTS, DEFAULTS

PACKAGE = Path(flask_dj_session.__file__).parent
ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [README, ROOT / "CHANGELOG.md", *DOCS]

_BLOCK = re.compile(r"^(<!-- continues -->\n)?```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PRINTED = re.compile(r"^ *print\(.*\)  # (.*)$", re.MULTILINE)
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#([^)\s]+))?\)")
_ROW = re.compile(r"^\| `([^`]+)` \| (.*) \|$", re.MULTILINE)


class Example(NamedTuple):
    """One or several python blocks of a page that belong together."""

    page: Path
    line: int
    code: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def _examples(page: Path) -> list[Example]:
    text = page.read_text(encoding="utf-8")
    found: list[Example] = []
    for block in _BLOCK.finditer(text):
        line = text.count("\n", 0, block.start(2)) + 1
        if block[1]:
            found[-1] = found[-1]._replace(code=f"{found[-1].code}\n{block[2]}")
        else:
            found.append(Example(page, line, block[2]))
    return found


def _dispose(namespace: dict[str, Any]) -> None:
    """Close what the example's apps had open."""
    for app in namespace.values():
        db = app.extensions.get("sqlalchemy") if isinstance(app, Flask) else None
        if isinstance(app, Flask) and isinstance(db, SQLAlchemy):
            with app.app_context():
                for engine in db.engines.values():
                    engine.dispose()


def _section(page: str, heading: str) -> str:
    """Return what stands in *page* below *heading*, up to the next one."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.split(r"^#+ ", text.partition(f"# {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


@pytest.mark.parametrize(
    "example", [example for page in [README, *DOCS] for example in _examples(page)], ids=str
)
def test_an_example_runs_and_prints_what_it_says(
    example: Example,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {"__name__": "example"}
    try:
        exec(compile(example.code, str(example), "exec"), namespace)
    finally:
        _dispose(namespace)
    assert capsys.readouterr().out.splitlines() == _PRINTED.findall(example.code)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_python_is_left_out(page: Path) -> None:
    # What is no "python" is a file of the example in testing.md, which runs as a test-suite.
    left_out = page.read_text(encoding="utf-8").count("```py\n")
    assert left_out == 0 or page.name == "testing.md"


def test_the_readme_shows_working_code_within_fifteen_lines() -> None:
    last = README.read_text(encoding="utf-8").splitlines()[:15][-1]
    assert last.startswith("    return ")


@pytest.mark.parametrize(
    ("heading", "defaults"), [("Settings", DEFAULTS), ("Settings of the login", AUTH_DEFAULTS)]
)
def test_every_setting_is_documented_with_its_default(
    heading: str, defaults: dict[str, Any]
) -> None:
    rows = _ROW.findall(_section("settings.md", heading))
    documented = {name: row.partition(" | ")[0].strip("`") for name, row in rows}
    assert {name: ast.literal_eval(default) for name, default in documented.items()} == defaults


def test_every_difference_from_django_is_documented() -> None:
    documented = Counter(name for name, _ in _ROW.findall(_differences()))
    assert documented == _marked_differences()


def _differences() -> str:
    return _section("interop.md", "Deliberate differences")


def _marked_differences() -> Counter[str]:
    marked: Counter[str] = Counter()
    for module in PACKAGE.rglob("*.py"):
        count = module.read_text(encoding="utf-8").count("# Unlike Django:")
        marked += Counter({module.relative_to(PACKAGE).as_posix(): count})
    return marked


def test_every_room_is_documented() -> None:
    documented = {name.strip("/") for name, _ in _ROW.findall(_section("design.md", "The rooms"))}
    assert documented == {
        path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or _is_package(path)
    }


def test_every_room_is_in_the_drawing() -> None:
    drawing = (ROOT / "docs" / "_static" / "rooms.svg").read_text(encoding="utf-8")
    drawn = {name.strip("/") for name in re.findall(r'class="name"[^>]*>([^<]+)<', drawing)}
    rooms = _ROW.findall(_section("design.md", "The rooms"))
    assert drawn == {name.strip("/") for name, _ in rooms}


def _is_package(path: Path) -> bool:
    return (path / "__init__.py").exists()


def test_every_public_name_is_in_the_reference_or_is_an_error() -> None:
    page = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\.\. auto\w+:: flask_dj_session\.(\w+)$", page, re.MULTILINE))
    errors = {name for name in flask_dj_session.__all__ if hasattr(flask_dj_session.errors, name)}
    assert "errors" in documented
    assert set(flask_dj_session.__all__) - errors <= documented


def test_every_public_name_of_the_login_is_in_the_reference() -> None:
    page = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    pattern = r"^\.\. auto\w+:: flask_dj_session\.auth\.(\w+)$"
    assert set(auth.__all__) <= set(re.findall(pattern, page, re.MULTILINE))
    short = re.findall(r"^\.\. (?:auto\w+|data):: (\w+)$", page, re.MULTILINE)
    assert set(passwords.__all__) == set(short)


def test_every_page_can_be_found_from_the_first() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    pages = {page.relative_to(ROOT / "docs").with_suffix("").as_posix() for page in DOCS}
    assert pages - {"index"} == set(re.findall(r"^[\w/-]+$", index, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_within_the_repository_lead_somewhere(page: Path) -> None:
    prose = _FENCED.sub("", page.read_text(encoding="utf-8"))
    targets = [target for target, _ in _LINK.findall(prose) if "://" not in target]
    assert [target for target in targets if not (page.parent / target).exists()] == []
