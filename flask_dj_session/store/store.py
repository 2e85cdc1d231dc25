"""The statements on the rows of ``django_session``, each a round trip and a commit of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from ..errors import CreateError, MissingTableError, UpdateError
from . import clearing, ddl, migrations, queries
from .comparing import Comparison, comparison
from .engine import AutocommitEngine
from .raw import is_among
from .sqlite import is_undecodable
from .statements import Statement
from .table import TABLE_NAME, DjangoDateTime, max_key_length
from .touching import LoadedEnd, Touching

#: what no codec reads, in place of what the driver cannot make a text of
NO_TEXT = "\N{REPLACEMENT CHARACTER}"

_MAY_LACK_TABLE = (sa.exc.OperationalError, sa.exc.ProgrammingError)


class Store:
    """Keeps opaque ``session_data`` texts under their keys, until they expire.

    A row that is missing and one that has expired are the same to a reader. Errors of the
    database pass through as SQLAlchemy raises them, but for those listed with each method and
    :exc:`~flask_dj_session.errors.MissingTableError`, which any of them may raise.

    :param engine: runs the statements.
    :param table: the table, with Django's three columns and perhaps more.
    """

    #: whether the sessions are rows of a table
    has_table = True

    def __init__(self, engine: AutocommitEngine, table: sa.Table) -> None:
        self.engine = engine
        self.table = table
        columns = table.c
        by_key = columns.session_key == bindparam("key")
        expires_after = columns.expire_date > bindparam("now", type_=columns.expire_date.type)
        stored: dict[str, Any] = {
            "session_data": bindparam("data"),
            "expire_date": bindparam("end"),
        }
        self._load = self._statement(
            sa.select(columns.session_data).where(by_key, expires_after), "now"
        )
        self._exists = self._statement(
            sa.select(sa.literal_column("1")).select_from(table).where(by_key)
        )
        # Inline: nothing is asked of the row that another primary key may have, for one.
        self._insert = self._statement(
            sa.insert(table).values(session_key=bindparam("key"), **stored).inline(), "end"
        )
        self._update = self._statement(sa.update(table).where(by_key).values(**stored), "end")
        self._delete = self._statement(sa.delete(table).where(by_key))
        self._conditional: dict[tuple[Statement, Comparison], Statement] = {}

    def _statement(self, core: Any, *dates: str) -> Statement:
        columns = self.table.c
        if any(column.default is not None or column.onupdate is not None for column in columns):
            # SQLAlchemy finds out the values of such columns of the app's own.
            return Statement(core)
        types = [columns.session_key.type, columns.session_data.type]
        return Statement(core, dates=dates, date_type=self._date_type, types=types)

    @property
    def _date_type(self) -> DjangoDateTime:
        date_type = self.table.c.expire_date.type
        assert isinstance(date_type, DjangoDateTime)
        return date_type

    @property
    def name(self) -> str:
        """What people call the place of the sessions: the name of the table."""
        return self.table.name

    @cached_property
    def _dialect(self) -> sa.Dialect:
        return self.engine.app_engine.dialect

    @cached_property
    def max_key_length(self) -> int:
        """How many characters of a key the column holds."""
        return max_key_length(self.table)

    def watch_app(self) -> None:
        """See from now on what the app does on SQLite; see :meth:`.AutocommitEngine.watch_app`."""
        self.engine.watch_app()

    def load(self, session_key: str, now: datetime) -> str | None:
        """Return the text of a row that has not expired at *now* (aware), else None.

        On SQLite a text that is no UTF-8 is :data:`NO_TEXT`.
        """
        row = self._loaded(self._load, session_key, now)
        return None if row is None else row[0]

    def reload(self, session_key: str, now: datetime) -> str | None:
        """Return what :meth:`load` does, from the table, whatever stands in front of it."""
        row = self._loaded(self._load, session_key, now)
        return None if row is None else row[0]

    def load_with_end(self, session_key: str, now: datetime) -> tuple[str | None, LoadedEnd | None]:
        """Return the text as :meth:`load` does, and when the row ends, for :meth:`touch`."""
        row = self._loaded(self._touching.load, session_key, now)
        if row is None:
            return None, None
        return row[0], self._touching.end_of(row[1]) if len(row) > 1 else None

    def touch(self, session_key: str, loaded: LoadedEnd, expire_date: datetime) -> bool:
        """Let a row end at *expire_date* (aware) if it still ends as *loaded*; else do nothing.

        :returns: whether it was moved.
        """
        values = {"key": session_key, "loaded": loaded.raw, "end": expire_date}
        return self._write(self._touching.move, values) != 0

    @cached_property
    def _touching(self) -> Touching:
        return Touching(self.table, self.engine.app_engine.dialect, self._statement)

    def _loaded(self, statement: Statement, session_key: str, now: datetime) -> Any:
        try:
            return self.engine.read(statement, {"key": session_key, "now": now})
        except _MAY_LACK_TABLE as error:
            if is_undecodable(error):
                return (NO_TEXT,)
            self._explain(error)
            raise

    def exists(self, session_key: str) -> bool:
        """Return whether there is a row, expired or not."""
        return self._read(self._exists, {"key": session_key}) is not None

    def insert(
        self, session_key: str, session_data: str, expire_date: datetime, **columns: Any
    ) -> None:
        """Add a row.

        :param expire_date: aware.
        :param columns: values for columns of the app's own.
        :raises CreateError: where the key is taken.
        """
        values = {"key": session_key, "data": session_data, "end": expire_date}
        try:
            self._write(self._insert, values, columns)
        except sa.exc.IntegrityError as error:
            # A column of the app's own can be what is violated, too.
            if self.exists(session_key):
                raise CreateError("The session key is taken") from error
            raise

    def update(
        self, session_key: str, session_data: str, expire_date: datetime, **columns: Any
    ) -> None:
        """Change a row, expired or not.

        :param expire_date: aware.
        :param columns: values for columns of the app's own.
        :raises UpdateError: where there is none, so that a session which was ended meanwhile
            does not come back.
        """
        values = {"key": session_key, "data": session_data, "end": expire_date}
        if self._write(self._update, values, columns) < 1 and not self.exists(session_key):
            # Asked, since MySQL counts only rows that change, unless it is told otherwise.
            raise UpdateError("The session's row is gone")

    def replace(
        self,
        session_key: str,
        as_loaded: str,
        session_data: str,
        expire_date: datetime,
        **columns: Any,
    ) -> bool:
        """Change a row, expired or not, if its text is still *as_loaded*; return whether it was.

        :param expire_date: aware.
        :param columns: values for columns of the app's own.
        """
        values = {"key": session_key, "data": session_data, "end": expire_date}
        count = self._write_if(self._update, as_loaded, values, columns)
        # A driver that cannot count says -1.
        return count > 0 or (count < 0 and self._has_text(session_key, session_data))

    def _write_if(
        self,
        statement: Statement,
        as_loaded: str,
        values: dict[str, Any],
        columns: Mapping[str, Any] | None = None,
    ) -> int:
        """Run a statement on a row by its key, if the row's text is still *as_loaded*."""
        compare = comparison(self._dialect, as_loaded)
        known = self._conditional.get((statement, compare))
        if known is None:
            core: Any = statement.core
            condition = compare.condition(self.table.c.session_data)
            known = self._statement(core.where(condition), *statement.dates)
            self._conditional[statement, compare] = known
        return self._write(known, {**values, "old": compare.of_text(as_loaded)}, columns)

    def _has_text(self, session_key: str, session_data: str) -> bool:
        row = self.row(session_key)
        return row is not None and row.session_data == session_data

    def delete(self, session_key: str, as_loaded: str | None = None) -> bool:
        """Remove a row, and return whether there was one; where there is none, do nothing.

        :param as_loaded: remove it only if it still has this text.
        """
        values = {"key": session_key}
        if as_loaded is None:
            count = self._write(self._delete, values)
        else:
            count = self._write_if(self._delete, as_loaded, values)
        # Not "> 0": a driver that cannot count says -1, and that is no row that was gone.
        return count != 0

    def clear_expired(
        self, now: datetime, *, batch_size: int | None = None, pause: float | None = None
    ) -> Iterator[int]:
        """Remove the rows that have expired before *now*; see :func:`.clearing.clear_expired`."""
        with self._explaining():
            yield from clearing.clear_expired(
                self.engine, self.table, now, batch_size=batch_size, pause=pause
            )

    def create_table(self) -> bool:
        """Make the table as Django's migration does; see :func:`.ddl.create_table`."""
        return ddl.create_table(self.engine, self.table)

    def record_migration(self, now: datetime) -> bool:
        """Tell Django that the table is made; see :func:`.migrations.record_migration`.

        :raises ValueError: where the table is not Django's own.
        """
        if self.table.name != TABLE_NAME:
            raise ValueError(
                f"No migration of Django's own creates '{self.table.name}', so there is nothing to"
                " record. Let the Django project fake its own migration."
            )
        return migrations.record_migration(
            self.engine, now, self._date_type.naive_zone, schema=self.table.schema
        )

    def pages(
        self, *, size: int, expired_at: datetime | None = None
    ) -> Iterator[list[queries.StoredRow]]:
        """Yield the rows in the order of their keys; see :func:`.queries.pages`."""
        with self._explaining():
            yield from queries.pages(self.engine, self.table, size=size, expired_at=expired_at)

    def keys(self, *, size: int = 1000, expired_at: datetime | None = None) -> Iterator[list[Any]]:
        """Yield the keys of the rows in their order; see :func:`.queries.keys`."""
        with self._explaining():
            yield from queries.keys(self.engine, self.table, size=size, expired_at=expired_at)

    def page(self, *, size: int, above: Any = None, below: Any = None) -> list[queries.StoredRow]:
        """Return a page of rows above or below a key; see :func:`.queries.page`."""
        with self._explaining():
            return queries.page(self.engine, self.table, size=size, above=above, below=below)

    def row(self, session_key: Any) -> queries.StoredRow | None:
        """Return the row of a key, expired or not; None where there is none."""
        with self._explaining():
            return queries.row(self.engine, self.table, session_key)

    def rows_of(self, session_keys: Sequence[Any]) -> Iterator[list[queries.StoredRow]]:
        """Yield the rows of these keys, some at a time; see :func:`.queries.rows_of`."""
        with self._explaining():
            yield from queries.rows_of(self.engine, self.table, session_keys)

    def outlines(self, *, limit: int) -> list[queries.Outline]:
        """Return the dates and sizes of some rows; see :func:`.queries.outlines`."""
        with self._explaining():
            return queries.outlines(self.engine, self.table, limit=limit)

    def starting_with(self, prefix: str) -> list[queries.StoredRow]:
        """Return the rows whose keys begin with *prefix*; see :func:`.queries.starting_with`."""
        with self._explaining():
            return queries.starting_with(self.engine, self.table, prefix)

    def count(self, *, expired_before: datetime | None = None) -> int:
        """Count the rows, or those that have expired before a time (aware)."""
        with self._explaining():
            return queries.count(self.engine, self.table, expired_before=expired_before)

    def delete_keys(self, session_keys: Collection[str]) -> int:
        """Remove the rows with these keys, and return how many there were."""
        if not session_keys:
            return 0
        dialect = self.engine.app_engine.dialect
        these = is_among(self.table.c.session_key, list(session_keys), dialect)
        return self._write(Statement(sa.delete(self.table).where(these)), {})

    def delete_all(self) -> int:
        """Remove every row, and return how many there were."""
        return self._write(Statement(sa.delete(self.table)), {})

    def _read(self, statement: Statement, values: dict[str, Any]) -> Any:
        try:
            return self.engine.read(statement, values)
        except _MAY_LACK_TABLE as error:
            self._explain(error)
            raise

    def _write(
        self, statement: Statement, values: dict[str, Any], columns: Mapping[str, Any] | None = None
    ) -> int:
        if columns:
            statement = self._with_columns(statement, columns)
            values = {**values, **{f"column_{name}": value for name, value in columns.items()}}
        try:
            return self.engine.write(statement, values, table=self.table.name)
        except _MAY_LACK_TABLE as error:
            self._explain(error)
            raise

    def _with_columns(self, statement: Statement, columns: Mapping[str, Any]) -> Statement:
        """Let a statement set columns of the app's own, too."""
        core: Any = statement.core
        parameters: dict[str, Any] = {name: bindparam(f"column_{name}") for name in columns}
        return Statement(core.values(parameters))

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except _MAY_LACK_TABLE as error:
            self._explain(error)
            raise

    def _explain(self, error: Exception) -> None:
        """Say how to make the table, where it is missing."""
        if isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated:
            return  # nobody answers, so nobody need be asked
        try:
            missing = not ddl.has_table(self.engine, self.table)
        except sa.exc.DBAPIError:
            missing = False
        if missing:
            raise MissingTableError(self.table.name) from error
