"""The names of users, for pages that have their ids: as far as they are found, never an error."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TypeVar

import sqlalchemy as sa
from flask import current_app

from ..errors import MissingUserTableError
from .accounts import Accounts

_Found = TypeVar("_Found")


class UserNames:
    """Tells the names of users by their ids, and the ids by their names.

    Who looks at sessions needs these, and has them without names, too. So a table of users that is
    missing, or cannot be asked, has no names in it. Only who has named a user is told of it.
    """

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def of(self, user_ids: Iterable[str]) -> dict[str, str]:
        """Return the names of these users by their ids, found by one statement for all of them."""
        return self._found(lambda: self._names(user_ids), {})

    def id_of(self, username: str) -> str | None:
        """Return the id of a user, as sessions have it."""
        return self._found(lambda: self._id(username), None)

    def stored_id(self, given: str) -> str | None:
        """Return the id of a user who is named by an id, such as ``7`` or ``007``, or a name.

        :raises sqlalchemy.exc.SQLAlchemyError: where the database does not say.
        :raises RuntimeError: where there is no such table, column or database.
        """
        with suppress(UnicodeEncodeError, OverflowError):  # what no column holds is nobody's
            stored = self._as_stored(given)
            # A name counts more than an id that is written in another way: nobody else is meant.
            return given if stored == given else self._id(given) or stored
        return None

    def _names(self, user_ids: Iterable[str]) -> dict[str, str]:
        users = self._accounts.users
        keys = {}
        for user_id in user_ids:
            with suppress(ValueError):  # what can be no primary key is nobody's
                keys[user_id] = users.read_pk(user_id)
        names = users.usernames({*keys.values()}) if keys else {}
        return {user_id: str(names[key]) for user_id, key in keys.items() if key in names}

    def _as_stored(self, user_id: str) -> str | None:
        users = self._accounts.users
        try:
            key = users.read_pk(user_id)
        except ValueError:
            return None
        return str(key) if key in users.usernames({key}) else None

    def _id(self, username: str) -> str | None:
        users = self._accounts.users
        user = users.by_username(username)
        return None if user is None else str(users.pk_of(user))

    def _found(self, find: Callable[[], _Found], otherwise: _Found) -> _Found:
        try:
            return find()
        except MissingUserTableError:  # no users yet
            return otherwise
        except (sa.exc.SQLAlchemyError, RuntimeError, UnicodeEncodeError, OverflowError) as error:
            current_app.logger.warning(
                "The inspector shows no user names, because the query on the table of users failed:"
                " %s.",
                type(error).__name__,  # its message may have what somebody has typed
            )
            return otherwise
