"""What it costs to know a user's sessions: ``python -m benchmarks.index [rows]``.

A table of a million rows of 10,000 users, half of them nobody's, on SQLite and on the servers that
TEST_POSTGRESQL_URL and TEST_MARIADB_URL name. The index is made and filled; then a question is
timed when it is up to date, after 10,000 rows that Django has written, and where all rows are
compared first. Each of them is the best of several, but the one after Django's rows, which is once.
"""

from __future__ import annotations

import os
import random
import string
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_dj_session import DjangoSessions, SessionCodec
from flask_dj_session.index import SessionIndex, index_of
from flask_dj_session.index.filling import Filling
from flask_dj_session.pytest_plugin.databases import lend
from flask_dj_session.site import site_of

ROWS = 1_000_000
USERS = 10_000
NEW = 10_000
KEY = "the key of the site"
_SERVERS = {"PostgreSQL": "TEST_POSTGRESQL_URL", "MariaDB": "TEST_MARIADB_URL"}
_LETTERS = string.ascii_lowercase + string.digits
_AT_A_TIME = 5000


def main() -> None:
    """Measure on each database that is there, and print a line for each."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    names = ["fill", "up to date", f"+{NEW} rows", "all compared", "login", "all rows read"]
    print(f"{'':12}" + "".join(f"{name:>14}" for name in names) + "   (ms)")
    for name in ("SQLite", *_SERVERS):
        with _database(name) as url:
            if url is not None:
                _print(name, _measured(url, rows))


def _print(name: str, seconds: list[float]) -> None:
    print(f"{name:12}" + "".join(f"{each * 1000:14,.1f}" for each in seconds), flush=True)


@contextmanager
def _database(name: str) -> Iterator[str | None]:
    url = "" if name == "SQLite" else os.environ.get(_SERVERS[name])
    if url is None:
        print(f"{name:12} {_SERVERS[name]} is not set")
        yield None
        return
    with tempfile.TemporaryDirectory() as folder, lend(url, Path(folder)) as lent:
        yield lent


def _measured(url: str, rows: int) -> list[float]:
    app = Flask("benchmark")
    app.config.update(SECRET_KEY=KEY, SQLALCHEMY_DATABASE_URI=url, SESSION_INDEX=True)
    db = SQLAlchemy(app)
    sessions = DjangoSessions(app, db)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":  # as docs/how-to/sqlite.md has it
            sa.event.listen(db.engine, "connect", _serve_many)
        sessions.create_table()
        draw = random.Random(1)
        hour = timedelta(hours=1)
        _write(db, draw, rows, lambda: _now() - hour - draw.random() * timedelta(days=13))
        _analyze(db)
        measured = _questions(db, sessions, index_of(site_of(app)), draw)
        db.engine.dispose()
    return measured


def _serve_many(connection: Any, _: object) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")


def _questions(
    db: SQLAlchemy, sessions: DjangoSessions, index: SessionIndex, draw: random.Random
) -> list[float]:
    index.entries.create()
    filling = Filling(sessions.store, index.entries, index.by_index)
    fill = _time(lambda: filling.fill(index.reader(), lambda _: None, verifies=False))
    _analyze(db)
    ask: Callable[[], int] = lambda: _ask(index, str(draw.randrange(USERS)))  # noqa: E731
    up_to_date = min(_time(ask) for _ in range(20))
    _write(db, draw, NEW, _now)
    after = _time(ask)
    compared = min(_time(lambda: _ask(index, "7", exactly=True)) for _ in range(3))
    keys = ["".join(draw.choices(_LETTERS, k=32)) for _ in range(200)]
    logins = [_time(lambda key=key: index.enter_login(key, "7", None, None)) for key in keys]  # type: ignore[misc]
    index.entries.drop()
    index.is_there = lambda: False  # type: ignore[method-assign]
    reading = _time(lambda: _ask(index, "7"))
    return [fill, up_to_date, after, compared, sorted(logins)[len(logins) // 2], reading]


def _ask(index: SessionIndex, user: str, *, exactly: bool = False) -> int:
    return sum(len(page) for page in index.of_user(user, exactly=exactly))


def _time(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _write(db: SQLAlchemy, draw: random.Random, number: int, saved: Callable[[], datetime]) -> None:
    """Add rows as Django writes them: every other one of a user."""
    codec = SessionCodec(KEY)
    naive = db.engine.dialect.name != "postgresql"
    placeholder = "?" if db.engine.dialect.name == "sqlite" else "%s"
    insert = f"INSERT INTO django_session VALUES ({', '.join([placeholder] * 3)})"
    connection: Any = db.engine.raw_connection()
    cursor = connection.cursor()
    for first in range(0, number, _AT_A_TIME):
        rows = []
        for row in range(first, min(first + _AT_A_TIME, number)):
            moment = saved()
            end: Any = moment + timedelta(days=14)
            end = str(end.replace(tzinfo=None)) if naive else end
            data = _data(draw) if row % 2 else {"num_visits": row}
            key = "".join(draw.choices(_LETTERS, k=32))
            rows.append((key, codec.encode(data, moment), end))
        cursor.executemany(insert, rows)
        connection.commit()
    connection.close()


def _data(draw: random.Random) -> dict[str, Any]:
    return {
        "_auth_user_id": str(draw.randrange(USERS)),
        "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
        "_auth_user_hash": draw.randbytes(32).hex(),
    }


def _analyze(db: SQLAlchemy) -> None:
    """Let the database know how many rows there are, as it does by itself in time."""
    statements = {
        "postgresql": ["VACUUM ANALYZE"],
        "sqlite": ["ANALYZE"],
        "mysql": ["ANALYZE TABLE django_session"],
    }
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements[connection.dialect.name]:
            connection.execute(sa.text(statement))


if __name__ == "__main__":
    main()
