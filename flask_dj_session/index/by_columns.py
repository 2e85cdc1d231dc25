"""A user's sessions, found by columns of the site's own table, as django-user-sessions has them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..settings import SiteStore
from ..store import Store
from ..store.raw import any_text
from ..store.statements import Statement
from .found import Found
from .reading import RowReader

_READERS: dict[type, Callable[[str], Any]] = {int: int, uuid.UUID: uuid.UUID}


@dataclass(frozen=True)
class UserColumns:
    """The names of the columns; None for what the table has not."""

    user_id: str
    created: str | None
    address: str | None
    user_agent: str | None

    @property
    def names(self) -> dict[str, str]:
        """The names of those that are there, by what they say."""
        return {kind: name for kind, name in vars(self).items() if name is not None}


def user_columns(told: SiteStore | None) -> UserColumns | None:
    """Return the columns of a site's own table that say whose a session is; None without any.

    The site's engine fills them at each save, so what they say is exact.
    """
    of_user = [
        one["column"]
        for one in (told.columns if told else ())
        if told is not None and one.get("refers_to") == told.user_model
    ]
    if not of_user:
        return None
    assert told is not None
    there = {one["column"] for one in told.columns}
    created, address, agent = (
        name if name in there else None for name in ("created_at", "ip", "user_agent")
    )
    return UserColumns(of_user[0], created, address, agent)


class ByColumns:
    """Asks the table itself.

    :param store: the rows.
    :param columns: which of its columns say what.
    """

    def __init__(self, store: Store, columns: UserColumns) -> None:
        self._store = store
        self._columns = columns

    def of_user(self, user_id: str, reader: RowReader) -> Iterator[list[Found]]:
        """Yield the rows of a user, expired ones too, some at a time."""
        known = self._known(user_id)
        for page in self._store.rows_of([*known]):
            rows = [reader.read(stored) for stored in page]
            yield [
                Found(row, is_login_seen="created" in told, **told)
                for row in rows
                if row.user_id == user_id and (told := known[row.stored.session_key]) is not None
            ]

    def record(self, session_key: str, address: str | None, user_agent: str | None) -> None:
        """Store where the login of a session came from, where the table has columns for it."""
        # A column of addresses holds no network, but the address that a network begins with.
        place = None if address is None else address.partition("/")[0]
        given = {self._columns.address: place, self._columns.user_agent: user_agent}
        values: Any = {name: value for name, value in given.items() if name is not None}
        if values:
            table = self._store.table
            change = sa.update(table).where(table.c.session_key == session_key).values(values)
            self._store.engine.write(Statement(change), {}, table=table.name)

    def _known(self, user_id: str) -> dict[Any, dict[str, Any]]:
        table, names = self._store.table, self._columns.names
        column = table.c[names.pop("user_id")]
        try:
            value = _READERS.get(column.type.python_type, str)(user_id)
        except ValueError:
            return {}
        query = sa.select(table.c.session_key, *(table.c[name] for name in names.values()))
        try:
            with self._store.engine.connect() as connection, any_text(connection):
                rows = connection.execute(query.where(column == value)).all()
        except (UnicodeEncodeError, OverflowError, sa.exc.DataError):
            return {}  # what the column cannot hold is nobody's id
        return {key: dict(zip(names, told, strict=True)) for key, *told in rows}
