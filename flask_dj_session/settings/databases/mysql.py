"""MySQL and MariaDB: what Django hands to mysqlclient, for PyMySQL or mysqlclient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .entry import Entry
from .urls import server_url

_DRIVERS = {"pymysql": "mysql+pymysql", "MySQLdb": "mysql+mysqldb"}

#: how Django works with the connection, which is its own affair
_DJANGOS_OWN = {"autocommit", "client_flag", "conv", "cursorclass", "isolation_level"}

_SSL = ("ca", "cert", "key", "capath", "cipher", "check_hostname")

#: mysqlclient's ``ssl_mode`` in words that PyMySQL knows
_SSL_MODES = {
    "DISABLED": {"ssl_disabled": "true"},
    "PREFERRED": {},
    "REQUIRED": {"ssl_check_hostname": "false"},
    "VERIFY_CA": {"ssl_check_hostname": "false"},
    "VERIFY_IDENTITY": {"ssl_check_hostname": "true"},
}


def mysql(entry: Entry) -> dict[str, Any]:
    """Return Flask-SQLAlchemy's settings for the database.

    :raises SettingError: where the driver or the database's name is missing.
    """
    driver = entry.driver("MySQL", "mysql", _DRIVERS)
    query = {"charset": "utf8mb4"}  # Django's default
    query |= entry.text_options(without=_DJANGOS_OWN | {"ssl"}) | _ssl(entry)
    if driver == "mysql+pymysql" and "ssl_mode" in query:
        query |= _ssl_mode(entry, query.pop("ssl_mode"), query)
    if not entry.name and "read_default_file" not in query:
        raise entry.refusal("no NAME", "Give it, or the option 'read_default_file'.")
    host = entry.host
    if host.startswith("/"):
        query["unix_socket"], host = host, ""
    url = server_url(
        driver,
        user=entry.user,
        password=entry.password,
        host=host,
        port=entry.port,
        database=entry.name,
        query=query,
        database_key="database",
    )
    return {"SQLALCHEMY_DATABASE_URI": url}


def _ssl(entry: Entry) -> dict[str, str]:
    given = entry.options.get("ssl") or {}
    if not isinstance(given, Mapping):
        raise entry.refusal("the option 'ssl', which is not a dict")
    for name in given:
        if name not in _SSL:
            raise entry.refusal(f"{name!r} in the option 'ssl', which SQLAlchemy does not know")
    return {
        f"ssl_{name}": entry.as_text("ssl", value)
        for name, value in given.items()
        if value is not None
    }


def _ssl_mode(entry: Entry, mode: str, query: Mapping[str, str]) -> dict[str, str]:
    if mode.upper() not in _SSL_MODES:
        raise entry.refusal(
            f"the 'ssl_mode' {mode!r}", f"Known are: {', '.join(map(repr, _SSL_MODES))}."
        )
    if mode.upper().startswith("VERIFY") and not query.keys() & {"ssl_ca", "ssl_capath"}:
        # PyMySQL would then verify nothing.
        raise entry.refusal(
            f"the 'ssl_mode' {mode!r}, but no CA to verify with", "Give 'ca' in the option 'ssl'."
        )
    return _SSL_MODES[mode.upper()]
