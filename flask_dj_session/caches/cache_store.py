"""A store that is a cache alone: Django's engine ``cache``. It has no table.

A cache that does not answer is an error here, since nothing else knows the sessions. Where it can
be asked for its names, as Redis can, the commands and the inspector see its sessions as rows.
"""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from ..errors import (
    CacheDownError,
    CacheListError,
    CacheValueError,
    CreateError,
    NoTableError,
    UpdateError,
)
from ..store import AutocommitEngine, Outline, Store, StoredRow
from ..wire import CachedText
from .ages import seconds_of_save
from .cached_store import NEARLY, Around, Cache

_logger = logging.getLogger("flask_dj_session.caches")
_Result = TypeVar("_Result")

#: characters of a key; Django draws 32
_LONGEST_KEY = 40


class CacheStore(Store):
    """The sessions of a site whose engine is ``cache``.

    :param cache: the site's.
    :param around: the codec and the clock.
    :param make_engine: returns the engine of the app's database, for others than sessions.
    """

    has_table = False

    def __init__(
        self, cache: Cache, around: Around, make_engine: Callable[[], AutocommitEngine]
    ) -> None:
        self.cache = cache
        self._client, self._alias = cache.guarded.client, cache.guarded.alias
        self._names, self._values = cache.names, cache.values
        self._around = around
        self._make_engine = make_engine

    def __getattr__(self, name: str) -> Any:
        """Make the engine when it is asked for; there is no table.

        :raises NoTableError: where that is asked for.
        """
        if name == "engine":
            return self._make_engine()
        if name == "table":
            raise NoTableError
        raise AttributeError(name)

    @property
    def name(self) -> str:
        """What people call the place of the sessions."""
        return f"cache {self._alias}"

    @property
    def max_key_length(self) -> int:
        """How many characters a key may have."""
        return _LONGEST_KEY

    def watch_app(self) -> None:
        """Do nothing: what the app does to its database is nothing to a cache."""

    def _ask(self, question: Callable[..., _Result], *arguments: Any) -> _Result:
        try:
            return question(*arguments)
        except BaseException as error:
            if isinstance(error, Exception) and self._client.has_failed(error):
                raise CacheDownError(self._alias, type(error).__name__) from error
            self._client.give_up()
            raise

    # One session

    def load(self, session_key: str, now: datetime) -> str | None:
        """Return what stands for the text; None where there is no entry.

        :raises CacheDownError: where the cache does not answer.
        """
        # Unlike Django: what cannot be asked for is not taken for a session that has ended.
        raw = self._ask(self._client.get, self._names.of(session_key))
        if raw is None:
            return None
        try:
            return CachedText(lambda: self._values.loads(raw), self._values.loads(raw))
        except CacheValueError as error:
            _logger.warning("An entry of the cache %r %s, and counts as none.", self._alias, error)
            return None

    def reload(self, session_key: str, now: datetime) -> str | None:
        """Do what :meth:`load` does."""
        return self.load(session_key, now)

    def load_with_end(self, session_key: str, now: datetime) -> tuple[str | None, Any]:
        """Return the text as :meth:`load` does, and when the entry ends, for :meth:`touch`.

        Where the cache does not tell that, it is now: so the end is moved at each visit, and nobody
        who comes again and again is logged out.
        """
        text = self.load(session_key, now)
        end = None if text is None else self._end_of(session_key, now)
        return text, None if text is None else _End(end or now)

    def _end_of(self, session_key: str, now: datetime) -> datetime | None:
        left: float | None = self._ask(self._client.seconds_left, self._name(session_key))
        return None if left is None else now + timedelta(seconds=left)

    def touch(self, session_key: str, loaded: Any, expire_date: datetime) -> bool:
        """Move the end of an entry if it still ends as *loaded*, and return whether it does."""
        now = self._around.now()
        end = self._end_of(session_key, now)
        if end is not None and abs(end - loaded.moment) > NEARLY:
            return False  # another request has had the last word
        seconds = seconds_of_save({}, expire_date, now)
        return self._ask(self._client.touch, self._name(session_key), seconds)

    def exists(self, session_key: str) -> bool:
        """Return whether there is an entry."""
        return self._ask(self._client.get, self._name(session_key)) is not None

    def insert(
        self, session_key: str, session_data: str, expire_date: datetime, **columns: Any
    ) -> None:
        """Add an entry.

        :raises CreateError: where the key is taken.
        """
        value, seconds = self._value(session_data, expire_date)
        if not self._ask(self._client.add, self._name(session_key), value, seconds):
            raise CreateError("The session key is taken")

    def update(
        self, session_key: str, session_data: str, expire_date: datetime, **columns: Any
    ) -> None:
        """Change an entry.

        :raises UpdateError: where there is none.
        """
        value, seconds = self._value(session_data, expire_date)
        # Unlike Django: the cache itself looks if there is an entry, so that nothing comes between.
        if not self._ask(self._client.replace, self._name(session_key), value, seconds):
            raise UpdateError("The session's entry is gone")

    def _value(self, session_data: str, expire_date: datetime) -> tuple[bytes, float]:
        data = self._around.codec().decode(session_data)
        seconds = seconds_of_save(data, expire_date, self._around.now())
        return self._values.dumps(data), seconds

    def delete(self, session_key: str, as_loaded: str | None = None) -> bool:
        """Remove an entry, and return whether there was one."""
        return self.delete_keys([session_key]) > 0

    def _name(self, session_key: str) -> str:
        return self._names.of(session_key)

    # All sessions

    def delete_keys(self, session_keys: Collection[str]) -> int:
        """Remove the entries of these keys, and return how many there were."""
        names = [self._name(key) for key in session_keys]
        return self._ask(self._client.delete, names) if names else 0

    def delete_all(self) -> int:
        """Remove every entry of a session, and return how many there were."""
        return sum(self.delete_keys(keys) for keys in self.keys())

    def keys(self, *, size: int = 1000, expired_at: datetime | None = None) -> Iterator[list[str]]:
        """Yield the keys of all sessions, in no order; there are none that have expired.

        :raises CacheListError: where the cache cannot be asked for them.
        """
        found = [] if expired_at else sorted(self._all_keys())
        for first in range(0, len(found), size):
            yield found[first : first + size]

    def _all_keys(self) -> set[str]:
        pattern = self._names.pattern
        names = None if pattern is None else self._client.names(pattern)
        if pattern is None or names is None:
            raise CacheListError(self._alias)
        found: list[str] = self._ask(list, names)
        return {name.removeprefix(pattern) for name in found}

    def count(self, *, expired_before: datetime | None = None) -> int:
        """Count the sessions; none of them has expired."""
        return 0 if expired_before else len(self._all_keys())

    def row(self, session_key: Any) -> StoredRow | None:
        """Return a session as if it were a row; None where there is none."""
        now = self._around.now()
        text = self.load(session_key, now) if session_key else None
        if text is None:
            return None
        signed = self._around.codec().encode(self._around.codec().decode(text), now)
        return StoredRow(session_key, signed, self._end_of(session_key, now))

    def pages(self, *, size: int, expired_at: datetime | None = None) -> Iterator[list[StoredRow]]:
        """Yield all sessions as if they were rows, in the order of their keys."""
        for keys in self.keys(size=size, expired_at=expired_at):
            yield self._rows(keys)

    def page(self, *, size: int, above: Any = None, below: Any = None) -> list[StoredRow]:
        """Return some of them above or below a key."""
        keys = self._all_keys()
        if below is not None:
            return self._rows(heapq.nlargest(size, (key for key in keys if key < str(below)))[::-1])
        return self._rows(heapq.nsmallest(size, (key for key in keys if key > str(above or ""))))

    def starting_with(self, prefix: str) -> list[StoredRow]:
        """Return the sessions whose keys begin with *prefix*."""
        return self._rows(sorted(key for key in self._all_keys() if key.startswith(prefix)))

    def outlines(self, *, limit: int) -> list[Outline]:
        """Return when some of them end, and how large they are."""
        rows = self._rows(heapq.nsmallest(limit, self._all_keys()))
        return [Outline(row.expire_date, row.size) for row in rows]

    def _rows(self, keys: Sequence[str]) -> list[StoredRow]:
        return [row for key in keys if (row := self.row(key)) is not None]

    def clear_expired(
        self, now: datetime, *, batch_size: int | None = None, pause: float | None = None
    ) -> Iterator[int]:
        """Do nothing, as in Django: entries end by themselves."""
        return iter(())

    def create_table(self) -> bool:
        """Raise NoTableError."""
        raise NoTableError

    def record_migration(self, now: datetime) -> bool:
        """Raise NoTableError."""
        raise NoTableError


class _End:
    """When an entry ends."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment
