"""The plugin itself: found by pytest, silent when unused, clear when something is missing."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa

from flask_dj_session import pytest_plugin

from ..conftest import needs_installation
from ..databases import EVERY_SERVER, server_of, server_url, text_of

pytest_plugins = ["pytester"]
pytestmark = needs_installation
ROOT = Path(__file__).parents[2]

_SITE = """
import pytest
from flask import Flask, session
from flask_sqlalchemy import SQLAlchemy
from flask_dj_session import DjangoSessions

@pytest.fixture
def app(django_session_db):
    app = Flask("somebodys_app")
    app.config.update(SECRET_KEY="x", SQLALCHEMY_DATABASE_URI=django_session_db)
    db = SQLAlchemy(app)
    DjangoSessions(app, db)
    app.add_url_rule("/", view_func=lambda: str(session.get("n")))
    yield app
    with app.app_context():
        db.engine.dispose()
"""
_TEST = """
from pathlib import Path
def test_it(django_session_client, django_session_db):
    assert django_session_client(n=41).get("/").text == "41"
    assert django_session_db.startswith({beginning!r})
    Path("made").write_text(django_session_db)
"""


@pytest.mark.process
def test_nothing_is_loaded_where_no_fixture_is_used(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import sys\n"
        "def test_it():\n"
        "    assert 'flask_dj_session.pytest_plugin' in sys.modules\n"
        "    assert not {'flask', 'sqlalchemy', 'django'} & set(sys.modules)\n"
    )
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(run, capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert done.returncode == 0, done.stdout


def test_the_fixtures_are_there_without_a_word(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(_SITE)
    pytester.makepyfile(_TEST.format(beginning="sqlite:///"))
    pytester.runpytest_inprocess("-W", "error").assert_outcomes(passed=1)


@pytest.mark.parametrize("server", EVERY_SERVER)
@pytest.mark.parametrize("by_ini", [False, True], ids=["option", "ini"])
def test_a_server_can_be_named_and_its_database_is_dropped_in_the_end(
    pytester: pytest.Pytester, server: str, by_ini: bool
) -> None:
    url = text_of(server_url(server))
    pytester.makeconftest(_SITE)
    pytester.makepyfile(_TEST.format(beginning=url.partition(":")[0]))
    if by_ini:
        pytester.makeini(f"[pytest]\ndjango_session_db_url = {url}")
    given = [] if by_ini else ["--django-session-db-url", url]
    pytester.runpytest_inprocess(*given).assert_outcomes(passed=1)
    made = sa.make_url(Path("made").read_text(encoding="utf-8")).database
    assert made != sa.make_url(url).database
    assert made not in _databases(server)


def _databases(server: str) -> list[str]:
    query = {"postgresql": "SELECT datname FROM pg_database", "mariadb": "SHOW DATABASES"}
    engine = sa.create_engine(server_url(server), poolclass=sa.NullPool)
    with engine.connect() as connection:
        return list(connection.exec_driver_sql(query[server_of(server)]).scalars())


def test_without_an_app_it_is_said_how_to_write_one(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(django_session): pass")
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    said = "*'django_session' needs your app, but there is no fixture 'app'*"
    result.stdout.fnmatch_lines([said])


def test_an_app_without_djangos_sessions_is_named(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        "import pytest, flask\n@pytest.fixture\ndef app(): return flask.Flask('somebodys_app')"
    )
    pytester.makepyfile("def test_it(django_session): pass")
    result = pytester.runpytest_inprocess()
    result.stdout.fnmatch_lines(["*The sessions of the app 'somebodys_app' are not Django's.*"])


def test_where_django_is_not_installed_its_process_is_skipped_by_name(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    pytester.makepyfile("def test_it(django_process): pass")
    result = pytester.runpytest_inprocess("-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*Django is not installed here*"])


def test_every_type_for_annotations_is_what_a_fixture_returns() -> None:
    for name in pytest_plugin.__all__:
        assert getattr(pytest_plugin, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        pytest_plugin.nonsense  # noqa: B018


def test_every_fixture_has_help_and_is_documented(pytester: pytest.Pytester) -> None:
    page = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    lines = pytester.runpytest_inprocess("--fixtures").outlines
    names = {line.split(" ")[0] for line in lines if line.startswith("django_")}
    assert {"django_session", "django_session_db", "django_process"} <= names
    assert [name for name in names if f"`{name}`" not in page] == []
    said = [following for line, following in pairwise(lines) if line.startswith("django_")]
    assert not any("no docstring available" in line for line in said)
