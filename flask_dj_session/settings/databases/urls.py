"""SQLAlchemy's URLs as text, which ``sqlalchemy.make_url`` takes apart into the same again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from ..versions import installed

_HOST = re.compile(r"[\w.-]+")
_IPV6 = re.compile(r"[\da-fA-F:.]*:[\da-fA-F:.]*(%\w+)?")


def server_url(
    driver: str,
    *,
    user: str,
    password: str,
    host: str,
    port: str,
    database: str,
    query: Mapping[str, str],
    database_key: str,
) -> str:
    """Write the URL of a database on a server; what is empty is left out.

    What cannot stand in its own place (a folder as host, a '?' in the database's name) stands
    in the query, which beats the rest.

    :param database_key: the driver's name for the database.
    """
    query = dict(query)
    if host and not _fits_as_host(host):
        query["host"], host = host, ""
    if not _fits_as_database(database):
        query[database_key], database = database, ""
    secret = f":{quote(password, safe='')}" if password else ""
    login = f"{quote(user, safe='')}{secret}@" if user or password else ""
    place = (f"[{host}]" if ":" in host else host) + (f":{port}" if port else "")
    return f"{driver}://{login}{place}/{database}{_query(query)}"


def _fits_as_host(host: str) -> bool:
    return bool(_HOST.fullmatch(host) or _IPV6.fullmatch(host))


def _fits_as_database(name: str) -> bool:
    # SQLAlchemy 2.1 decodes percent signs there, 2.0 does not; and an '@' is looked for first.
    return not re.search(r"[?%@]", name)


def file_url(database: str, query: Mapping[str, str]) -> str:
    """Write the URL of an SQLite file, or of a URI of SQLite's own (``file:…``)."""
    # SQLAlchemy 2.0 takes percent signs there as they are.
    if (installed("SQLAlchemy") or (2, 0)) >= (2, 1):
        database = quote(database, safe="/:\\ ")
    return f"sqlite:///{database}{_query(query)}"


def _query(query: Mapping[str, str]) -> str:
    return f"?{urlencode(query)}" if query else ""
