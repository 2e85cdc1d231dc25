"""How fast ``flask sessions check`` is, and how much memory it takes, on a table of many rows.

    python benchmarks/check.py --rows 1000000

Rows are written by this package's codec to an SQLite file in a temporary folder.
"""

from __future__ import annotations

import argparse
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

from flask_dj_session import SessionCodec
from flask_dj_session.wire.keys import new_session_key

SECRET_KEY = "the key of the benchmark"
AGE = timedelta(days=14)
DDL = (
    (
        'CREATE TABLE "django_session" ("session_key" varchar(40) NOT NULL PRIMARY KEY,'
        ' "session_data" text NOT NULL, "expire_date" datetime NOT NULL)'
    ),
    'CREATE INDEX "django_session_expire_date_a5c62663" ON "django_session" ("expire_date")',
)
APP = """
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_dj_session import DjangoSessions

app = Flask(__name__)
app.config.from_prefixed_env()
sessions = DjangoSessions(app, SQLAlchemy(app))
"""


def rows(number: int) -> Iterator[tuple[str, str, str]]:
    """Make rows of visitors of the last two weeks: half of them have logged in."""
    codec = SessionCodec(SECRET_KEY)
    now = datetime.now(timezone.utc)
    for index in range(number):
        written = now - AGE * (index / number)
        data: dict[str, object] = {"num_visits": index % 5}
        if index % 2:
            data |= {
                "_auth_user_id": str(index),
                "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
                "_auth_user_hash": f"{index:064x}",
            }
        ends = (written + AGE).replace(tzinfo=None)
        yield new_session_key(), codec.encode(data, written), str(ends)


def write(database: Path, number: int) -> None:
    """Make the table with *number* rows."""
    connection = sqlite3.connect(database)
    for statement in DDL:
        connection.execute(statement)
    connection.executemany("INSERT INTO django_session VALUES (?, ?, ?)", rows(number))
    connection.commit()
    connection.close()


def measure(folder: Path, number: int) -> None:
    """Run the check once, and print its output, rate and memory."""
    (folder / "checked.py").write_text(APP)
    environment = {
        **os.environ,
        "FLASK_SECRET_KEY": SECRET_KEY,
        "FLASK_SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder / 'db.sqlite3'}",
    }
    command = [sys.executable, "-m", "flask", "--app", "checked", "sessions", "check"]
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True)
    seconds = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Kilobytes on Linux, bytes on macOS.
    peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1024**2
    print(
        f"\n{number:,} rows in {seconds:.1f} s ({used.ru_utime + used.ru_stime:.1f} s of CPU):"
        f" {number / seconds:,.0f} rows/s, at most {peak:.0f} MiB"
    )


def main() -> None:
    """Read the options, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    number = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder, "db.sqlite3"), number)
        measure(Path(folder), number)


if __name__ == "__main__":
    main()
