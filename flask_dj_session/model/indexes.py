"""The index that Django makes on PostgreSQL only, as Alembic sees it.

Alembic compares all of a table's indexes with those in the database, whatever ``ddl_if`` says. So
where the database in question is another one, the collection leaves this one out.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, MutableSet
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from flask import current_app, has_app_context

from ..store import is_like_index


def hide_elsewhere(table: sa.Table) -> None:
    """Leave the index out of ``table.indexes`` where the database is not PostgreSQL."""
    if not isinstance(table.indexes, _Indexes):
        table.indexes = _Indexes(table, table.indexes)  # type: ignore[assignment]


class _Indexes(MutableSet[sa.Index]):
    """The indexes of a table, for the database that is in use at the moment."""

    def __init__(self, table: sa.Table, indexes: Iterable[sa.Index]) -> None:
        self._table = table
        self._all = set(indexes)

    def _seen(self) -> set[sa.Index]:
        # Where it is not known, all are seen: DDL heeds 'ddl_if'.
        if _dialect_name(self._table) in (None, "postgresql"):
            return self._all
        return {index for index in self._all if not is_like_index(index)}

    def __contains__(self, index: object) -> bool:
        return index in self._seen()

    def __iter__(self) -> Iterator[sa.Index]:
        return iter(self._seen())

    def __len__(self) -> int:
        return len(self._seen())

    def add(self, index: sa.Index) -> None:
        """Add an index."""
        self._all.add(index)

    def discard(self, index: sa.Index) -> None:
        """Remove an index, where it is there."""
        self._all.discard(index)


def _dialect_name(table: sa.Table) -> str | None:
    """Name the kind of database in question: Alembic's, or else the current app's."""
    return _dialect_of_alembic() or _dialect_of_app(table)


def _dialect_of_alembic() -> str | None:
    alembic: Any = sys.modules.get("alembic")
    # Outside of a migration it is a NameError, and an Exception before its context is configured.
    with suppress(Exception):
        return str(alembic.context.get_context().dialect.name)
    return None


def _dialect_of_app(table: sa.Table) -> str | None:
    db: Any = current_app.extensions.get("sqlalchemy") if has_app_context() else None
    bind_key = table.metadata.info.get("bind_key")
    if db is None or db.metadatas.get(bind_key) is not table.metadata:
        return None
    engine = db.engines.get(bind_key)
    return None if engine is None else str(engine.dialect.name)
