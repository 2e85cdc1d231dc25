"""What a site's own class of sessions means here: table, columns, salt; or why it is of no use."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..description import Description
from ..description.failures import place
from ..errors import SettingError
from .defaults import BACKENDS, OWN_ENGINE
from .origin import description_in

#: what makes the text of a row, or the salt of its signature
_OF_TEXTS = ("encode", "decode", "_hash", "serializer")
_COLUMNS = ("session_key", "session_data", "expire_date")


@dataclass(frozen=True)
class SiteStore:
    """The sessions of a site, as its store's class and its model say.

    :param engine: SESSION_ENGINE.
    :param table: of the rows.
    :param key_salt: of the signatures.
    :param key_length: characters that the column of the key holds.
    :param columns: what the table has besides Django's three columns.
    :param user_model: what AUTH_USER_MODEL says, to which columns may refer.
    """

    engine: str
    table: str
    key_salt: str
    key_length: int | None
    columns: tuple[Mapping[str, Any], ...]
    user_model: str


def site_store(config: Mapping[str, Any]) -> SiteStore | None:
    """Return what a site has said of its sessions; None where the settings come from elsewhere."""
    description = description_in(config)
    if description is None or description.session is None or description.session["model"] is None:
        return None
    session = description.session
    columns = {one["name"]: one for one in session["model"]["columns"]}
    return SiteStore(
        session["engine"],
        session["model"]["table"],
        session["key_salt"],
        columns["session_key"]["max_length"],
        tuple(one for name, one in columns.items() if name not in _COLUMNS),
        description.facts["settings"]["AUTH_USER_MODEL"],
    )


def warn_of_unknown_engine(config: Mapping[str, Any]) -> None:
    """Say that nothing is known of an engine which is not Django's, where the app tells nothing."""
    engine = config["SESSION_ENGINE"]
    if not engine.startswith(BACKENDS) and engine != OWN_ENGINE:
        warnings.warn(
            f"'SESSION_ENGINE' is {engine!r}, which is not one of Django's. This package does not"
            " know its table, and uses 'django_session'. Ask the site,"
            " 'django_settings(..., python=...)', or give a class for the table,"
            " 'DjangoSessions(app, db, model=...)'.",
            stacklevel=4,
        )


def engine_of(description: Description) -> str:
    """Return which of Django's engines the site's does the same as, to an app beside it.

    :raises SettingError: where it keeps its sessions in no table, or not as Django does.
    """
    session = description.session
    if session is None:
        failed = description.problem("session") or {"kind": "an error"}
        raise _refusal(
            "SESSION_ENGINE",
            description.facts["settings"].get("SESSION_ENGINE"),
            f"which fails on the site with {failed['kind']}{place(failed)}",
            "Make sure that 'manage.py check' works there.",
        )
    _check_session(session)
    _check_middleware(description.facts["middleware"] or [])
    if is_cache(session):
        return BACKENDS + "cache"
    return BACKENDS + ("cached_db" if session["has_cache"] else "db")


def is_cache(session: Mapping[str, Any]) -> bool:
    """Return whether a site's sessions are in a cache alone."""
    # A description that was made before there was the word does not say.
    return bool(session.get("is_cache"))


def _check_session(session: Mapping[str, Any]) -> None:
    engine = session["engine"]
    if is_cache(session):
        return
    if session["model"] is None:
        raise _refusal("SESSION_ENGINE", engine, "which keeps no sessions in the database")
    names = {column["column"] for column in session["model"]["columns"]}
    if missing := [name for name in _COLUMNS if name not in names]:
        table = session["model"]["table"]
        raise _refusal(
            "SESSION_ENGINE", engine, f"whose table {table!r} has no column {missing[0]!r}"
        )
    if own := [name for name in _OF_TEXTS if name in session["own"]]:
        raise _refusal(
            "SESSION_ENGINE", engine, f"which writes rows in its own way: it has its own {own[0]!r}"
        )


def _check_middleware(middleware: list[Mapping[str, Any]]) -> None:
    for one in middleware:
        if not one.get("is_session"):
            continue
        if one["takes_key"] is False:
            problem = "which keeps something else in the cookie than the session's key"
            raise _refusal("MIDDLEWARE", one["path"], problem)
        if one["takes_key"] is None:
            warnings.warn(
                f"'MIDDLEWARE' has {one['path']!r}, and this package could not try out what that"
                " takes from the cookie. If it is not the key of a session, as in Django, then this"
                " app does not recognise the site's visitors.",
                stacklevel=6,
            )


def _refusal(
    name: str,
    value: Any,
    problem: str,
    mend: str = "Such sessions cannot be shared; with Django's own engine 'db' they can.",
) -> SettingError:
    verb = "is" if name == "SESSION_ENGINE" else "has"
    return SettingError(name, f"{verb} {value!r}, {problem}", mend)
