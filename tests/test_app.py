"""app.py, as a newcomer starts it: no configuration, nothing but the file and its pages."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from .docs.serving import copy_course, environment

pytestmark = pytest.mark.process

ROOT = Path(__file__).parent.parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder that holds app.py, its pages, and nothing else."""
    copy_course(tmp_path)
    return tmp_path


def _run(folder: Path, script: str, **variables: str) -> str:
    """Run *script* with ``client``, a test client of the app that *folder* holds."""
    done = subprocess.run(
        [sys.executable, "-c", f"from app import app, db\nclient = app.test_client()\n{script}"],
        cwd=folder,
        env=environment({"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", **variables}),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _print(path: str, times: int = 1) -> str:
    return (
        f"for _ in range({times}): print(client.get({path!r}).text)\n"
        "with app.app_context(): db.engine.dispose()"
    )


def test_the_counter_counts_to_five_and_begins_again(folder: Path) -> None:
    lines = _run(folder, _print("/session/sessfun", 7)).split("\n")[:-1]
    assert lines == [f"view count={count}" for count in (1, 2, 3, 4, 5, 1, 2)]


def test_the_cookie_counts_up_from_42(folder: Path) -> None:
    lines = _run(folder, _print("/session/cookie", 3)).split("\n")[:-1]
    assert lines == [f"In a view - the zap cookie value is {value}" for value in ("None", 42, 43)]


def test_the_cookies_are_kept_for_a_thousand_seconds_and_for_the_browsers_life(
    folder: Path,
) -> None:
    script = "print(client.get('/session/cookie').headers.getlist('Set-Cookie'))"
    assert re.fullmatch(
        r"\['zap=42; Path=/', 'sakaicar=42; Expires=[^;]+; Max-Age=1000; Path=/'\]\n",
        _run(folder, script),
    )


def test_the_start_page_explains_and_links(folder: Path) -> None:
    page = _run(folder, _print("/"))
    assert 'href="/session/cookie"' in page
    assert 'href="/session/sessfun"' in page
    assert "django_session" in page


def test_the_start_page_tells_where_the_visitor_is(folder: Path) -> None:
    visits = "for path in ('cookie', 'sessfun', 'sessfun'): client.get('/session/' + path)\n"
    page = _run(folder, visits + _print("/"))
    assert "Your <code>zap</code> cookie is <strong>42</strong>." in page
    assert "You were counted <strong>2</strong> times." in page


def test_the_start_page_tells_what_became_of_the_number_after_the_fifth_visit(
    folder: Path,
) -> None:
    assert "You have not been counted yet." in _run(folder, _print("/"))
    visits = "for _ in range(5): client.get('/session/sessfun')\n"
    page = _run(folder, visits + _print("/"))
    assert "There is no number in your session: the fifth visit removes it" in page
    assert "not been counted" not in page


@pytest.mark.parametrize("accept", ["*/*", "text/plain, */*;q=0.5"])
def test_the_two_targets_answer_a_program_with_their_text_alone(folder: Path, accept: str) -> None:
    script = (
        f"for name in ('cookie', 'sessfun'): print(client.get('/session/' + name,"
        f" headers={{'Accept': {accept!r}}}).text)"
    )
    assert _run(folder, script) == "In a view - the zap cookie value is None\nview count=1\n"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/session/cookie", "In a view - the zap cookie value is None"),
        ("/session/sessfun", "view count=1"),
    ],
)
def test_the_two_targets_answer_a_browser_with_a_page_that_leads_back(
    folder: Path, path: str, said: str
) -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    script = (
        f"answer = client.get({path!r}, headers={{'Accept': {accept!r}}})\n"
        "print(answer.headers.getlist('Vary'), answer.text)"
    )
    page = _run(folder, script)
    assert "Accept" in page.partition("]")[0]
    assert f"<h1>{said}</h1>" in page
    assert '<a href="/">Back to the lesson</a>' in page
    assert 'name="viewport"' in page


@pytest.mark.parametrize(
    ("request_", "status", "heading"),
    [
        ("client.get('/nothing')", 404, "Not Found"),
        ("client.post('/shop/cart', data={'item': 'a castle'})", 400, "Bad Request"),
        ("client.post('/')", 405, "Method Not Allowed"),
        ("client.get('/', query_string='end=1')", 400, "Bad Request"),
    ],
)
def test_what_is_refused_is_said_on_a_page_that_leads_back(
    folder: Path, request_: str, status: int, heading: str
) -> None:
    page = _run(folder, f"{_ENDING}\nanswer = {request_}\nprint(answer.status, answer.text)")
    assert page.startswith(str(status))
    assert f"<h1>{heading}</h1>" in page
    assert '<a href="/">Back to the lesson</a>' in page
    assert 'name="viewport"' in page


#: ends the visitor's session while a request runs, as a logout in another tab does
_ENDING = """
from flask import request, session

@app.before_request
def end():
    if "end" in request.args:
        session["num_visits"] = 2
        db.session.execute(db.text("DELETE FROM django_session"))
        db.session.commit()

client.get("/session/sessfun")
"""


def test_what_is_refused_keeps_its_headers(folder: Path) -> None:
    allowed = _run(folder, "print(client.post('/session/cookie').headers['Allow'])")
    assert sorted(allowed.strip().split(", ")) == ["GET", "HEAD", "OPTIONS"]


@pytest.mark.parametrize("path", ["/shop/", "/shop/login"])
def test_the_shops_pages_lead_to_the_other_lessons(folder: Path, path: str) -> None:
    page = _run(folder, _print(path), FLASK_DEBUG="1")
    for lesson in ("/", "/shop/", "/sessions/"):
        assert f'<li><a href="{lesson}">' in page


