"""Requests are ended at random, with every driver that is installed; others are told the truth."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import NamedTuple

import sqlalchemy as sa

from .site import CheckError

_PATIENCE = 900  # seconds


class _Driver(NamedTuple):
    name: str
    module: str
    #: the beginning of SQLAlchemy's URLs
    drivername: str
    #: whether it lets other greenlets run while it waits
    yields: bool = False
    #: whether it knows what may stand in the query of the URL
    takes_query: bool = True


_DRIVERS = {
    "sqlite": [_Driver("sqlite3", "sqlite3", "sqlite")],
    "postgresql": [
        _Driver("psycopg", "psycopg", "postgresql+psycopg", yields=True),
        _Driver("psycopg2", "psycopg2", "postgresql+psycopg2"),
        _Driver("pg8000", "pg8000", "postgresql+pg8000", yields=True, takes_query=False),
    ],
    # Not mariadbconnector: docs/drivers.md.
    "mariadb": [
        _Driver("PyMySQL", "pymysql", "mysql+pymysql", yields=True),
        _Driver("mysqlclient", "MySQLdb", "mysql+mysqldb"),
        _Driver("mysql-connector-python", "mysql", "mysql+mysqlconnector", yields=True),
    ],
}


def requests_are_interrupted(database: str, url: str, requests: int) -> Iterator[str]:
    """Run visitors in a process of their own, by signals and, where it is installed, by gevent."""
    for driver in _DRIVERS[database]:
        if not importlib.util.find_spec(driver.module):
            continue
        yield f"{driver.name}, by signals: {_run('signals', driver, url, requests)}"
        if driver.yields and importlib.util.find_spec("gevent"):
            yield f"{driver.name}, by gevent: {_run('gevent', driver, url, requests)}"


def _run(way: str, driver: _Driver, url: str, requests: int) -> str:
    modules = ["gevent.monkey", "--module"] if way == "gevent" else []
    command = [sys.executable, "-m", *modules, "faults.impatient", way, str(requests), "1"]
    done = subprocess.run(
        command,
        input=_for_driver(driver, url) + "\n",
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )
    if done.returncode:
        raise CheckError(f"{driver.name}, {way}: {done.stderr.strip()[-2000:]}")
    seen = json.loads(done.stdout)
    ended = seen.get("given up", 0) + seen.get("too late", 0)
    return f"{ended} ended, {seen['answered']} answered, each with what was theirs"


def _for_driver(driver: _Driver, text: str) -> str:
    url = sa.make_url(text)
    query = url.query if driver.takes_query else {}
    return url.set(drivername=driver.drivername, query=query).render_as_string(hide_password=False)
