"""Making the tables of Django's login, with what its migrations of ``auth`` leave behind.

One description of the tables, and what a database calls things; nothing of a project's own model.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from ..store import AutocommitEngine
from ..store.ddl import translated
from ..store.migrations import Migration, record_migrations_of
from ..store.table import NaiveZone
from .tables import UserModel

#: what Django 5.2 records for these tables
MIGRATIONS: tuple[Migration, ...] = (
    ("contenttypes", "0001_initial"),
    ("contenttypes", "0002_remove_content_type_name"),
    ("auth", "0001_initial"),
    ("auth", "0002_alter_permission_name_max_length"),
    ("auth", "0003_alter_user_email_max_length"),
    ("auth", "0004_alter_user_username_opts"),
    ("auth", "0005_alter_user_last_login_null"),
    ("auth", "0006_require_contenttypes_0002"),
    ("auth", "0007_alter_validators_add_error_messages"),
    ("auth", "0008_alter_user_username_max_length"),
    ("auth", "0009_alter_user_last_name_max_length"),
    ("auth", "0010_alter_group_name_max_length"),
    ("auth", "0011_update_proxy_permissions"),
    ("auth", "0012_alter_user_first_name_max_length"),
)


class Reference(NamedTuple):
    """A foreign key to ``id``, with what its names end in."""

    table: str
    hash: str
    constraint: str


class Column(NamedTuple):
    """A column; *type* is one of :class:`Words` or a type that all databases call the same."""

    name: str
    type: str
    null: bool = False
    unique: bool = False
    references: Reference | None = None
    #: the hash in the name of PostgreSQL's index for LIKE
    like: str = ""


class Table(NamedTuple):
    """A table; its first column is ``id``."""

    name: str
    columns: tuple[Column, ...]
    #: columns that are unique together, and the hash in the name of that
    unique: tuple[tuple[str, str], str] | None = None
    #: columns that stand at the end on SQLite, where migrations make a table anew
    last_on_sqlite: tuple[str, ...] = ()


def _between(table: str, one: Column, other: Column, unique: str) -> Table:
    return Table(table, (one, other), ((one.name, other.name), unique))


def _refers(column: str, table: str, number: str, constraint: str) -> Column:
    return Column(column, "integer", references=Reference(table, number, constraint))


def _text(name: str, size: int, *, unique: bool = False, like: str = "") -> Column:
    return Column(name, f"varchar({size})", unique=unique, like=like)


TABLES = (
    Table(
        "django_content_type",
        (_text("app_label", 100), _text("model", 100)),
        (("app_label", "model"), "76bd3d3b"),
    ),
    Table(
        "auth_permission",
        (
            _text("name", 255),
            _refers("content_type_id", "django_content_type", "2f476e4b", "django_co"),
            _text("codename", 100),
        ),
        (("content_type_id", "codename"), "01ab375a"),
        last_on_sqlite=("name",),
    ),
    Table("auth_group", (_text("name", 150, unique=True, like="a6ea08ec"),)),
    Table(
        "auth_user",
        (
            _text("password", 128),
            Column("last_login", "datetime", null=True),
            Column("is_superuser", "bool"),
            _text("username", 150, unique=True, like="6821ab7c"),
            _text("first_name", 150),
            _text("last_name", 150),
            _text("email", 254),
            Column("is_staff", "bool"),
            Column("is_active", "bool"),
            Column("date_joined", "datetime"),
        ),
        last_on_sqlite=("first_name",),
    ),
    _between(
        "auth_group_permissions",
        _refers("group_id", "auth_group", "b120cbf9", "auth_group_id"),
        _refers("permission_id", "auth_permission", "84c5c92e", "auth_perm"),
        "0cd325b0",
    ),
    _between(
        "auth_user_groups",
        _refers("user_id", "auth_user", "6a12ed8b", "auth_user_id"),
        _refers("group_id", "auth_group", "97559544", "auth_group_id"),
        "94350c0c",
    ),
    _between(
        "auth_user_user_permissions",
        _refers("user_id", "auth_user", "a95ead1b", "auth_user_id"),
        _refers("permission_id", "auth_permission", "1fbb5f2c", "auth_perm"),
        "14a6b632",
    ),
)

#: Django cuts the table's name in these, so that the whole has no more than 63 characters
_SHORTENED = {
    "auth_group_permissions_permission_id": "auth_group_permissio_permission_id",
    "auth_user_user_permissions_permission_id": "auth_user_user_permi_permission_id",
}


class Words(NamedTuple):
    """What a kind of database calls things."""

    id: str
    bool: str
    datetime: str
    quote: str = '"'

    def name(self, name: str) -> str:
        """Quote a name."""
        return f"{self.quote}{name}{self.quote}"

    def names(self, names: tuple[str, ...]) -> str:
        """Quote names, in brackets."""
        return f"({', '.join(map(self.name, names))})"


_MYSQL = Words("integer AUTO_INCREMENT NOT NULL PRIMARY KEY", "bool", "datetime(6)", "`")
_WORDS = {
    "sqlite": Words("integer NOT NULL PRIMARY KEY AUTOINCREMENT", "bool", "datetime"),
    "postgresql": Words(
        "integer NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY",
        "boolean",
        "timestamp with time zone",
    ),
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
}


def create_tables(engine: AutocommitEngine, model: UserModel) -> list[str]:
    """Make the tables that are missing; leave those that are there as they are.

    :returns: the names of those that were made.
    :raises ValueError: where the project has a model of users of its own, which only it can make;
        where Django has its users elsewhere.
    """
    if model.table != "auth_user":
        raise ValueError(
            f"'{model.table}' is made by the Django project. Run its 'manage.py migrate'."
        )
    kind = engine.app_engine.dialect.name
    if kind not in _WORDS:
        raise ValueError(f"The tables of a login cannot be made on {kind}. Let Django do it.")
    schema = translated(engine, None)
    if schema is not None and kind != "postgresql":
        raise ValueError(
            f"The tables of a login are not made in '{schema}'. Run Django's 'manage.py migrate'."
        )
    with engine.connect() as connection:
        there = set(sa.inspect(connection).get_table_names(schema=schema))
        if "auth_user" not in there and "django_migrations" in there:
            _refuse_second_users(connection)
    missing = [table for table in TABLES if table.name not in there]
    _run(engine, kind, schema, [one for table in missing for one in statements(table, kind)])
    return [table.name for table in missing]


def _refuse_second_users(connection: sa.Connection) -> None:
    """Raise where Django has made its users, which are not here: a second table would hide them."""
    applied = sa.table("django_migrations", sa.column("app"), sa.column("name"))
    of_users = sa.select(applied).where(applied.c.app == "auth", applied.c.name == "0001_initial")
    if connection.execute(of_users).first():
        raise ValueError(
            "Django has run the migrations of 'auth' here, and there is no 'auth_user': its users"
            " are another model's (set 'AUTH_USER_MODEL') or in another database (name it:"
            " 'DjangoAuth(sessions, bind_key=...)'). A second table of users was not made."
        )


def record_migrations(engine: AutocommitEngine, now: datetime, naive_zone: NaiveZone) -> int:
    """Tell Django that its migrations were applied, and return how many were not yet told."""
    return record_migrations_of(engine, MIGRATIONS, now, naive_zone)


def _run(engine: AutocommitEngine, kind: str, schema: str | None, texts: list[str]) -> None:
    if kind == "postgresql":  # which can take back all of it
        with engine.begin(table="auth_user") as connection:
            if schema is not None:
                path = connection.dialect.identifier_preparer.quote_identifier(schema)
                connection.exec_driver_sql(f"SET LOCAL search_path TO {path}")
            for text in texts:
                connection.exec_driver_sql(text)
        return
    with engine.connect() as connection:
        for text in texts:
            connection.exec_driver_sql(text)


def statements(table: Table, kind: str) -> Iterator[str]:
    """Yield what makes a table on a kind of database, as Django makes it.

    # Django 5.2, db/backends/base/schema.py: table_sql
    """
    words = _WORDS[kind]
    columns = list(table.columns)
    if kind == "sqlite":
        columns.sort(key=lambda column: column.name in table.last_on_sqlite)
    definitions = [f"{words.name('id')} {words.id}"]
    definitions += [_definition(column, words, kind) for column in columns]
    yield f"CREATE TABLE {words.name(table.name)} ({', '.join(definitions)})"
    if table.unique:
        yield _unique(table.name, *table.unique, words, kind)
    for column in columns:
        yield from _extras(table.name, column, words, kind)


def _definition(column: Column, words: Words, kind: str) -> str:
    text = f"{words.name(column.name)} {getattr(words, column.type, column.type)}"
    text += " NULL" if column.null else " NOT NULL"
    if column.unique:
        text += " UNIQUE"
    if column.references and kind == "sqlite":
        text += f" {_references(column.references, words)} DEFERRABLE INITIALLY DEFERRED"
    return text


def _references(reference: Reference, words: Words) -> str:
    return f"REFERENCES {words.name(reference.table)} {words.names(('id',))}"


def _unique(table: str, columns: tuple[str, ...], number: str, words: Words, kind: str) -> str:
    name = words.name(f"{table}_{'_'.join(columns)}_{number}_uniq")
    if kind == "sqlite":
        return f"CREATE UNIQUE INDEX {name} ON {words.name(table)} {words.names(columns)}"
    unique = f"ADD CONSTRAINT {name} UNIQUE {words.names(columns)}"
    return f"ALTER TABLE {words.name(table)} {unique}"


def _extras(table: str, column: Column, words: Words, kind: str) -> Iterator[str]:
    """Yield the indexes and constraints of a column."""
    prefix = f"{table}_{column.name}"
    if column.like and kind == "postgresql":
        name = words.name(f"{prefix}_{column.like}_like")
        yield f'CREATE INDEX {name} ON "{table}" ("{column.name}" varchar_pattern_ops)'
    if column.references is None:
        return
    number = column.references.hash
    if kind in ("sqlite", "postgresql"):  # MySQL makes an index for each foreign key by itself
        yield f'CREATE INDEX "{prefix}_{number}" ON "{table}" ("{column.name}")'
    if kind == "sqlite":
        return
    prefix = _SHORTENED.get(prefix, prefix)
    name = words.name(f"{prefix}_{number}_fk_{column.references.constraint}")
    text = f"ALTER TABLE {words.name(table)} ADD CONSTRAINT {name} FOREIGN KEY"
    text += f" {words.names((column.name,))} {_references(column.references, words)}"
    yield text + (" DEFERRABLE INITIALLY DEFERRED" if kind == "postgresql" else "")
