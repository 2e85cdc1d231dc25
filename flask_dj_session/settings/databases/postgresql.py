"""PostgreSQL: what Django hands to psycopg or psycopg2, for the same driver."""

from __future__ import annotations

from typing import Any

from .entry import Entry
from .urls import server_url

# Django 5.2, db/backends/postgresql/psycopg_any.py
_DRIVERS = {"psycopg": "postgresql+psycopg", "psycopg2": "postgresql+psycopg2"}

#: how Django works with the connection, which is its own affair
_DJANGOS_OWN = {
    "autocommit",
    "client_encoding",
    "context",
    "cursor_factory",
    "isolation_level",
    "pool",
    "row_factory",
    "server_side_binding",
}
#: what is carried over, but not as text in the URL
_APART = {"assume_role", "prepare_threshold", "sslpassword"}


def postgresql(entry: Entry) -> dict[str, Any]:
    """Return Flask-SQLAlchemy's settings for the database.

    :raises SettingError: where the driver or the database's name is missing.
    """
    driver = entry.installed("PostgreSQL", "postgresql", _DRIVERS)[0]
    query = entry.text_options(without=_DJANGOS_OWN | _APART)
    if not entry.name and "service" not in query:
        raise entry.refusal("no NAME", "Give it, or the option 'service'.")
    if role := entry.options.get("assume_role"):
        query["options"] = f"{query.get('options', '')} -c role={_escape(role)}".lstrip()
    host, port = entry.host, entry.port
    if "," in host:
        query |= _several(host, port)
        host = port = ""
    url = server_url(
        driver,
        user=entry.user,
        password=entry.password,
        host=host,
        port=port,
        database=entry.name,
        query=query,
        database_key="dbname",
    )
    return {
        "SQLALCHEMY_DATABASE_URI": url,
        "SQLALCHEMY_ENGINE_OPTIONS": {"connect_args": _arguments(driver, entry.options)},
    }


def _several(hosts: str, port: str) -> dict[str, str]:
    """Write libpq's list of hosts; SQLAlchemy wants a port for each."""
    if port and "," not in port:
        port = ",".join([port] * (hosts.count(",") + 1))
    return {"host": hosts, **({"port": port} if port else {})}


def _arguments(driver: str, options: dict[str, Any]) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    if driver == "postgresql+psycopg":
        # Django 5.2, db/backends/postgresql/base.py: get_connection_params; no prepared statements,
        # so that poolers such as PgBouncer keep working. psycopg2 never prepares any.
        arguments["prepare_threshold"] = options.get("prepare_threshold")
    if "sslpassword" in options:  # not in the URL, where it would be shown
        arguments["sslpassword"] = options["sslpassword"]
    return arguments


def _escape(role: str) -> str:
    """Write *role* as one word of libpq's ``options``."""
    return "".join(f"\\{char}" if char.isspace() or char == "\\" else char for char in role)
