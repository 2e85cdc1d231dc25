"""How an SQLite file keeps its commits; no statements on rows."""

from __future__ import annotations

from .engine import AutocommitEngine
from .pragmas import pragma

#: the modes in which a file has a rollback journal
_ROLLBACK = ("delete", "truncate", "persist")


def has_rollback_journal(engine: AutocommitEngine) -> bool:
    """Return whether the database is an SQLite file in which who writes keeps readers out."""
    if engine.app_engine.dialect.name != "sqlite":
        return False
    with engine.connect() as connection:
        return pragma(connection, "journal_mode") in _ROLLBACK
