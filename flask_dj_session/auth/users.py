"""The rows of the table of users: found, changed and added; a statement each, on no ``db.session``.

They run on the connections of the sessions, which commit each statement by themselves.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ..store import DjangoDateTime
from ..store.ddl import translated
from ..store.statements import Statement
from .user_table import UserTable


class Users(UserTable):
    """Finds and changes users.

    :param make_user: makes a user object of a row's values by attribute, where no mapped class
        stands for the table; it is told the names of the primary key and of the username.
    """

    def __init__(self, *table: Any, make_user: Callable[..., Any], **options: Any) -> None:
        super().__init__(*table, **options)
        self._make_user = make_user

    def by_pk(self, pk: Any) -> Any:
        """Return the user of a primary key, or None."""
        return self._by(self.pk_name, pk)

    def by_username(self, username: Any) -> Any:
        """Return the user of a name, or None."""
        try:
            name = self.read(self.username_field, username)
        except ValueError:
            # Unlike Django: what no column holds is nobody's name, and no error of the driver.
            return None
        return None if username is None else self._by(self.username_field, name)

    def by_field(self, name: str, value: Any, *, ignore_case: bool = False) -> list[Any]:
        """Return the users whose attribute has this value, in the order of their keys.

        :param ignore_case: take letters for equal that differ in their case alone, as Django's
            ``iexact`` does on the same database.
        :raises MissingUserColumnError: where users have no such attribute.
        """
        try:
            value = None if value is None else self.read(name, value)
        except ValueError:
            return []
        ignores = ignore_case and self.is_text(name)
        found = self._all(name, value, self._is_alike if ignores else self._is)
        return sorted(found, key=self.pk_of)

    def usernames(self, pks: Collection[Any]) -> dict[Any, Any]:
        """Return the names of the users of some primary keys, by these; one statement for all."""
        key = sa.type_coerce(self.column(self.pk_name), self.pk_type)
        query = sa.select(key, self.column(self.username_field)).where(key.in_(pks))
        return dict(map(tuple, self.rows(query, self.table.name)))

    def change_password(self, user: Any, encoded: str) -> None:
        """Replace the stored password, unless another has taken its place since it was read."""
        columns = self.columns
        query = self._update(user, {"password": encoded}, columns["password"] == user.password)
        if self._write(query):
            user.password = encoded

    def set_password(self, user: Any, encoded: str) -> None:
        """Replace the stored password, whatever it is."""
        self._write(self._update(user, {"password": encoded}))
        user.password = encoded

    def set_last_login(self, user: Any, now: datetime) -> None:
        """Store when the user logged in (aware), where there is a column for it.

        # Django 5.2, contrib/auth/models.py: update_last_login
        """
        if self.has_column("last_login"):
            # As Django stores it, whatever type the app's own class has for it.
            moment = sa.bindparam("moment", now, type_=DjangoDateTime(self._naive_zone))
            self._write(self._update(user, {"last_login": moment}))
            self._set(user, "last_login", now)

    def insert(self, values: Mapping[str, Any]) -> None:
        """Add a user; *values* by attribute, dates aware."""
        self._write(sa.insert(self.table).values(self._bound(values)))

    @cached_property
    def _selected(self) -> list[sa.ColumnElement[Any]]:
        """What is selected: the columns, the key as it is stored."""
        columns = {**self.columns}
        columns[self.pk_name] = sa.type_coerce(columns[self.pk_name], self.pk_type)
        return [*columns.values()]

    def rows(self, query: sa.Select[Any], table: str) -> list[Any]:
        """Run a query; *table* is named where it is what is missing."""
        try:
            with self.engine.connect() as connection:
                return list(connection.execute(query))
        except (sa.exc.OperationalError, sa.exc.ProgrammingError) as error:
            self.explain(error, table)
            raise

    def explain(self, error: Exception, table: str) -> None:
        """Raise where the reason of *error* is that *table* is missing.

        :raises MissingUserTableError: from *error*.
        """
        try:
            with self.engine.connect() as connection:
                schema = translated(self.engine, self.model.schema)
                missing = not sa.inspect(connection).has_table(table, schema=schema)
        except sa.exc.DBAPIError:
            return
        if missing:
            raise self.table_missing(table) from error

    def _is(self, name: str, value: Any) -> sa.ColumnElement[bool]:
        return self.column(name) == sa.bindparam(None, value, type_=self.type_of(name))

    def _is_alike(self, name: str, value: Any) -> sa.ColumnElement[bool]:
        # Django 5.2, db/backends/*/base.py and operations.py: iexact
        column, type_ = self.column(name), self.type_of(name)
        if self.engine.app_engine.dialect.name == "postgresql":
            return sa.func.upper(column) == sa.func.upper(sa.bindparam(None, value, type_=type_))
        pattern = re.sub("([/%_])", r"/\1", value)
        return column.like(sa.bindparam(None, pattern, type_=type_), escape="/")

    def _by(self, name: str, value: Any) -> Any:
        """Return the user whose attribute has this value, or None."""
        return next(iter(self._all(name, value, self._is)), None)

    def _all(
        self, name: str, value: Any, compare: Callable[[str, Any], sa.ColumnElement[bool]]
    ) -> list[Any]:
        """Return the users whose attribute compares with a value.

        Which texts a column can be compared with depends on its character set and collation, on
        those of the connection and on the driver; each says in its own way that it cannot.
        """
        condition = compare(name, value)
        try:
            return self._find(condition)
        except (UnicodeEncodeError, OverflowError, sa.exc.DataError):
            return []
        except sa.exc.DBAPIError as error:
            if error.connection_invalidated or not self._is_at_fault(name, condition):
                raise
            return []

    def _is_at_fault(self, name: str, condition: sa.ColumnElement[bool]) -> bool:
        """Return whether it is the text that cannot be asked for, since another can."""
        another = self._is(name, "a")
        return self.is_text(name) and self._answers(another) and not self._answers(condition)

    def _answers(self, condition: sa.ColumnElement[bool]) -> bool:
        try:
            self._find(condition)
        except sa.exc.DBAPIError:
            return False
        return True

    def _find(self, condition: sa.ColumnElement[bool]) -> list[Any]:
        columns = self.columns
        query = sa.select(*self._selected).where(condition)
        found = self.rows(query, self.table.name)
        return [self._made(dict(zip(columns, row, strict=True))) for row in found]

    def _made(self, values: dict[str, Any]) -> Any:
        if self._mapper is None:
            return self._make_user(values, pk_name=self.pk_name, username_field=self.username_field)
        user = self._mapper.class_manager.new_instance()
        for name, value in values.items():
            orm.attributes.set_committed_value(user, name, value)
        orm.make_transient_to_detached(user)
        return user

    def _set(self, user: Any, name: str, value: Any) -> None:
        """Set an attribute to what is stored already."""
        if self._mapper is None:
            setattr(user, name, value)
        else:
            orm.attributes.set_committed_value(user, name, value)

    def _update(self, user: Any, values: Mapping[str, Any], *conditions: Any) -> sa.Update:
        query = sa.update(self.table).where(self._is(self.pk_name, self.pk_of(user)), *conditions)
        return query.values({self.column(name): value for name, value in values.items()})

    def _bound(self, values: Mapping[str, Any]) -> dict[Any, Any]:
        return {self.column(name): self._as_bound(name, value) for name, value in values.items()}

    def _as_bound(self, name: str, value: Any) -> Any:
        if isinstance(value, datetime):
            return sa.bindparam(None, value, type_=DjangoDateTime(self._naive_zone))
        if name == self.pk_name:
            return sa.bindparam(None, value, type_=self.pk_type)
        return value

    def _write(self, query: sa.Insert | sa.Update) -> int:
        try:
            return self.engine.write(Statement(query), {}, table=self.table.name)
        except (sa.exc.OperationalError, sa.exc.ProgrammingError) as error:
            self.explain(error, self.table.name)
            raise


def normalize_username(username: str) -> str:
    """Write names that look the same in the same way.

    # Django 5.2, contrib/auth/base_user.py: normalize_username
    """
    return unicodedata.normalize("NFKC", username)


def normalize_email(email: str | None) -> str:
    """Write the domain of an address in small letters.

    # Django 5.2, contrib/auth/base_user.py: normalize_email
    """
    name, at, domain = (email or "").strip().rpartition("@")
    return f"{name}@{domain.lower()}" if at else (email or "")
