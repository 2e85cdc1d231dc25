"""Whether sessions can be kept in a table, as it is declared; the database is not asked."""

from __future__ import annotations

import sqlalchemy as sa

from ..store import COLUMNS

#: how many characters a session key has that is drawn here, as in Django
_KEY_LENGTH = 32


def check_table(table: sa.Table, *, draws_keys: bool, fills_columns: bool) -> None:
    """Check whether a session can be stored in *table*.

    :param draws_keys: whether the app draws the keys.
    :param fills_columns: whether the app gives values to columns of its own.
    :raises RuntimeError: naming the column that stands in the way, and the solution.
    """
    problem = (
        _missing_column(table)
        or _shared_key(table)
        or (None if fills_columns else _empty_column(table))
        or (None if draws_keys else _narrow_key(table))
    )
    if problem:
        raise RuntimeError(f"Table '{table.name}' cannot keep sessions: {problem}")


def _missing_column(table: sa.Table) -> str | None:
    for name in COLUMNS:
        if name not in table.c:
            return f"it has no column '{name}'. Let its class inherit from 'AbstractSession'."
    return None


def _shared_key(table: sa.Table) -> str | None:
    key = table.c.session_key
    others = [column.name for column in table.primary_key if column is not key]
    if not others or any([*one.columns] == [key] for one in _unique(table)):
        return None
    return (
        f"'{others[0]}' is a part of its primary key, so two rows could have the same session key."
        f" {_not_from_the_base(others[0])} Or make 'session_key' unique."
    )


def _unique(table: sa.Table) -> list[sa.UniqueConstraint | sa.Index]:
    constraints = [one for one in table.constraints if isinstance(one, sa.UniqueConstraint)]
    return [*constraints, *(index for index in table.indexes if index.unique)]


def _empty_column(table: sa.Table) -> str | None:
    for column in table.columns:
        if column.name in COLUMNS or column is table.autoincrement_column:
            continue
        if not (column.nullable or column.default or column.server_default):
            return (
                f"its column '{column.name}' must have a value, and nothing gives it one."
                f" {_not_from_the_base(column.name)} Or give it a default, or return its value"
                " from 'extra_columns' of your session class."
            )
    return None


def _not_from_the_base(name: str) -> str:
    return f"If the base class adds it, write '{name} = None' into the class."


def _narrow_key(table: sa.Table) -> str | None:
    length = getattr(table.c.session_key.type, "length", None)
    if length is None or length >= _KEY_LENGTH:
        return None
    return (
        f"its column 'session_key' has room for {length} characters, but a key has {_KEY_LENGTH}."
        " Make it 'String(40)', as Django does."
    )
