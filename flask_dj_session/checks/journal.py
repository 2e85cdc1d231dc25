"""Whether visitors of an SQLite file wait for one another."""

from __future__ import annotations

from .finding import Finding


def journal_findings(*, has_rollback_journal: bool) -> list[Finding]:
    """Say what a rollback journal means for many visitors; for a few, it is in order."""
    if not has_rollback_journal:
        return []
    return [
        Finding(
            "note",
            "The SQLite file is not in WAL mode. A writer waits until all readers have finished,"
            " and each commit waits for the disk. Many visitors at once will notice that.",
            "If you expect many visitors, read docs/how-to/sqlite.md. It says how to change that,"
            " and when not to.",
        )
    ]
