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
            "The SQLite file is not in WAL mode. Whoever writes waits until nobody reads, and waits"
            " for the disk at each commit: many visitors at once notice it.",
            "If you expect many, docs/how-to/sqlite.md tells how to change that, and where not to.",
        )
    ]
