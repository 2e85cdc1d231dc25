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
from statistics import median
from time import sleep
from typing import Any

import psycopg
import sqlalchemy as sa

from .children import Child
from .clearing import VISITOR
from .contenders.ours_site import make_table
from .databases import Make, available, for_psycopg, lend, settle
from .results import judged, machine, reaches

_TEXT = "x" * 120  # as long as the text of a session with a user in it
_DAY = 24 * 60 * 60
_MOST_TIME = 1.5
_LONGEST_WAIT = 0.1
_ROLES = ("ours", "django")

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
    print(
        f"{options.rows} rows, medians of {options.rounds} rounds; longest and peak of all rounds\n"
    )
    print("| | seconds | longest wait, ms | median wait, ms | writes | peak memory, MB (grew by) |")
    print("|---|---:|---:|---:|---:|---:|", flush=True)
    for place in options.databases:
        of_place = [_measure(place, number, options) for number in range(options.rounds)]
        rows += [row for of_round in of_place for row in of_round.values()]
        for role in _ROLES:
            _print(place, role, [of_round[role] for of_round in of_place])
        _print_judgement(place, of_place)
    if options.json:
        document = {"machine": machine(), "rows": options.rows, "results": rows}
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _options(arguments: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks.clearsessions", description=__doc__)
    places = [place for place, (kind, _) in _PLACES.items() if kind in available()]
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--databases", nargs="+", choices=places, default=places)
    parser.add_argument("--alone", type=float, default=2.0, help="seconds the visitor is alone")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args(arguments)


def _measure(place: str, number: int, options: Namespace) -> dict[str, dict[str, Any]]:
    """Clear a copy of the same table with each; another one begins in each round."""
    kind, journal = _PLACES[place]
    roles = _ROLES if number % 2 == 0 else _ROLES[::-1]
    with lend(kind, journal=journal) as make:
        _fill(make("filled"), options.rows)
        return {role: {"round": number, **_clear(place, role, make, options)} for role in roles}


def _clear(place: str, role: str, make: Make, options: Namespace) -> dict[str, Any]:
    url = make(role, copy_of="filled")
    # Otherwise a visitor waits for the disk to write the copy, whoever clears.
    settle(_PLACES[place][0])
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
    return {"database": place, "by": role, **cleared, "alone": alone, "visitor": waits}


def _print(place: str, role: str, rows: list[dict[str, Any]]) -> None:
    waits, alone = [row["visitor"] for row in rows], [row["alone"] for row in rows]
    print(
        f"| {place}, {role} | {median(row['seconds'] for row in rows):.2f}"
        f" | {_longest(waits) * 1e3:.1f} (alone {_longest(alone) * 1e3:.1f})"
        f" | {_usual(waits) * 1e3:.2f} (alone {_usual(alone) * 1e3:.2f})"
        f" | {median(wait['writes'] for wait in waits):.0f}"
        f" | {max(row['peak'] for row in rows) / 1024:.0f}"
        f" ({max(row['peak'] - row['before'] for row in rows) / 1024:.1f}) |",
        flush=True,
    )


def _longest(waits: list[dict[str, float]]) -> float:
    return max(wait["longest"] for wait in waits)


def _usual(waits: list[dict[str, float]]) -> float:
    return median(wait["median"] for wait in waits)


def _print_judgement(place: str, rounds: list[dict[str, dict[str, Any]]]) -> None:
    ratio = median(row["ours"]["seconds"] / row["django"]["seconds"] for row in rounds)
    longest = _longest([row["ours"]["visitor"] for row in rounds])
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
