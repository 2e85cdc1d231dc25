"""The documents keep their promises: code runs, links resolve, and nothing is left out."""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

import pytest
from flask import Flask, session
from flask_sqlalchemy import SQLAlchemy

import flask_dj_session
from flask_dj_session import DjangoSessions, auth, django_settings
from flask_dj_session.audit import logger as audit
from flask_dj_session.auth import DjangoAuth, passwords
from flask_dj_session.settings import AUTH_DEFAULTS, DEFAULTS, OWN_DEFAULTS
from flask_dj_session.store import queries
from tools import rooms

from .console import consoles

PACKAGE = Path(flask_dj_session.__file__).parent
ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCS = sorted((ROOT / "docs").rglob("*.md"))
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
PAGES = [README, CONTRIBUTING, ROOT / "CHANGELOG.md", *DOCS]

_BLOCK = re.compile(
    r"^(?:<!-- (?P<mark>continues|served: \S+) -->\n)?```python\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_PRINTED = re.compile(r"^ *print\(.*\)  # (.*)$", re.MULTILINE)
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#([^)\s]+))?\)")
_SETTING = re.compile(r"^`(\w+)`, by default `(.*)`\n: \S", re.MULTILINE)
_ROW = re.compile(r"^\| `([^`]+)` \| (.*) \|$", re.MULTILINE)


#: what the pages rely on of what ``startproject`` writes
_SETTINGS = """
from pathlib import Path

SECRET_KEY = "django-insecure-key"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": Path(__file__).parent.parent / "db.sqlite3",
    }
}
TIME_ZONE = "UTC"
USE_TZ = True
"""


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
        line = text.count("\n", 0, block.start("code")) + 1
        if block["mark"] == "continues":
            found[-1] = found[-1]._replace(code=f"{found[-1].code}\n{block['code']}")
        elif not block["mark"]:
            found.append(Example(page, line, block["code"]))
    return found


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Begin in the folder of a Django project called ``mysite``, which has had its migrations."""
    before = set(sys.modules)
    (tmp_path / "mysite").mkdir()
    (tmp_path / "mysite" / "__init__.py").touch()
    (tmp_path / "mysite" / "settings.py").write_text(_SETTINGS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    app = Flask("project")
    app.config.from_mapping(django_settings("mysite.settings"))
    sessions = DjangoSessions(app, SQLAlchemy(app))
    with app.app_context():
        sessions.create_table()
        DjangoAuth(sessions).create_tables()
    _dispose({"app": app})
    with _audit_log_kept():
        yield
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in ("mysite", "shop"):
            del sys.modules[name]


@contextmanager
def _audit_log_kept() -> Iterator[None]:
    """Undo what a page makes of the one logger that the package has."""
    level, handlers, propagates = audit.level, [*audit.handlers], audit.propagate
    yield
    for handler in {*audit.handlers} - {*handlers}:
        handler.close()
    audit.setLevel(level)
    audit.handlers, audit.propagate = handlers, propagates


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


@pytest.mark.slow
@pytest.mark.parametrize(
    "example", [example for page in [README, *DOCS] for example in _examples(page)], ids=str
)
@pytest.mark.usefixtures("project")
def test_an_example_runs_and_prints_what_it_says(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
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


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_a_file_that_is_served_is_named_by_a_command_that_is_tried(page: Path) -> None:
    served = re.findall(r"^<!-- served: (\w+)\.py -->$", page.read_text("utf-8"), re.MULTILINE)
    commands = [one.text for console in consoles(page) if console.stage for one in console.commands]
    assert [name for name in served if not any(name in command for command in commands)] == []


def test_the_readme_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 200


def test_the_readme_shows_working_code_within_fifteen_lines() -> None:
    last = README.read_text(encoding="utf-8").splitlines()[:15][-1]
    assert last.startswith("    return ")


@pytest.mark.parametrize(
    ("heading", "defaults"),
    [
        ("Settings", DEFAULTS),
        ("Settings of the login", AUTH_DEFAULTS),
        ("Settings of this package's own", OWN_DEFAULTS),
    ],
)
def test_every_setting_is_documented_with_its_default(
    heading: str, defaults: dict[str, Any]
) -> None:
    documented = _SETTING.findall(_section("settings.md", heading))
    found = [(name, ast.literal_eval(default)) for name, default in documented]
    assert sorted(found, key=str) == sorted(defaults.items(), key=str)


#: how many requirements each section of chapter V7 of ASVS 5.0 has
_REQUIREMENTS = {"7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 3, "7.6": 2}


def test_every_requirement_for_sessions_has_an_answer() -> None:
    page = _section("security.md", "OWASP ASVS 5.0, chapter V7, line by line")
    answers = re.findall(
        r"^\| (7\.\d\.\d) \S.* \| (?:met|with|yours|not met)\b", page, re.MULTILINE
    )
    assert answers == [f"{s}.{n + 1}" for s, most in _REQUIREMENTS.items() for n in range(most)]


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
    documented = {name.strip("/") for name, _ in _ROW.findall(_section("design.md", "The modules"))}
    assert documented == {
        path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or _is_package(path)
    }


def test_every_room_is_in_the_drawing() -> None:
    drawing = rooms.FILE.read_text(encoding="utf-8")
    drawn = {name.strip("/") for name in re.findall(r'class="name"[^>]*>([^<]+)<', drawing)}
    described = _ROW.findall(_section("design.md", "The modules"))
    assert drawn == {name.strip("/") for name, _ in described}


def test_the_drawing_is_of_what_the_rooms_import_now() -> None:
    assert rooms.FILE.read_text(encoding="utf-8") == rooms.drawing()


def test_the_core_is_what_a_request_needs() -> None:
    optional = set(rooms.ROOMS) - rooms.core()
    assert optional == {
        "django_engine",
        "auth",
        "caches",
        "cli",
        "checks",
        "index",
        "inspector",
        "model",
        "pages",
        "pytest_plugin",
        "presentation",
    }


@pytest.mark.usefixtures("project")
def test_visits_go_through_as_many_lines_as_is_said() -> None:
    app = Flask("visits")
    app.config.from_mapping(django_settings("mysite.settings"))
    sessions = DjangoSessions(app, SQLAlchemy(app))
    app.add_url_rule("/", view_func=lambda: str(session.setdefault("n", 1)))
    app.add_url_rule("/end", "end", lambda: str(session.pop("n")))
    with app.app_context():
        sessions.create_table()  # which opens the connection
    client = app.test_client()
    files = _files_run(lambda: [client.get("/"), client.get("/"), client.get("/end")])
    _dispose({"app": app})
    lines = sum(len(file.read_text("utf-8").splitlines()) for file in files)
    said = re.search(r"about\s+([\d,]+) lines", _section("design.md", "The modules"))
    assert said is not None
    assert abs(int(said[1].replace(",", "")) - lines) < lines / 10
    assert {_room_of(file) for file in files} <= rooms.core()


def _files_run(visits: Callable[[], object]) -> set[Path]:
    """Return the files of the package in which a function is called meanwhile."""
    called: set[CodeType] = set()
    sys.setprofile(lambda frame, _event, _argument: called.add(frame.f_code))
    try:
        visits()
    finally:
        sys.setprofile(None)
    files = {Path(code.co_filename) for code in called if code.co_name != "<module>"}
    return {file for file in files if PACKAGE in file.parents}


def _room_of(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _is_package(path: Path) -> bool:
    return (path / "__init__.py").exists()


def test_what_to_read_first_is_there_and_is_as_long_as_is_said() -> None:
    text = CONTRIBUTING.read_text(encoding="utf-8")
    names = re.findall(r"^\d+\. `([\w/]+\.py)`", text, re.MULTILINE)
    lines = sum(len((PACKAGE / name).read_text("utf-8").splitlines()) for name in names)
    said = re.search(r"^About ([\d,]+) lines", text, re.MULTILINE)
    assert said is not None
    # A tenth more or less: the page says what an evening holds, it does not count.
    assert abs(int(said[1].replace(",", "")) - lines) < lines / 10


def test_commands_fetch_as_much_text_as_is_said() -> None:
    text = " ".join((ROOT / "docs" / "commands.md").read_text(encoding="utf-8").split())
    assert f"at most {queries.BYTES_AT_A_TIME / 1024**2:g} MB of long texts at a time" in text
    assert f"not fetch a text of more than {queries.LONGEST / 1024**2:g} MB" in text


def test_every_public_name_is_in_the_reference_or_is_an_error() -> None:
    page = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    pattern = r"^\.\. (?:auto\w+:: flask_dj_session\.|data:: )(\w+)$"
    documented = set(re.findall(pattern, page, re.MULTILINE))
    errors = {name for name in flask_dj_session.__all__ if hasattr(flask_dj_session.errors, name)}
    assert "errors" in documented
    assert set(flask_dj_session.__all__) - errors <= documented


def test_every_public_name_of_the_login_is_in_the_reference() -> None:
    page = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    login, _, rest = page.partition("\n## Passwords\n")
    pattern = r"^\.\. (?:auto\w+:: flask_dj_session\.auth\.|data:: )(\w+)$"
    assert set(auth.__all__) <= set(re.findall(pattern, login, re.MULTILINE))
    short = re.findall(r"^\.\. (?:auto\w+|data):: (\w+)$", rest, re.MULTILINE)
    assert set(passwords.__all__) == set(short)


def test_the_reference_says_of_each_name_what_it_is_worth() -> None:
    page = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    values = re.findall(r"^\.\. data:: (\w+)\n   :value: '(.*)'$", page, re.MULTILINE)
    assert len(values) == 4
    for name, value in values:
        assert getattr(auth, name) == value


def test_every_page_can_be_found_from_the_first() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    pages = {page.relative_to(ROOT / "docs").with_suffix("").as_posix() for page in DOCS}
    assert pages - {"index"} == set(re.findall(r"^[\w/-]+$", index, re.MULTILINE))


def test_the_first_page_leads_to_login_inspector_and_testing() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    assert {"auth.md", "inspector.md", "testing.md"} <= {page for page, _ in _LINK.findall(index)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_within_the_repository_lead_somewhere(page: Path) -> None:
    prose = _FENCED.sub("", page.read_text(encoding="utf-8"))
    targets = [target for target, _ in _LINK.findall(prose) if "://" not in target]
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_a_heading_find_it(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    prose = _FENCED.sub("", text)
    found = re.findall(r"\]\((?!\w+:)([^)#\s]*)#([^)\s]+)\)", prose)
    targets = [(page.parent / name if name else page, anchor) for name, anchor in found]
    missing = [anchor for target, anchor in targets if anchor not in _anchors(target)]
    assert missing == []


def _anchors(page: Path) -> set[str]:
    """Name the headings of *page* as GitHub does, and MyST after it."""
    prose = _FENCED.sub("", page.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ (.*)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
