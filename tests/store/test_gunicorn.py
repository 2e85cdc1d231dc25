"""Under gunicorn with ``--preload``: the parent has used its connections before it forks."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path

import pytest
import sqlalchemy as sa

from ..databases import EVERY_DATABASE, text_of

pytestmark = [
    pytest.mark.process,
    pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True),
]

ROOT = Path(__file__).parent.parent.parent
APP = """
import os
from flask import Flask, session
from flask_sqlalchemy import SQLAlchemy
from flask_dj_session import DjangoSessions

app = Flask(__name__)
app.config.update(SECRET_KEY="x", SQLALCHEMY_DATABASE_URI=os.environ["TEST_URL"])
db = SQLAlchemy(app)
sessions = DjangoSessions(app, db)
with app.app_context():
    sessions.create_table()
    first = sessions.session()
    first["who"] = "the parent"
    first.save()  # so the parent has a connection when it forks

@app.get("/")
def count():
    session["n"] = session.get("n", 0) + 1
    return f"{session['n']} {os.getpid()}"
"""


@pytest.fixture
def port(database_url: sa.URL, tmp_path: Path) -> Iterator[int]:
    """Serve APP with two workers of four threads, and return the port."""
    (tmp_path / "preloaded.py").write_text(APP)
    command = "-m gunicorn --preload -w 2 --threads 4 -b 127.0.0.1:0 preloaded:app"
    server = subprocess.Popen(
        [sys.executable, *command.split()],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TEST_URL": text_of(database_url)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr is not None
    listening = next(line for line in server.stderr if "Listening at" in line)
    found = re.search(r"127\.0\.0\.1:(\d+)", listening)
    assert found is not None
    yield int(found[1])
    server.terminate()
    server.communicate(timeout=20)


def _visit(port: int, times: int) -> tuple[list[str], set[str]]:
    """Be one visitor, and return the counts and the workers seen."""
    cookie, counts, workers = "", [], set()
    for _ in range(times):
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/", headers={"Cookie": cookie})
        response = connection.getresponse()
        count, worker = response.read().decode().split()
        cookie = response.headers["Set-Cookie"].partition(";")[0]
        connection.close()
        counts.append(count)
        workers.add(worker)
    return counts, workers


def test_every_visitor_is_counted_rightly_by_both_workers(port: int) -> None:
    with ThreadPoolExecutor(8) as pool:
        visits = list(pool.map(lambda _: _visit(port, 25), range(8)))
    assert all(counts == [str(n) for n in range(1, 26)] for counts, _ in visits)
    assert len(set().union(*(workers for _, workers in visits))) == 2
