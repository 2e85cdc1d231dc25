"""What all commands share: errors in a line, help, and a bar where somebody looks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import FlaskGroup
from flask_sqlalchemy import SQLAlchemy

from flask_dj_session import DjangoSessions
from flask_dj_session.cli import clearsessions, sessions
from flask_dj_session.wire import SessionCodec

from ..conftest import NOW, MakeSite, Site
from .conftest import Put

ROOT = Path(__file__).parents[2]
SEVENS = SessionCodec("x").encode({"_auth_user_id": "7"}, NOW)  # as APP reads it
COMMANDS = [clearsessions, *sessions.commands.values()]
ON_ROWS = [["clearsessions"], ["sessions", "list"], ["sessions", "revoke", "--all", "--yes"]]


@pytest.mark.parametrize("args", ON_ROWS, ids=lambda args: args[-1])
def test_a_missing_table_is_an_error_that_says_how_to_make_it(
    make_site: MakeSite, args: list[str]
) -> None:
    result = make_site(table=False).app.test_cli_runner().invoke(args=args)
    assert result.output.startswith("Error: Table 'django_session' is not in the database.")
    assert "'flask sessions create-table'" in result.output
    assert result.exit_code == 1


@pytest.mark.parametrize(
    "args", [["routes"], ["sessions", "list"], ["run"]], ids=lambda args: args[0]
)
def test_a_setting_that_keeps_the_app_from_being_made_is_one_line(args: list[str]) -> None:
    def create_app() -> Flask:
        return app_with(SESSION_COOKIE_AGE="two weeks")

    result = CliRunner().invoke(FlaskGroup(create_app=create_app), args)
    assert result.output.startswith("Error: 'SESSION_COOKIE_AGE' ")
    assert result.output.count("\n") == 1
    assert result.exit_code == 1


def app_with(**config: object) -> Flask:
    """Make an app on a database in memory."""
    app = Flask("tests")
    app.config.update(SECRET_KEY="x", SQLALCHEMY_DATABASE_URI="sqlite://", **config)
    DjangoSessions(app, SQLAlchemy(app))
    return app


def test_a_server_that_does_not_answer_is_an_error_without_its_password() -> None:
    app = Flask("tests")
    url = "postgresql+psycopg://somebody:pass-word@127.0.0.1:1/test"
    app.config.update(SECRET_KEY="x", SQLALCHEMY_DATABASE_URI=url)
    DjangoSessions(app, SQLAlchemy(app))
    result = app.test_cli_runner().invoke(args=["sessions", "list"])
    assert result.output.startswith("Error: ")
    assert result.output.count("\n") == 1
    assert "pass-word" not in result.output
    assert result.exit_code == 1


def test_a_date_that_is_none_does_not_end_a_listing(site: Site) -> None:
    with site.app.app_context():
        table = site.sessions.model.__table__.name  # type: ignore[attr-defined]
        insert = f"INSERT INTO {table} VALUES ('k', 'x', 'yesterday')"
        site.db.session.execute(site.db.text(insert))
        site.db.session.commit()
    result = site.app.test_cli_runner().invoke(args=["sessions", "list"])
    assert "no date" in result.output
    assert result.exit_code == 0


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_and_every_option_has_help(command: click.Command) -> None:
    assert command.help
    options = [one for one in command.params if isinstance(one, click.Option)]
    assert [one.name for one in options if not one.help] == []


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_and_every_option_is_documented(command: click.Command) -> None:
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    words = [f" {command.name}"]
    words += [name for one in command.params for name in one.opts if name.startswith("--")]
    assert [word for word in words if word not in page] == []


APP = """
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_dj_session import DjangoSessions

app = Flask("tests")
app.config.update(SECRET_KEY="x", SQLALCHEMY_DATABASE_URI="sqlite:///{}")
DjangoSessions(app, SQLAlchemy(app))
"""


def _stderr_on_a_terminal(folder: Path, database: Path, *args: str) -> tuple[str, str]:
    """Run a command with its errors on a terminal, and return what it wrote."""
    pty = pytest.importorskip("pty")
    (folder / "app.py").write_text(APP.format(database))
    terminal, end = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "flask", *args],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=end,
        text=True,
        check=True,
        timeout=60,
    )
    os.close(end)
    bar = b""
    with suppress(OSError):  # which is how Linux tells that the other end is closed
        while read := os.read(terminal, 1024):
            bar += read
    os.close(terminal)
    return done.stdout, bar.decode()


@pytest.mark.process
def test_long_work_shows_a_bar_on_a_terminal(put: Put, database: Path, tmp_path: Path) -> None:
    for number in range(4):
        put(f"old{number}", ends=-(10**8))
    args = ["clearsessions", "--batch-size", "1"]
    output, bar = _stderr_on_a_terminal(tmp_path, database, *args)
    assert output == "4 expired sessions removed.\n"
    assert "Removing" in bar
    assert "100%" in bar


# Halts before a statement, so that there is time to stop the command.
HALT = """
import signal
import sys
import sqlalchemy as sa

left = {}
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it

@sa.event.listens_for(sa.Engine, "before_cursor_execute")
def halt(connection, cursor, statement, *rest):
    global left
    if "django_session" in statement:
        left -= 1
        if left < 0:
            print("halted", flush=True)
            sys.stdin.readline()
"""

#: a command, how many of its statements are let through, and what it says of what it has done
STOPPED = [
    ("clearsessions --batch-size 1", 5, "2 expired sessions removed so far."),
    ("clearsessions --dry-run", 0, ""),
    ("sessions list", 0, ""),
    ("sessions revoke --all --yes", 0, ""),
    ("sessions revoke --user 7", 0, "0 sessions revoked so far."),
    ("sessions revoke --user 7", 2, "500 sessions revoked so far."),
    ("sessions check", 0, ""),
]


@pytest.mark.process
@pytest.mark.parametrize(("command", "statements", "done"), STOPPED)
def test_ctrl_c_in_a_real_process_ends_with_a_sentence_and_130(
    put: Put, database: Path, tmp_path: Path, command: str, statements: int, done: str
) -> None:
    for number in range(501 if "--user" in command else 3):
        put(f"old{number:03}", SEVENS, ends=-(10**8))
    (tmp_path / "app.py").write_text(APP.format(database) + HALT.format(statements))
    with subprocess.Popen(
        [sys.executable, "-m", "flask", *command.split()],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "halted\n"
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert output == ""
    assert errors == f"Stopped. {done}".rstrip() + "\n"
    assert process.returncode == 130
