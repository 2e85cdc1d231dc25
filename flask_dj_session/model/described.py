"""The columns of a table of sessions that is the site's own, and what fills them.

Where Django's model gives a column a value by itself, the same is done here: a default, the time,
the id of the user. What can be empty stays as Django has left it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa

from ..store import columns_of, date_type, key_type
from .abstract import zone_of_current_app

_USER_ID = "_auth_user_id"

#: by Django's name of the kind; what is not here holds text
_TYPES: dict[str, Callable[[], sa.types.TypeEngine[Any]]] = {
    "AutoField": sa.Integer,
    "BigAutoField": sa.BigInteger,
    "BigIntegerField": sa.BigInteger,
    "BooleanField": sa.Boolean,
    "IntegerField": sa.Integer,
    "PositiveIntegerField": sa.Integer,
    "SmallIntegerField": sa.SmallInteger,
    "UUIDField": sa.Uuid,
    "DateTimeField": lambda: date_type(zone_of_current_app),
}
_READERS: dict[type, Callable[[str], Any]] = {int: int, uuid.UUID: uuid.UUID}


def described_columns(
    key_length: int | None, others: Iterable[Mapping[str, Any]]
) -> list[sa.Column[Any]]:
    """Return the columns of a table, as a site's description tells of it.

    :param key_length: characters that a key may have.
    :param others: what is told of the columns besides Django's three.
    """
    key, *rest = columns_of(zone_of_current_app)
    key.type = key_type(key_length)
    return [key, *rest, *(_column(told) for told in others)]


def users_columns(others: Iterable[Mapping[str, Any]], user: str) -> dict[str, Any]:
    """Return what reads the id of a user for each of the columns that refer to *user*."""
    return {
        told["column"]: _READERS.get(_type(told).python_type, str)
        for told in others
        if told.get("refers_to") == user
    }


def column_values(readers: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the columns that refer to the user whose session has *data*."""
    user_id = data.get(_USER_ID)
    return {name: None if user_id is None else read(user_id) for name, read in readers.items()}


def unfilled(others: Iterable[Mapping[str, Any]], user: str) -> str | None:
    """Name a column that must have a value, while nothing is known that gives it one."""
    for told in others:
        has_value = told["null"] or told["now"] or told.get("default") is not None
        if not has_value and told.get("refers_to") != user:
            return str(told["column"])
    return None


def _column(told: Mapping[str, Any]) -> sa.Column[Any]:
    given: dict[str, Any] = {"nullable": told["null"]}
    if told["now"]:
        given["default"] = _now
    elif told.get("default") is not None:
        given["default"] = told["default"]
    if told["now"] == "write":
        given["onupdate"] = _now
    return sa.Column(told["column"], _type(told), **given)


def _type(told: Mapping[str, Any]) -> sa.types.TypeEngine[Any]:
    return _TYPES.get(told["kind"], lambda: sa.String(told["max_length"]))()


def _now() -> datetime:
    return datetime.now(timezone.utc)
