"""The tables of Django's login: columns for the statements on them; no statement, no DDL."""

from __future__ import annotations

from dataclasses import dataclass
from types import EllipsisType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from ..store import DjangoDateTime
from ..store.table import NaiveZone
from .types import django_type


@dataclass(frozen=True)
class UserModel:
    """What AUTH_USER_MODEL says, and how Django names its tables after it."""

    app_label: str
    name: str
    #: the table of the users, which a project may call otherwise
    table: str
    schema: str | None = None

    @property
    def user_id(self) -> str:
        """The column that names a user in the tables of groups and permissions."""
        return f"{self.name}_id"


def user_model(setting: str, table: str | None = None, schema: str | None = None) -> UserModel:
    """Read AUTH_USER_MODEL, as ``auth.User``.

    # Django 5.2, db/models/options.py: contribute_to_class
    """
    app_label, _, name = setting.partition(".")
    return UserModel(app_label, name.lower(), table or f"{app_label}_{name.lower()}", schema)


def bind_key_of(source: Any) -> str | EllipsisType | None:
    """Return the bind of a table or a mapped class, None for the app's default database.

    :returns: ``...`` where it has none, as what is on no metadata of Flask-SQLAlchemy's.
    """
    if source is None:
        return ...
    table = source if isinstance(source, sa.Table) else source.__table__
    bind_key: str | EllipsisType | None = table.metadata.info.get(
        "bind_key", getattr(source, "__bind_key__", ...)
    )
    return bind_key


def auth_user(naive_zone: NaiveZone) -> sa.Table:
    """Return Django's own table of users.

    # Django 5.2, contrib/auth/models.py: AbstractUser
    """
    text = {"first_name": 150, "last_name": 150, "email": 254}
    return sa.Table(
        "auth_user",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("password", sa.String(128), nullable=False),
        sa.Column("last_login", DjangoDateTime(naive_zone)),
        sa.Column("is_superuser", sa.Boolean, nullable=False),
        sa.Column("username", sa.String(150), nullable=False, unique=True),
        *(sa.Column(name, sa.String(size), nullable=False) for name, size in text.items()),
        sa.Column("is_staff", sa.Boolean, nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("date_joined", DjangoDateTime(naive_zone), nullable=False),
    )


def with_django_types(table: sa.Table, naive_zone: NaiveZone) -> sa.Table:
    """Copy a *table* that an app gives, with dates and flags as Django stores them."""
    copy = table.to_metadata(sa.MetaData())
    for column in copy.columns:
        if isinstance(column.type, sa.DateTime):
            column.type = DjangoDateTime(naive_zone)
        elif isinstance(column.type, mysql.TINYINT) and column.type.display_width == 1:
            column.type = sa.Boolean()
    return copy


def reflected(
    connection: sa.Connection, model: UserModel, naive_zone: NaiveZone, *, found_in: str | None
) -> sa.Table:
    """Ask the database for the columns of a project's own table of users.

    :param found_in: the schema in which statements find the table.
    :raises sqlalchemy.exc.NoSuchTableError: where it is missing.
    """
    table = sa.Table(
        model.table,
        sa.MetaData(),
        schema=found_in,
        autoload_with=connection,
        resolve_fks=False,
    )
    table = table.to_metadata(sa.MetaData(), schema=model.schema)  # type: ignore[arg-type]
    for constraint in [*table.foreign_key_constraints]:
        table.constraints.discard(constraint)
    for column in table.columns:
        column.type = django_type(column.type, connection.dialect.name, naive_zone)
    return table


@dataclass(frozen=True)
class PermissionTables:
    """The tables that say who may do what."""

    permission: sa.Table
    content_type: sa.Table
    group: sa.Table
    group_permissions: sa.Table
    user_groups: sa.Table
    user_permissions: sa.Table


def permission_tables(model: UserModel) -> PermissionTables:
    """Return the tables of groups and permissions, and those between them and *model*.

    # Django 5.2, contrib/auth/models.py: Permission, Group, PermissionsMixin
    """
    schema = model.schema

    def table(name: str, *columns: str) -> sa.Table:
        return sa.Table(name, sa.MetaData(), *(sa.Column(one) for one in columns), schema=schema)

    return PermissionTables(
        permission=table("auth_permission", "id", "content_type_id", "codename"),
        content_type=table("django_content_type", "id", "app_label"),
        group=table("auth_group", "id", "name"),
        group_permissions=table("auth_group_permissions", "group_id", "permission_id"),
        user_groups=table(f"{model.table}_groups", model.user_id, "group_id"),
        user_permissions=table(f"{model.table}_user_permissions", model.user_id, "permission_id"),
    )
