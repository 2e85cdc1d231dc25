"""Whether the driver's prepared statements get through to the database."""

from __future__ import annotations

from ..store import Pooler
from .finding import Finding

_BEHIND = (
    "The database is behind a pooler that gives each transaction another connection of the server,"
    " as PgBouncer does in transaction mode"
)
_NOTHING_PREPARED = "SQLALCHEMY_ENGINE_OPTIONS = {'connect_args': {'prepare_threshold': None}}"
_PREPARE_NOTHING = (
    f"Set {_NOTHING_PREPARED}, beside what else stands there. psycopg then prepares nothing, as"
    " under Django."
)
_ANOTHER_DRIVER = (
    "pg8000 cannot be told to prepare nothing. Take psycopg2 ('postgresql+psycopg2://'), or psycopg"
    f" ('postgresql+psycopg://') with {_NOTHING_PREPARED}, or the pooler's session mode."
)
_FAIL = "requests fail now and then."
_UNCLOSED = (
    "It keeps what psycopg prepares; but the libpq of this psycopg, older than 17, cannot tell it"
    " what is not needed any more, and a request may fail for that."
)


def pooler_findings(pooler: Pooler | None) -> list[Finding]:
    """Say whether requests will fail for want of what was prepared."""
    if pooler is None:
        return []
    if pooler.driver == "pg8000":
        text = f"{_BEHIND}, and pg8000 prepares each statement: {_FAIL}"
        return [Finding("wrong", text, _ANOTHER_DRIVER)]
    if pooler.keeps_statements is None:
        text = f"{_BEHIND}. Whether what psycopg prepares gets lost in it was not to be found out."
        return [Finding("note", text, _PREPARE_NOTHING)]
    if not pooler.keeps_statements:
        text = f"{_BEHIND}, and what psycopg has prepared on one is not there on the next: {_FAIL}"
        return [Finding("wrong", text, _PREPARE_NOTHING)]
    if not pooler.closes_statements:
        return [Finding("note", f"{_BEHIND}. {_UNCLOSED}", _PREPARE_NOTHING)]
    return []