def test_commands_that_pages_show_work_as_they_are_printed(folder: Path) -> None:
    script = (
        "client.get('/session/sessfun')\n"
        "for path in ('/', '/shop/login'): print(client.get(path).text)\n"
        "with app.app_context(): db.engine.dispose()"
    )
    commands = re.findall(r"[^\s<>]*/flask (?:users|sessions) [^<\n]+", _run(folder, script))
    assert [command.split()[2] for command in commands] == ["revoke", "create-tables", "create"]
    for command in commands:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env=environment({"PYTHONPATH": str(ROOT)}),
            input="correct horse\n" * 2,
            text=True,
            check=False,
            capture_output=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr


def test_in_debug_mode_alone_there_is_the_inspector(folder: Path) -> None:
    script = "print(client.get('/sessions/').status_code)\n" + _print("/")
    status, page = _run(folder, script).split("\n", 1)
    assert (status, "/sessions/" in page) == ("404", False)
    status, page = _run(folder, script, FLASK_DEBUG="1").split("\n", 1)
    assert (status, 'href="/sessions/"' in page) == ("200", True)


def test_the_secret_key_is_drawn_once_and_readable_by_its_owner_alone(folder: Path) -> None:
    keys = {_run(folder, "print(app.secret_key)") for _ in range(2)}
    file = folder / "instance" / "secret_key"
    assert keys == {file.read_text() + "\n"}
    assert len(file.read_text()) >= 50
    assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in file.parent.iterdir()) == ["db.sqlite3", "secret_key"]


#: prints the modes of the app's connections, and of those that the sessions have
_MODES = """
with app.app_context():
    modes = set()
    for engine in (db.engine, app.extensions["django_sessions"].store.engine):
        with engine.connect() as connection:
            asked = [f"PRAGMA {pragma}" for pragma in ("journal_mode", "synchronous")]
            modes.add(tuple(connection.exec_driver_sql(one).scalar() for one in asked))
    (found,) = modes
    print(*found, end=" ")
    db.engine.dispose()
"""
_WRITTEN_AHEAD, _AS_SQLITE_DOES = "wal 1 ", "delete 2 "


def test_its_own_database_serves_many_visitors(folder: Path) -> None:
    assert _run(folder, _MODES) == _WRITTEN_AHEAD


def test_a_database_that_it_is_pointed_at_keeps_its_modes(folder: Path, tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'site.sqlite3'}"
    assert _run(folder, _MODES, FLASK_SQLALCHEMY_DATABASE_URI=uri) == _AS_SQLITE_DOES


def test_it_starts_while_another_process_changes_the_mode_of_the_file(folder: Path) -> None:
    database = folder / "instance" / "db.sqlite3"
    database.parent.mkdir()
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("CREATE TABLE django_session (session_key, session_data, expire_date)")
        other.execute("BEGIN")
        other.execute("SELECT * FROM django_session").fetchall()  # nobody may change it now
        at_once = '{"connect_args": {"timeout": 0}}'
        modes = _run(folder, _MODES, FLASK_SQLALCHEMY_ENGINE_OPTIONS=at_once)
        assert modes == _AS_SQLITE_DOES


def test_variables_point_it_at_another_database(folder: Path) -> None:
    database = folder / "elsewhere.sqlite3"
    _run(
        folder,
        _print("/session/sessfun"),
        FLASK_SECRET_KEY="the project's",
        FLASK_SQLALCHEMY_DATABASE_URI=f"sqlite:///{database}",
    )
    assert database.exists()
    assert list((folder / "instance").iterdir()) == []


_SETTINGS = """
from pathlib import Path

FOLDER = Path(__file__).parent.parent
SECRET_KEY = "the project's"
INSTALLED_APPS = [
    "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": FOLDER / "db.sqlite3"}}
SESSION_ENGINE = "django.contrib.sessions.backends.{engine}"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": FOLDER / "cache",
    }
}
"""
#: prints what Django sees of the visitor, and what the visitor sees of Django's change
_BESIDE_DJANGO = """
from importlib import import_module
import django
django.setup()
from django.conf import settings
from django.core.management import call_command
call_command("migrate", verbosity=0)
answers = [client.get("/session/sessfun").text for _ in range(2)]
answers += [client.get(path).status_code for path in ("/", "/shop/", "/sessions/")]
key = client.get_cookie("sessionid").value
theirs = import_module(settings.SESSION_ENGINE).SessionStore(key)
answers.append(theirs["num_visits"])
theirs["num_visits"] = 3
theirs.save()
print(*answers, client.get("/session/sessfun").text, sep=", ")
with app.app_context(): db.engine.dispose()
"""


@pytest.mark.parametrize("engine", ["cached_db", "cache"])
def test_it_shares_the_cache_of_a_project(folder: Path, tmp_path: Path, engine: str) -> None:
    (tmp_path / "mysite").mkdir()
    text = _SETTINGS.replace("{engine}", engine)
    (tmp_path / "mysite" / "settings.py").write_text(text, encoding="utf-8")
    seen = _run(
        folder,
        _BESIDE_DJANGO,
        DJANGO_SETTINGS_MODULE="mysite.settings",
        FLASK_DEBUG="1",
        PYTHONPATH=f"{ROOT}:{tmp_path}",
    )
    assert seen == "view count=1, view count=2, 200, 200, 200, 2, view count=4\n"
    assert list((tmp_path / "cache").iterdir())
