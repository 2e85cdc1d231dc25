"""Making the tables of Django's login, with what its migrations of ``auth`` leave behind.

The statements are in ``sql``, a file to a kind of database; nothing of a project's own model.
"""

from __future__ import annotations

from datetime import datetime
from importlib import resources

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


#: begins a table in these files
_TABLE = "-- table: "
#: the files of ``sql`` by the names of SQLAlchemy's dialects
_FILES = {"sqlite": "sqlite", "postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}


def create_tables(engine: AutocommitEngine, model: UserModel) -> list[str]:
    """Make the tables that are missing; leave those that are there as they are.

    :returns: the names of those that were made.
    :raises ValueError: where the project has a model of users of its own, which only it can make;
        where Django has its users elsewhere.
    """
    if model.table != "auth_user":
        raise ValueError(
            f"'{model.table}' belongs to the Django project. Run its 'manage.py migrate'."
        )
    kind = engine.app_engine.dialect.name
    if kind not in _FILES:
        raise ValueError(
            f"This package cannot create the tables of the login on {kind}. Let Django create them."
        )
    schema = translated(engine, None)
    if schema is not None and kind != "postgresql":
        raise ValueError(
            f"The tables of a login are not made in '{schema}'. Run Django's 'manage.py migrate'."
        )
    with engine.connect() as connection:
        there = set(sa.inspect(connection).get_table_names(schema=schema))
        if "auth_user" not in there and "django_migrations" in there:
            _refuse_second_users(connection)
    missing = {name: made for name, made in statements(kind).items() if name not in there}
    _run(engine, kind, schema, [text for texts in missing.values() for text in texts])
    return list(missing)


def _refuse_second_users(connection: sa.Connection) -> None:
    """Raise where Django has made its users, which are not here: a second table would hide them."""
    applied = sa.table("django_migrations", sa.column("app"), sa.column("name"))
    of_users = sa.select(applied).where(applied.c.app == "auth", applied.c.name == "0001_initial")
    if connection.execute(of_users).first():
        raise ValueError(
            "Django has run the migrations of 'auth' here, but there is no 'auth_user'. Its users"
            " belong to another model (set 'AUTH_USER_MODEL') or are in another database (name it:"
            " 'DjangoAuth(sessions, bind_key=...)'). A second table of users was not created."
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


def statements(kind: str) -> dict[str, list[str]]:
    """Return what makes each table on a kind of database, in the order in which they are made.

    # Django 5.2, what ``sqlmigrate`` and later migrations of ``auth`` come to
    """
    text = (
        resources.files(__package__)
        .joinpath("sql")
        .joinpath(f"{_FILES[kind]}.sql")
        .read_text("utf-8")
    )
    tables: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith(_TABLE):
            tables[line.removeprefix(_TABLE)] = []
        elif line and not line.startswith("--"):
            tables[next(reversed(tables))].append(line.removesuffix(";"))
    return tables
