"""Which of the users whose ids are in sessions are inactive, or are no more."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

import sqlalchemy as sa

from .accounts import Accounts

#: users to a query; SQLite may have been made for 999 parameters
_AT_A_TIME = 500


def inactive_ids(accounts: Accounts, user_ids: Collection[str]) -> set[str]:
    """Return those of *user_ids* whose users are inactive or are not there.

    :raises MissingUserTableError: where the table of users is missing.
    """
    ids = iter(user_ids)
    found: set[str] = set()
    while chunk := list(islice(ids, _AT_A_TIME)):
        found |= {*chunk} - {*_active(accounts, chunk)}
    return found


def _active(accounts: Accounts, user_ids: list[str]) -> Iterator[str]:
    users = accounts.users
    keys: dict[Any, str] = {}
    for user_id in user_ids:
        with suppress(ValueError):  # what can be no primary key is nobody's
            keys[users.read_pk(user_id)] = user_id
    return (keys[key] for key in _active_keys(accounts, [*keys]) if key in keys)


def _active_keys(accounts: Accounts, keys: list[Any]) -> list[Any]:
    users = accounts.users
    key = sa.type_coerce(users.column(users.pk_name), users.pk_type)
    # As in Django, users are active where there is no column for it.
    is_active = users.column("is_active") if users.has_column("is_active") else sa.true()
    rows = users.rows(sa.select(key, is_active).where(key.in_(keys)), users.table.name)
    return [pk for pk, active in rows if active]
