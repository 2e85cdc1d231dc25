"""Clearing a table of which nine rows in ten have expired, against Django's one DELETE.

    python -m benchmarks.clearsessions --rows 1000000

Meanwhile a visitor in another process writes a session of his own, again and again; the longest of
his waits is what people notice.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import shutil
import sqlite3
import statistics
import tempfile
import time
from datetime import datetime, timedelta, timezone
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from flask_dj_session import SessionCodec
from flask_dj_session.wire.keys import new_session_key

from .contenders import SECRET_KEY

VISITOR = "the-visitor-who-waits"
CONTENDERS = ("ours", "django")


def fill(file: Path, rows: int, journal: str) -> None:
    """Make a table of *rows*, nine in ten of them expired."""
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    text = SessionCodec(SECRET_KEY).encode({"num_visits": 1}, datetime.now(timezone.utc))
    live, past = str(now + timedelta(days=7)), str(now - timedelta(days=1))
    connection = sqlite3.connect(file)
    connection.execute(f"PRAGMA journal_mode={journal}")
    connection.execute(_TABLE)
    connection.execute(_INDEX)
    values = ((new_session_key(), text, past if n % 10 else live) for n in range(rows))
    connection.executemany("INSERT INTO django_session VALUES (?, ?, ?)", values)
    connection.execute("INSERT INTO django_session VALUES (?, ?, ?)", (VISITOR, text, live))
    connection.commit()
    connection.close()


_TABLE = (
    'CREATE TABLE IF NOT EXISTS "django_session" ("session_key" varchar(40) NOT NULL PRIMARY KEY,'
    ' "session_data" text NOT NULL, "expire_date" datetime NOT NULL)'
)
_INDEX = (
    'CREATE INDEX IF NOT EXISTS "django_session_expire_date_a5c62663"'
    ' ON "django_session" ("expire_date")'
)


def _clear(name: str, file: str, pipe: Connection) -> None:
    began = time.perf_counter()
    if name == "ours":
        from flask import Flask
        from flask_sqlalchemy import SQLAlchemy

        from flask_dj_session import DjangoSessions

        app = Flask("clear")
        app.config.update(SECRET_KEY=SECRET_KEY, SQLALCHEMY_DATABASE_URI=f"sqlite:///{file}")
        sessions = DjangoSessions(app, SQLAlchemy(app))
        with app.app_context():
            began = time.perf_counter()
            sessions.clear_expired()
    else:
        import django
        from django.conf import settings
        from django.core.management import call_command

        database = {"ENGINE": "django.db.backends.sqlite3", "NAME": file}
        settings.configure(
            SECRET_KEY=SECRET_KEY,
            DATABASES={"default": database},
            INSTALLED_APPS=["django.contrib.sessions"],
            USE_TZ=True,
        )
        django.setup()
        began = time.perf_counter()
        call_command("clearsessions")
    took = time.perf_counter() - began
    pipe.send((took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def _visit(file: str, pipe: Connection) -> None:
    connection = sqlite3.connect(file, timeout=600, isolation_level=None)
    connection.execute("PRAGMA synchronous=NORMAL")
    statement = "UPDATE django_session SET session_data = session_data WHERE session_key = ?"
    waits: list[float] = []
    pipe.send("ready")
    while not pipe.poll(0.002):
        began = time.perf_counter()
        connection.execute(statement, (VISITOR,))
        waits.append(time.perf_counter() - began)
    pipe.send((max(waits), statistics.median(waits), len(waits)))


def run(name: str, file: Path) -> dict[str, Any]:
    """Clear *file* by *name*, with a visitor beside."""
    context = multiprocessing.get_context("spawn")
    (ours_v, theirs_v), (ours_c, theirs_c) = multiprocessing.Pipe(), multiprocessing.Pipe()
    visitor = context.Process(target=_visit, args=(str(file), theirs_v))
    visitor.start()
    ours_v.recv()
    clearing = context.Process(target=_clear, args=(name, str(file), theirs_c))
    clearing.start()
    took, memory = ours_c.recv()
    ours_v.send("stop")
    longest, median, number = ours_v.recv()
    for process in (visitor, clearing):
        process.join()
    return {"s": took, "MiB": memory, "longest": longest, "median": median, "visits": number}


def main() -> None:
    """Print what each took."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--journals", nargs="+", default=["wal", "delete"])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for journal in given.journals:
            full = Path(folder, "full.sqlite3")
            full.unlink(missing_ok=True)
            fill(full, given.rows, journal)
            ratios = []
            for _ in range(given.rounds):
                took = {}
                for name in CONTENDERS:
                    file = Path(folder, f"{name}.sqlite3")
                    for old in Path(folder).glob(f"{name}.sqlite3*"):
                        old.unlink()
                    shutil.copy(full, file)
                    found = run(name, file)
                    took[name] = found["s"]
                    print(
                        f"{journal}, {name}: {found['s']:.1f} s, {found['MiB']:.0f} MiB;"
                        f" a visitor waited at most {found['longest'] * 1000:.0f} ms,"
                        f" half the time under {found['median'] * 1000:.2f} ms"
                        f" ({found['visits']} writes)"
                    )
                ratios.append(took["ours"] / took["django"])
            print(f"{journal}: ours / Django's = {statistics.median(ratios):.2f} of the time")


if __name__ == "__main__":
    main()
