"""Reading many rows, page by page in the order of their keys; nothing is changed here.

Short texts come with their rows. For long ones the database is first asked how long they are, and
then for as many as may be in memory at a time. What cannot be read ends no page: see ``raw``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import bindparam

from .engine import AutocommitEngine
from .raw import (
    any_text,
    as_parameter,
    is_among,
    is_utf8,
    moment_of,
    number_of_bytes,
    place_of,
    raw_date,
)
from .statements import Statement

#: how many bytes of long texts are fetched at a time; one text is, however long it is
BYTES_AT_A_TIME = 2 * 1024 * 1024
#: how many bytes a text may have to come with its row
_SHORT = 4096
#: how many bytes a text may have to be fetched at all
LONGEST = 64 * 1024 * 1024
#: how many long texts are fetched at a time; SQLite may have been made for 999 parameters
_MOST = 500


@dataclass(frozen=True)
class TooLong:
    """Stands for a text that is too long to be fetched."""

    #: in bytes
    size: int


class StoredRow(NamedTuple):
    """A row as it is stored, expired or not."""

    #: text; anything at all where something else than Django wrote it
    session_key: str
    #: the same; or :class:`TooLong`
    session_data: Any
    #: aware; None where the column holds no date
    expire_date: datetime | None
    #: what the column holds in place of a date
    no_date: Any = None

    @property
    def size(self) -> int:
        """How many characters the text has; bytes, where it is none or was not fetched."""
        data = self.session_data
        if isinstance(data, TooLong):
            return data.size
        return len(data if isinstance(data, (str, bytes)) else str(data))

    @property
    def key_to_delete(self) -> Any:
        """The key as :meth:`.Store.delete_keys` takes it, also where it is no UTF-8."""
        return as_parameter(self.session_key)

    def has_expired(self, now: datetime) -> bool:
        """Return whether the database says that the row has expired at *now* (aware)."""
        if self.expire_date is not None:
            return self.expire_date <= now
        # Numbers come before all texts on SQLite, and bytes after them.
        is_text = isinstance(self.no_date, str)
        return self.no_date <= str(now) if is_text else not isinstance(self.no_date, bytes)


class Outline(NamedTuple):
    """What a row is from the outside: when it ends, and how large it is."""

    #: aware; None where the column holds no date
    expire_date: datetime | None
    #: characters of the text, as the database counts them
    size: int


class _Glance(NamedTuple):
    """A row without its text, where that is long."""

    key: Any
    #: in bytes
    size: int
    text: Any
    raw_date: Any

    @property
    def is_whole(self) -> bool:
        return self.text is not None or not 0 < self.size <= LONGEST


def page(
    engine: AutocommitEngine,
    table: sa.Table,
    *,
    size: int,
    above: Any = None,
    below: Any = None,
    expired_at: datetime | None = None,
) -> list[StoredRow]:
    """Return the next rows in the order of their keys; the index finds the first of them.

    There are *size* of them at the most, and fewer where their texts are long. There is none only
    where none is left.

    :param above: only rows whose keys come after this one.
    :param below: only rows whose keys come before this one: the last of those.
    :param expired_at: only rows that have expired at this time (aware).
    """
    rows: list[StoredRow] = []
    while not rows:
        glances = _glances(
            engine, table, size=size, above=above, below=below, expired_at=expired_at
        )
        if not glances:
            break
        chunk = next(_chunks(glances))
        rows = _whole(engine, table, chunk)  # none, where all are gone by now
        above, below = (chunk[-1].key, None) if below is None else (None, chunk[-1].key)
    return rows if below is None else rows[::-1]


def pages(
    engine: AutocommitEngine, table: sa.Table, *, size: int, expired_at: datetime | None = None
) -> Iterator[list[StoredRow]]:
    """Yield all rows, *size* at a time at the most, and no more bytes than may be in memory.

    A row that is added or removed meanwhile is seen, or is not. Where the table lets rows have
    no key, up to *size* of these come last.

    :param expired_at: only rows that have expired at this time (aware).
    """
    above = None
    while True:
        glances = _glances(engine, table, size=size, above=above, expired_at=expired_at)
        for chunk in _chunks(glances):
            if rows := _whole(engine, table, chunk):
                yield rows
        if len(glances) < size:
            break
        above = glances[-1].key
    if keyless := _glances(engine, table, size=size, keyless=True, expired_at=expired_at):
        yield _stored(engine, table, keyless)


def keys(
    engine: AutocommitEngine, table: sa.Table, *, size: int, expired_at: datetime | None = None
) -> Iterator[list[Any]]:
    """Yield the keys of all rows in their order, *size* at a time at the most.

    :param expired_at: only of rows that have expired at this time (aware).
    """
    columns, above = table.c, None
    given = {} if expired_at is None else {"now": expired_at}
    while True:
        conditions = [_beyond(columns.session_key, above, None)]
        if expired_at is not None:
            expired = bindparam("now", type_=columns.expire_date.type)
            conditions.append(columns.expire_date <= expired)
        query = sa.select(columns.session_key).where(*conditions).order_by(columns.session_key)
        found = [key for (key,) in _fetch(engine, query.limit(size), given)]
        if found:
            yield found
        if len(found) < size:
            return
        above = found[-1]


def row(engine: AutocommitEngine, table: sa.Table, session_key: Any) -> StoredRow | None:
    """Return the row of a key, expired or not; None where there is none."""
    found = _of_keys(engine, table, [session_key], longest=LONGEST)
    # The collations of MySQL heed no case, and no space at the end.
    return next((row for row in found if row.session_key == session_key), None)


def rows_of(
    engine: AutocommitEngine, table: sa.Table, keys: Sequence[Any]
) -> Iterator[list[StoredRow]]:
    """Yield the rows of these keys, some at a time; those that are gone are left out."""
    for first in range(0, len(keys), _MOST):
        query = _select(engine, table, longest=_SHORT)
        query = query.where(_is_one_of(engine, table, keys[first : first + _MOST]))
        glances = [_Glance(*row) for row in _fetch(engine, query, {})]
        for chunk in _chunks(glances):
            yield _whole(engine, table, chunk)


def outlines(engine: AutocommitEngine, table: sa.Table, *, limit: int) -> list[Outline]:
    """Return the outlines of the first *limit* rows in the order of their keys.

    Django draws its keys at random, so these are a fair sample of its rows.
    """
    columns = table.c
    dialect = engine.app_engine.dialect
    size = sa.func.length(columns.session_data)
    query = sa.select(raw_date(columns.expire_date, dialect), size)
    rows = _fetch(engine, query.order_by(columns.session_key).limit(limit), {})
    return [Outline(moment_of(raw, columns.expire_date.type), size or 0) for raw, size in rows]


def starting_with(engine: AutocommitEngine, table: sa.Table, prefix: str) -> list[StoredRow]:
    """Return the rows whose keys begin with *prefix*; the one that has it for its key, alone.

    Where there are several, they come without their long texts.
    """
    if not is_utf8(prefix):
        return []
    key = table.c.session_key
    query = sa.select(key).where(key.startswith(prefix, autoescape=True))
    # LIKE heeds no case on SQLite, nor in most collations of MySQL.
    keys = [one for (one,) in _fetch(engine, query, {}) if str(one).startswith(prefix)]
    if prefix in keys:
        keys = [prefix]
    longest = LONGEST if len(keys) == 1 else _SHORT
    return [
        row
        for first in range(0, len(keys), _MOST)
        for row in _of_keys(engine, table, keys[first : first + _MOST], longest=longest)
    ]


def count(engine: AutocommitEngine, table: sa.Table, *, expired_before: datetime | None) -> int:
    """Count the rows, or those that have expired before a time (aware)."""
    query = sa.select(sa.func.count()).select_from(table)
    if expired_before is None:
        return int(engine.read(Statement(query), {})[0])
    expire_date = table.c.expire_date
    now = bindparam("now", type_=expire_date.type)
    expired = Statement(query.where(expire_date < now))
    return int(engine.read(expired, {"now": expired_before})[0])


def _glances(
    engine: AutocommitEngine,
    table: sa.Table,
    *,
    size: int,
    above: Any = None,
    below: Any = None,
    expired_at: datetime | None = None,
    keyless: bool = False,
) -> list[_Glance]:
    """Look at the next rows in the order of their keys, or at some of those without one."""
    columns = table.c
    key = columns.session_key
    conditions = [key.is_(None) if keyless else _beyond(key, above, below)]
    if expired_at is not None:
        conditions.append(columns.expire_date <= bindparam("now", type_=columns.expire_date.type))
    query = _select(engine, table, longest=_SHORT).where(*conditions).limit(size)
    if not keyless:
        query = query.order_by(key if below is None else key.desc())
    given = {} if expired_at is None else {"now": expired_at}
    return [_Glance(*row) for row in _fetch(engine, query, given)]


def _beyond(key: Any, above: Any, below: Any) -> Any:
    if above is None and below is None:
        # A row without a key has no place in the order.
        return key.is_not(None)
    return key > as_parameter(above) if below is None else key < as_parameter(below)


def _chunks(glances: Sequence[_Glance]) -> Iterator[list[_Glance]]:
    """Yield the rows in parts, whose long texts may be fetched together."""
    chunk: list[_Glance] = []
    size = number = 0
    for glance in glances:
        if not glance.is_whole:
            if number and (size + glance.size > BYTES_AT_A_TIME or number == _MOST):
                yield chunk
                chunk, size, number = [], 0, 0
            size += glance.size
            number += 1
        chunk.append(glance)
    if chunk:
        yield chunk


def _whole(
    engine: AutocommitEngine, table: sa.Table, glances: Sequence[_Glance]
) -> list[StoredRow]:
    """Return the rows with their texts, but for those that are gone meanwhile."""
    keys = [glance.key for glance in glances if not glance.is_whole]
    fetched = {
        row.session_key: row
        for row in (_of_keys(engine, table, keys, longest=LONGEST) if keys else ())
    }
    rows = zip(glances, _stored(engine, table, glances), strict=True)
    found = (row if glance.is_whole else fetched.get(glance.key) for glance, row in rows)
    return [row for row in found if row is not None]


def _of_keys(
    engine: AutocommitEngine, table: sa.Table, keys: Sequence[Any], *, longest: int
) -> list[StoredRow]:
    query = _select(engine, table, longest=longest).where(_is_one_of(engine, table, keys))
    return _stored(engine, table, [_Glance(*row) for row in _fetch(engine, query, {})])


def _is_one_of(engine: AutocommitEngine, table: sa.Table, keys: Sequence[Any]) -> Any:
    values = [as_parameter(key) for key in keys]
    return is_among(table.c.session_key, values, engine.app_engine.dialect)


def _select(engine: AutocommitEngine, table: sa.Table, *, longest: int) -> sa.Select[Any]:
    """Select the columns of a :class:`_Glance`; texts of more bytes than *longest* are left out."""
    columns = table.c
    dialect = engine.app_engine.dialect
    size = number_of_bytes(columns.session_data, dialect)
    text = sa.case((size <= longest, columns.session_data), else_=None)
    # Some other program's table may let a text be NULL.
    return sa.select(
        columns.session_key, sa.func.coalesce(size, 0), text, raw_date(columns.expire_date, dialect)
    )


def _fetch(engine: AutocommitEngine, query: sa.Select[Any], values: dict[str, Any]) -> Any:
    with engine.connect() as connection, any_text(connection):
        return connection.execute(query, values).all()


def _stored(
    engine: AutocommitEngine, table: sa.Table, glances: Sequence[_Glance]
) -> list[StoredRow]:
    date_type = table.c.expire_date.type
    rows = []
    for key, size, text, raw in glances:
        date = moment_of(raw, date_type)
        data = TooLong(size) if text is None and size else text
        place = None if date is not None else raw if engine.is_sqlite else place_of(raw)
        rows.append(StoredRow(key, data, date, place))
    return rows
