"""The rows of the table of users: found, changed and added; a statement each, on no ``db.session``.

They run on the connections of the sessions, which commit each statement by themselves.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ..errors import MissingUserColumnError, MissingUserTableError
from ..store import AutocommitEngine, ExpireDate
from ..store.statements import Statement
from ..store.table import NaiveZone
from .tables import UserModel, auth_user, reflected, with_django_types
from .types import uuid_type
from .user import DjangoUser

Columns = Mapping[str, sa.ColumnElement[Any]]


class Users:
    """Finds and changes users.

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
                return reflected(connection, self.model, self._naive_zone)
        except sa.exc.NoSuchTableError as error:
            raise MissingUserTableError(self.model.table) from error

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
        pk = _reader(self.pk_type)(str(text))
        if (isinstance(pk, int) and pk.bit_length() > 63) or not _can_be_stored(str(pk)):
            raise ValueError("no database has such a key")
        return pk

    # The statements

    def by_pk(self, pk: Any) -> Any:
        """Return the user of a primary key, or None."""
        try:
            return self._find(self._is(pk))
        except sa.exc.DataError:  # PostgreSQL's word for a number that no such column holds
            return None

    def by_username(self, username: str) -> Any:
        """Return the user of a name, or None."""
        if not _can_be_stored(username):
            # Unlike Django: such a name is nobody's, and no error of the database driver.
            return None
        return self._find(self.column(self.username_field) == username)

    def has_column(self, name: str) -> bool:
        """Tell whether users have an attribute of this name."""
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
            mend = (
                "Give the model's USERNAME_FIELD:"
                " 'DjangoAuth(sessions, username_field=\"email\")', if that is it."
            )
        else:
            mend = f"Known are: {', '.join(map(repr, self.columns))}."
        return MissingUserColumnError(self.table.name, name, mend)

    def change_password(self, user: Any, encoded: str) -> bool:
        """Replace the stored password, unless another has taken its place since it was read."""
        columns = self.columns
        query = self._update(user, {"password": encoded}, columns["password"] == user.password)
        if self._write(query):
            user.password = encoded
            return True
        return False

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
            moment = sa.bindparam("moment", now, type_=ExpireDate(self._naive_zone))
            self._write(self._update(user, {"last_login": moment}))
            self._set(user, "last_login", now)

    def insert(self, values: Mapping[str, Any]) -> None:
        """Add a user; *values* by attribute, dates aware."""
        self._write(sa.insert(self.table).values(self._bound(values)))

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
                missing = not sa.inspect(connection).has_table(table, schema=self.model.schema)
        except sa.exc.DBAPIError:
            return
        if missing:
            raise MissingUserTableError(table) from error

    def _stored(self, declared: sa.Uuid[Any]) -> sa.types.TypeEngine[Any]:
        name = self.columns[self.pk_name].name
        try:
            with self.engine.connect() as connection:
                told = sa.inspect(connection).get_columns(self.table.name, self.table.schema)
        except sa.exc.NoSuchTableError as error:
            raise MissingUserTableError(self.table.name) from error
        return next((uuid_type(declared, c["type"]) for c in told if c["name"] == name), declared)

    @cached_property
    def _selected(self) -> list[sa.ColumnElement[Any]]:
        """What is selected: the columns, the key as it is stored."""
        columns = {**self.columns}
        columns[self.pk_name] = sa.type_coerce(columns[self.pk_name], self.pk_type)
        return [*columns.values()]

    def _is(self, pk: Any) -> sa.ColumnElement[bool]:
        return self.columns[self.pk_name] == sa.bindparam(None, pk, type_=self.pk_type)

    def _find(self, condition: sa.ColumnElement[bool]) -> Any:
        columns = self.columns
        query = sa.select(*self._selected).where(condition)
        found = self.rows(query, self.table.name)
        if not found:
            return None
        return self._made(dict(zip(columns, found[0], strict=True)))

    def _made(self, values: dict[str, Any]) -> Any:
        if self._mapper is None:
            return DjangoUser(values, pk_name=self.pk_name, username_field=self.username_field)
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
        query = sa.update(self.table).where(self._is(self.pk_of(user)), *conditions)
        return query.values({self.column(name): value for name, value in values.items()})

    def _bound(self, values: Mapping[str, Any]) -> dict[Any, Any]:
        return {self.column(name): self._as_bound(name, value) for name, value in values.items()}

    def _as_bound(self, name: str, value: Any) -> Any:
        if isinstance(value, datetime):
            return sa.bindparam(None, value, type_=ExpireDate(self._naive_zone))
        if name == self.pk_name:
            return sa.bindparam(None, value, type_=self.pk_type)
        return value

    def _write(self, query: sa.Insert | sa.Update) -> int:
        try:
            return self.engine.write(Statement(query), {}, table=self.table.name)
        except (sa.exc.OperationalError, sa.exc.ProgrammingError) as error:
            self.explain(error, self.table.name)
            raise


def _mapper(source: type[Any]) -> orm.Mapper[Any]:
    mapper: orm.Mapper[Any] = sa.inspect(source)
    return mapper


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError("no number") from error


#: how a primary key is read from the text that a session has of it
_READERS: dict[type, Callable[[str], Any]] = {
    int: int,
    float: float,
    uuid.UUID: uuid.UUID,
    Decimal: _decimal,
    date: date.fromisoformat,
}


def _reader(pk_type: sa.types.TypeEngine[Any]) -> Callable[[str], Any]:
    try:
        return _READERS.get(pk_type.python_type, str)
    except NotImplementedError:
        return str


def _can_be_stored(text: str) -> bool:
    try:
        return "\0" not in text and bool(text.encode())
    except UnicodeEncodeError:
        return False
