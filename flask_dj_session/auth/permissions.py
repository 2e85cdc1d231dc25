"""Which permissions and groups a user has, from Django's tables; a statement for each question."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from .tables import PermissionTables, UserModel

Rows = Callable[[sa.Select[Any], str], "list[Any]"]


class Permissions:
    """Asks for permissions as ``app_label.codename``.

    :param rows: runs a query, and names the table whose absence it should explain.
    :param pk_type: the type of a user's primary key.
    """

    def __init__(
        self,
        rows: Rows,
        tables: PermissionTables,
        model: UserModel,
        pk_type: sa.types.TypeEngine[Any],
    ) -> None:
        self._rows = rows
        self._tables = tables
        self._user_id = model.user_id
        self._pk_type = pk_type
        permission, content_type = tables.permission.c, tables.content_type.c
        self._all = sa.select(content_type.app_label, permission.codename).join_from(
            tables.permission, tables.content_type, content_type.id == permission.content_type_id
        )

    def every(self) -> set[str]:
        """Return all permissions that there are."""
        return self._names(self._all)

    def of_user(self, pk: Any) -> set[str]:
        """Return those that a user was given directly."""
        mine = self._tables.user_permissions
        condition = mine.c.permission_id == self._tables.permission.c.id
        return self._names(self._all.join(mine, condition).where(self._is(mine, pk)))

    def of_groups(self, pk: Any) -> set[str]:
        """Return those of the groups that a user is in."""
        tables, groups = self._tables, self._tables.user_groups
        through = tables.group_permissions
        query = self._all.join(through, through.c.permission_id == tables.permission.c.id)
        query = query.join(groups, groups.c.group_id == through.c.group_id)
        return self._names(query.where(self._is(groups, pk)))

    def group_names(self, pk: Any) -> set[str]:
        """Return the names of the groups that a user is in."""
        group, groups = self._tables.group, self._tables.user_groups
        query = sa.select(group.c.name).join(groups, groups.c.group_id == group.c.id)
        return {name for (name,) in self._rows(query.where(self._is(groups, pk)), groups.name)}

    def _is(self, table: sa.Table, pk: Any) -> sa.ColumnElement[bool]:
        column: sa.ColumnElement[Any] = table.c[self._user_id]
        return column == sa.bindparam("pk", pk, type_=self._pk_type)

    def _names(self, query: sa.Select[Any]) -> set[str]:
        rows = self._rows(query, self._tables.permission.name)
        return {f"{app_label}.{codename}" for app_label, codename in rows}
