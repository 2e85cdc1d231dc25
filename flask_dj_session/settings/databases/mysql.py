"""MySQL and MariaDB: what Django hands to mysqlclient, for mysqlclient or PyMySQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .entry import READ_THE_REST, Entry
from .urls import server_url

# Django knows mysqlclient only; PyMySQL is what stands in for it.
_DRIVERS = {"MySQLdb": "mysql+mysqldb", "pymysql": "mysql+pymysql"}

#: how Django works with the connection, which is its own affair
_DJANGOS_OWN = {"autocommit", "client_flag", "conv", "cursorclass", "isolation_level"}

#: what one driver alone knows, but for what is said in the words of the other
_ONLY = {
    "mysql+mysqldb": {
        "auth_plugin",
        "executemany_fallback",
        "local_infile_dir",
        "multi_statements",
        "named_pipe",
        "server_public_key_path",
    },
    "mysql+pymysql": {
        "auth_plugin_map",
        "bind_address",
        "defer_connect",
        "max_allowed_packet",
        "program_name",
        "server_public_key",
        "ssl_disabled",
        "ssl_key_password",
        "ssl_verify_cert",
        "ssl_verify_identity",
    },
}

#: numbers and the like that SQLAlchemy makes again of the text in a URL
_CONVERTED = {
    "client_flag",
    "compress",
    "connect_timeout",
    "local_infile",
    "read_timeout",
    "use_unicode",
    "write_timeout",
}

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
    driver = _driver(entry)
    apart = _apart(entry.options)
    query = {"charset": "utf8mb4"}  # Django's default
    query |= entry.text_options(without={*_DJANGOS_OWN, "ssl", *apart}) | _ssl(entry)
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
    if not apart:
        return {"SQLALCHEMY_DATABASE_URI": url}
    options = {"connect_args": apart}
    return {"SQLALCHEMY_DATABASE_URI": url, "SQLALCHEMY_ENGINE_OPTIONS": options}


def _driver(entry: Entry) -> str:
    """Choose the first driver that knows all options."""
    installed = entry.installed("MySQL", "mysql", _DRIVERS)
    unknown = {name: _unknown_to(name) & entry.options.keys() for name in installed}
    for name in installed:
        if not unknown[name]:
            return name
    raise entry.refusal(
        f"the option {min(unknown[installed[0]])!r}, which the driver that is installed here does"
        f" not know ({installed[0]!r})",
        f"Leave it out, or install the driver that the Django project uses. {READ_THE_REST}",
    )


def _unknown_to(driver: str) -> set[str]:
    return {option for name, only in _ONLY.items() if name != driver for option in only}


def _apart(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what would be text in the URL, and not be taken for what it is any more."""
    kept = _DJANGOS_OWN | _CONVERTED
    return {
        name: value
        for name, value in options.items()
        if isinstance(value, (bool, int, float)) and name not in kept
    }


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
            f"the 'ssl_mode' {mode!r}", f"Give one of these: {', '.join(map(repr, _SSL_MODES))}."
        )
    if mode.upper().startswith("VERIFY") and not query.keys() & {"ssl_ca", "ssl_capath"}:
        # PyMySQL would then verify nothing.
        raise entry.refusal(
            f"the 'ssl_mode' {mode!r}, but no CA to verify with", "Give 'ca' in the option 'ssl'."
        )
    return _SSL_MODES[mode.upper()]
