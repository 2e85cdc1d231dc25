"""The rows of a user in the order of their keys, where it is known which these are."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Any

from ..index import SessionIndex
from ..store import Store, StoredRow


class UsersRows:
    """Stands in for a store that has the rows of a user alone.

    :param user_ids: the user's; what somebody has typed may be an id and a name.
    """

    def __init__(self, store: Store, index: SessionIndex, user_ids: Iterable[str]) -> None:
        self._store = store
        self._keys = sorted(
            found.row.stored.session_key
            for user_id in set(user_ids)
            for page in index.of_user(user_id)
            for found in page
        )

    def page(self, *, size: int, above: Any = None, below: Any = None) -> list[StoredRow]:
        """Return the next rows above a key, or the last ones below one."""
        end = len(self._keys) if below is None else bisect_left(self._keys, below)
        begin = 0 if above is None else bisect_right(self._keys, above)
        keys = self._keys[begin:end]
        wanted = keys[:size] if below is None else keys[-size:]
        rows = (row for page in self._store.rows_of(wanted) for row in page)
        return sorted(rows, key=lambda row: str(row.session_key))
