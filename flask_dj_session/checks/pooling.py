"""Whether the driver's prepared statements get through to the database."""

from __future__ import annotations

from ..store import Pooler
from .finding import Finding

_BEHIND = (
    "The database is behind a pooler that gives each transaction another server connection, as"
    " PgBouncer does in transaction mode"
)
_NOTHING_PREPARED = "SQLALCHEMY_ENGINE_OPTIONS = {'connect_args': {'prepare_threshold': None}}"
_PREPARE_NOTHING = (
    f"Set {_NOTHING_PREPARED}, in addition to your other options. psycopg then prepares nothing, as"
    " with Django."
)
_ANOTHER_DRIVER = (
    "pg8000 always prepares its statements. Use psycopg2 ('postgresql+psycopg2://'), or psycopg"
    f" ('postgresql+psycopg://') with {_NOTHING_PREPARED}, or the pooler's session mode."
)
_FAIL = "requests fail now and then."
_UNCLOSED = (
    "The pooler keeps what psycopg prepares. But the libpq of this psycopg is older than 17 and"
    " cannot tell the pooler which statements it no longer needs, so a request may fail."
)


def pooler_findings(pooler: Pooler | None) -> list[Finding]:
    """Say whether requests will fail for want of what was prepared."""
    if pooler is None:
        return []
    if pooler.driver == "pg8000":
        text = f"{_BEHIND}, and pg8000 prepares each statement: {_FAIL}"
        return [Finding("wrong", text, _ANOTHER_DRIVER)]
    if pooler.keeps_statements is None:
        text = (
            f"{_BEHIND}. This check could not find out whether the pooler loses what psycopg"
            " prepares."
        )
        return [Finding("note", text, _PREPARE_NOTHING)]
    if not pooler.keeps_statements:
        text = f"{_BEHIND}, and what psycopg has prepared on one is missing on the next: {_FAIL}"
        return [Finding("wrong", text, _PREPARE_NOTHING)]
    if not pooler.closes_statements:
        return [Finding("note", f"{_BEHIND}. {_UNCLOSED}", _PREPARE_NOTHING)]
    return []
