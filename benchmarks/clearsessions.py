"""Removing expired sessions, against Django's command: ``python -m benchmarks.clearsessions``.

Of a million rows nine in ten have expired. A visitor writes meanwhile, from another process; what
counts besides the time is how long he is kept waiting.
"""

from __future__ import annotations

import json
import sqlite3
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from hashlib import md5
from pathlib import Path
from time import sleep
from typing import Any

import psycopg
import sqlalchemy as sa

from .children import Child
from .clearing import VISITOR
from .contenders.ours_site import make_table
from .databases import Make, available, for_psycopg, lend
from .results import judged, machine, reaches

_TEXT = "x" * 120  # as long as the text of a session with a user in it
_DAY = 24 * 60 * 60
_MOST_TIME = 1.5
_LONGEST_WAIT = 0.1

#: what is measured: the kind of database and the journal mode
_PLACES = {
    "sqlite-rollback": ("sqlite", "delete"),
    "sqlite-wal": ("sqlite", "wal"),
    "postgresql": ("postgresql", ""),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a table, and write what is asked for."""
    options = _options(arguments)
    rows: list[dict[str, Any]] = []
    print("| | seconds | longest wait, ms | median wait, ms | writes | peak memory, MB (grew by) |")
    print("|---|---:|---:|---:|---:|---:|", flush=True)
    for place in options.databases:
        ours, django = _measure(place, options)
        rows += [ours, django]
        _print_judgement(place, ours, django)
    if options.json:
        document = {"machine": machine(), "rows": options.rows, "results": rows}
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _options(arguments: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks.clearsessions", description=__doc__)
    places = [place for place, (kind, _) in _PLACES.items() if kind in available()]
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--databases", nargs="+", choices=places, default=places)
    parser.add_argument("--alone", type=float, default=2.0, help="seconds the visitor is alone")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args(arguments)


def _measure(place: str, options: Namespace) -> list[dict[str, Any]]:
    """Clear a copy of the same table with each, ours first."""
    kind, journal = _PLACES[place]
    with lend(kind, journal=journal) as make:
        _fill(make("filled"), options.rows)
        return [_clear(place, role, make, options) for role in ("ours", "django")]


def _clear(place: str, role: str, make: Make, options: Namespace) -> dict[str, Any]:
    url = make(role, copy_of="filled")
    with Child("clearing", role, url) as cleaner, Child("clearing", "visitor", url) as visitor:
        cleaner.wait_until_ready()
        visitor.wait_until_ready()
        visitor.ask("begin")
        sleep(options.alone)
        alone = json.loads(visitor.ask("end"))
        visitor.ask("begin")
        cleared = json.loads(cleaner.ask("clear"))
        waits = json.loads(visitor.ask("end"))
    left = _left(sa.make_url(url))
    if left != options.rows - options.rows * 9 // 10 + 1:
        raise RuntimeError(f"{left} rows are left by '{role}'; that is wrong.")
    row = {"database": place, "by": role, **cleared, "alone": alone, "visitor": waits}
    _print(row)
    return row


def _print(row: dict[str, Any]) -> None:
    waits, grew = row["visitor"], (row["peak"] - row["before"]) / 1024
    print(
        f"| {row['database']}, {row['by']} | {row['seconds']:.2f}"
        f" | {waits['longest'] * 1e3:.1f} (alone {row['alone']['longest'] * 1e3:.1f})"
        f" | {waits['median'] * 1e3:.2f} (alone {row['alone']['median'] * 1e3:.2f})"
        f" | {waits['writes']} | {row['peak'] / 1024:.0f} ({grew:.1f}) |",
        flush=True,
    )


def _print_judgement(place: str, ours: dict[str, Any], django: dict[str, Any]) -> None:
    ratio, longest = ours["seconds"] / django["seconds"], ours["visitor"]["longest"]
    in_time = judged(reached=reaches(ratio, "≤", _MOST_TIME))
    in_patience = judged(reached=reaches(longest, "≤", _LONGEST_WAIT))
    print(
        f"| {place}, ours / Django | {ratio:.2f}: ≤ {_MOST_TIME} {in_time}"
        f" | ≤ {_LONGEST_WAIT * 1e3:.0f} {in_patience} | | | |",
        flush=True,
    )


def _fill(url: str, rows: int) -> None:
    """Make the table with *rows*, nine in ten of them expired, and the visitor's."""
    make_table(url)
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        connection = sqlite3.connect(str(parsed.database))
        connection.executemany("INSERT INTO django_session VALUES (?, ?, ?)", _rows(rows))
        connection.commit()
        connection.close()
        return
    with psycopg.connect(for_psycopg(parsed), autocommit=True) as server:
        with server.cursor().copy("COPY django_session FROM STDIN") as copy:
            for key, text, end in _rows(rows):
                copy.write_row((key, text, end + "+00"))
        server.execute("VACUUM ANALYZE django_session")


def _rows(rows: int) -> Iterator[tuple[str, str, str]]:
    """Make the rows in the order in which visitors came; many came again, up to a day later."""
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    expired = rows * 9 // 10
    for number in range(rows):
        again = number * 7919 % _DAY
        seconds = 2 * (number - expired) + (again + _DAY if number >= expired else again - 2 * _DAY)
        key = md5(str(number).encode(), usedforsecurity=False).hexdigest()
        yield key, _TEXT, str(now + timedelta(seconds=seconds))
    yield VISITOR, _TEXT, str(now + timedelta(days=1))


def _left(url: sa.URL) -> int:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM django_session").scalar_one())


if __name__ == "__main__":
    main()
