"""What the table of users is like: its columns, its key, and how values are read; no statement."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ..errors import MissingUserColumnError, MissingUserTableError
from ..store import AutocommitEngine
from ..store.ddl import translated
from ..store.table import NaiveZone
from .tables import UserModel, auth_user, reflected, with_django_types
from .types import uuid_type

Columns = Mapping[str, sa.ColumnElement[Any]]

#: characters; no column of names is longer, and more may be more than a server takes at once
_LONGEST = 65_535


class UserTable:
    """Knows which column is which attribute of a user; the database is asked once, if at all.

    :param model: what AUTH_USER_MODEL says.
    :param source: a table or a mapped class; None for what the database has.
    :param username_field: the attribute that a user logs in with.
    """

    def __init__(
        self,
        engine: AutocommitEngine,
        model: UserModel,
        naive_zone: NaiveZone,
        *,
        source: sa.Table | type[Any] | None = None,
        username_field: str = "username",
    ) -> None:
        self.engine = engine
        self.model = model
        self.username_field = username_field
        self._naive_zone = naive_zone
        self._source = source
        self._mapper = None if source is None or isinstance(source, sa.Table) else _mapper(source)

    # What the table is like

    @cached_property
    def table(self) -> sa.Table:
        """The table; one that is the project's own is looked up in the database, once."""
        if self._mapper is not None:
            table: Any = self._mapper.local_table
            return table  # type: ignore[no-any-return]
        if isinstance(self._source, sa.Table):
            return with_django_types(self._source, self._naive_zone)
        if (self.model.table, self.model.schema) == ("auth_user", None):
            return auth_user(self._naive_zone)
        try:
            with self.engine.connect() as connection:
                schema = translated(self.engine, self.model.schema)
                return reflected(connection, self.model, self._naive_zone, found_in=schema)
        except sa.exc.NoSuchTableError as error:
            raise self.table_missing(self.model.table) from error

    @cached_property
    def columns(self) -> Columns:
        """The columns by the attributes that a user has."""
        if self._mapper is None:
            return {column.key: column for column in self.table.columns}
        return {one.key: one.columns[0] for one in self._mapper.column_attrs}

    @cached_property
    def pk_name(self) -> str:
        """The attribute that is the primary key."""
        keys = [*self.table.primary_key.columns]
        names = [name for name, column in self.columns.items() if any(column is k for k in keys)]
        if len(names) != 1:
            raise RuntimeError(
                f"Table '{self.table.name}' must have a primary key of one column. Pass a"
                " 'user_model' that has one."
            )
        return names[0]

    @cached_property
    def are_djangos_own(self) -> bool:
        """Whether these are the users of Django's own model, with its stored passwords."""
        model = self.model
        password = self.columns.get("password")
        return (
            (model.app_label, model.name) == ("auth", "user")
            and (model.table, model.schema) == ("auth_user", None)
            and getattr(password, "name", None) == "password"
        )

    @cached_property
    def pk_type(self) -> sa.types.TypeEngine[Any]:
        """The type of the primary key; of a UUID, the column is asked how it holds it, once."""
        declared = self.columns[self.pk_name].type
        return self._stored(declared) if isinstance(declared, sa.Uuid) else declared

    def pk_of(self, user: Any) -> Any:
        """Return the primary key of *user*."""
        return getattr(user, self.pk_name)

    def read_pk(self, text: object) -> Any:
        """Turn what a session holds into a primary key.

        :raises ValueError: where it can be none.
        """
        return self.read(self.pk_name, text)

    def read(self, name: str, text: object) -> Any:
        """Turn a text into what the column of an attribute holds.

        :raises ValueError: where it can hold no such thing.
        """
        value = self._reader(name)(str(text))
        if (isinstance(value, int) and value.bit_length() > 63) or not _can_be_stored(str(value)):
            raise ValueError("no database has such a value")
        return value

    def is_text(self, name: str) -> bool:
        """Return whether the column of an attribute holds text."""
        return self._reader(name) is str

    def type_of(self, name: str) -> sa.types.TypeEngine[Any]:
        """Return the type of an attribute."""
        return self.pk_type if name == self.pk_name else self.column(name).type

    def _reader(self, name: str) -> Callable[[str], Any]:
        try:
            return _READERS.get(self.type_of(name).python_type, str)
        except NotImplementedError:
            return str

    def has_column(self, name: str) -> bool:
        """Return whether users have an attribute of this name."""
        return name in self.columns

    def column(self, name: str) -> sa.ColumnElement[Any]:
        """Return the column of an attribute.

        :raises MissingUserColumnError: where there is none.
        """
        try:
            return self.columns[name]
        except KeyError:
            raise self.missing(name) from None

    def missing(self, name: str) -> MissingUserColumnError:
        """Return the error that says what to do without the column *name*."""
        if name == self.username_field:
            hint = (
                "Give the model's USERNAME_FIELD:"
                " 'DjangoAuth(sessions, username_field=\"email\")', if that is it."
            )
        else:
            hint = f"The table has: {', '.join(map(repr, self.columns))}."
        return MissingUserColumnError(self.table.name, name, hint)

    def table_missing(self, table: str) -> MissingUserTableError:
        """Return the error that says what to do without *table*."""
        with self.engine.connect() as connection:
            schema = translated(self.engine, self.model.schema)
            beside_django = sa.inspect(connection).has_table("django_migrations", schema=schema)
        return MissingUserTableError(table, beside_django=beside_django)

    def _stored(self, declared: sa.Uuid[Any]) -> sa.types.TypeEngine[Any]:
        name = self.columns[self.pk_name].name
        try:
            with self.engine.connect() as connection:
                schema = translated(self.engine, self.table.schema)
                told = sa.inspect(connection).get_columns(self.table.name, schema)
        except sa.exc.NoSuchTableError as error:
            raise self.table_missing(self.table.name) from error
        return next((uuid_type(declared, c["type"]) for c in told if c["name"] == name), declared)


def _mapper(source: type[Any]) -> orm.Mapper[Any]:
    mapper: orm.Mapper[Any] = sa.inspect(source)
    return mapper


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError("no number") from error


#: how values of a type are read from text; others are text
_READERS: dict[type, Callable[[str], Any]] = {
    int: int,
    float: float,
    uuid.UUID: uuid.UUID,
    Decimal: _decimal,
    date: date.fromisoformat,
}


def _can_be_stored(text: str) -> bool:
    if len(text) > _LONGEST:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text
