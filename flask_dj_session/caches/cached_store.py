"""A store with a cache in front: Django's ``cached_db``. Reads the cache first, writes it last.

    load    cache, then table, which fills the cache
    save    table, then cache
    delete  table, then cache

The table has the last word: what two requests have changed is compared with it, and a row that is
gone is not written again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import sqlalchemy as sa

from ..errors import (
    CacheValueError,
    CreateError,
    DatabaseHeldError,
    DecodeError,
    MissingTableError,
    UpdateError,
)
from ..store import AutocommitEngine, LoadedEnd, Store
from ..store.raw import is_utf8
from ..wire import CachedText, SessionCodec
from .ages import seconds_of_row, seconds_of_save
from .guarded import GuardedCache
from .keys import Names
from .seen import Seen
from .values import Values


class Around(NamedTuple):
    """What a store with a cache has to know of its site."""

    #: of the texts in the table
    codec: Callable[[], SessionCodec]
    #: returns the time, aware
    now: Callable[[], datetime]
    #: whether the table is asked if the row of an entry is still there
    verifies: Callable[[], bool]


class Cache(NamedTuple):
    """A cache, and how the sessions of a site are in it."""

    guarded: GuardedCache
    names: Names
    values: Values


class _CachedEnd(NamedTuple):
    """When a session ends by its entry; the row says the same, or nothing is moved."""

    moment: datetime


class CachedStore(Store):
    """The rows of a site whose sessions are in a cache, too.

    :param cache: the site's.
    :param around: the codec, the clock and what is to be verified.
    """

    def __init__(
        self, engine: AutocommitEngine, table: sa.Table, cache: Cache, around: Around
    ) -> None:
        super().__init__(engine, table)
        self.cache = cache
        self._cache, self._names, self._values = cache
        self._seen = Seen()
        self.around = around

    # Reading

    def load(self, session_key: str, now: datetime) -> str | None:
        """Return what stands for the text, from the cache if it is there, else from the table."""
        found = self._cached(session_key, now)
        return found if found is not None else self._filled(session_key, now)[0]

    def load_with_end(self, session_key: str, now: datetime) -> tuple[str | None, Any]:
        """Return the text as :meth:`load` does, and when the row ends, for :meth:`touch`."""
        found = self._cached(session_key, now)
        left = None if found is None else self._cache.seconds_left(self._names.of(session_key))
        if found is None or left is None:
            return self._filled(session_key, now)
        return found, _CachedEnd(now + timedelta(seconds=left))

    def _cached(self, session_key: str, now: datetime) -> CachedText | None:
        name = self._names.of(session_key)
        raw = self._cache.get(name)
        self._seen.note(name, raw)
        if raw is None:
            return None
        try:
            data = self._values.loads(raw)
        except CacheValueError:
            return None  # as in Django, the table serves what a cache does not
        if self.around.verifies() and super().load(session_key, now) is None:
            self._forget([session_key])
            return None
        return CachedText(lambda: self._values.loads(raw), data)

    def _filled(self, session_key: str, now: datetime) -> tuple[str | None, LoadedEnd | None]:
        text, end = super().load_with_end(session_key, now)
        seconds = 0 if end is None else seconds_of_row(end.moment, now)
        if text is not None and seconds > 0:
            is_put = self._put(session_key, text, lambda data: seconds, self._cache.fill)
            if not is_put:
                self._seen.forget_nothing(self._names.of(session_key))
            # Unlike Django: the row is looked at once more, so that what another request has saved
            # or ended between the two is not put there.
            if is_put and super().load(session_key, now) != text:
                self._forget([session_key])
        return text, end

    # Writing

    def insert(
        self, session_key: str, session_data: str, expire_date: datetime, **columns: Any
    ) -> None:
        """Add a row, and its entry.

        :raises CreateError: where the key is taken.
        """
        with self._changing(session_key):
            super().insert(session_key, session_data, expire_date, **columns)
            self._seen.note(self._names.of(session_key), None)
            self._saved(session_key, session_data, expire_date)

    def update(
        self, session_key: str, session_data: str, expire_date: datetime, **columns: Any
    ) -> None:
        """Change a row, and its entry.

        :raises UpdateError: where there is none.
        """
        with self._changing(session_key):
            super().update(session_key, session_data, expire_date, **columns)
            self._saved(session_key, session_data, expire_date)

    def replace(
        self,
        session_key: str,
        as_loaded: str,
        session_data: str,
        expire_date: datetime,
        **columns: Any,
    ) -> bool:
        """Change a row and its entry, if the row's text is still *as_loaded*.

        What came from the cache is no text of a row, so the row is to be looked at first.
        """
        if isinstance(as_loaded, CachedText):
            return False
        with self._changing(session_key):
            done = super().replace(session_key, as_loaded, session_data, expire_date, **columns)
            if done:
                self._saved(session_key, session_data, expire_date)
            return done

    def touch(self, session_key: str, loaded: Any, expire_date: datetime) -> bool:
        """Move the end of a row and of its entry, if the row still ends as *loaded*."""
        if isinstance(loaded, _CachedEnd):
            now = self.around.now()
            _, end = super().load_with_end(session_key, now)
            if end is None or abs(end.moment - loaded.moment) > NEARLY:
                # Somebody else has had the last word; the next visitor gets it from the row.
                self._forget([session_key])
                return False
            loaded = end
        with self._changing(session_key):
            moved = super().touch(session_key, loaded, expire_date)
            if moved:
                seconds = seconds_of_save({}, expire_date, self.around.now())
                self._cache.touch(self._names.of(session_key), seconds)
            return moved

    def _saved(self, session_key: str, text: str, end: datetime) -> None:
        # Unlike Django: an entry that another request has put there since is removed, as nobody
        # knows whose row was written last; and a session that has ended gets no entry again.
        swap = partial(self._cache.swap, is_known=self._seen.test_of(self._names.of(session_key)))
        now = self.around.now()
        if not self._put(session_key, text, lambda data: seconds_of_save(data, end, now), swap):
            self._seen.forget(self._names.of(session_key))

    def _put(
        self,
        session_key: str,
        text: str,
        seconds: Callable[[dict[str, Any]], float],
        put: Callable[[str, bytes, float], bool],
    ) -> bool:
        """Put what a text says under the name of its session, and return whether it is there."""
        name, is_put = self._names.of(session_key), False
        try:
            data = self.around.codec().decode(text)
            value = self._values.dumps(data)
        except (DecodeError, CacheValueError):
            # Unlike Django: what nobody can read is not put there as an empty session.
            self._cache.delete([name])
        else:
            is_put = put(name, value, seconds(data))
        if is_put:
            self._seen.note(name, value)
        return is_put

    # Removing

    def delete(self, session_key: str, as_loaded: str | None = None) -> bool:
        """Remove a row and its entry, and return whether there was a row.

        :param as_loaded: remove it only if the row still has this text.
        """
        if isinstance(as_loaded, CachedText):
            return False
        with self._changing(session_key):
            was_there = super().delete(session_key, as_loaded)
            if was_there or as_loaded is None:
                self._forget([session_key])
            return was_there

    def delete_keys(self, session_keys: Collection[str]) -> int:
        """Remove the rows with these keys and their entries; return how many rows there were."""
        with self._changing(*session_keys):
            number = super().delete_keys(session_keys)
            self._forget(session_keys)
            return number

    def delete_all(self) -> int:
        """Remove every row and its entry, and return how many rows there were."""
        keys = [key for some in self.keys() for key in some]
        with self._changing(*keys):
            number = super().delete_all()
            self._forget(keys)
            return number

    def clear_expired(
        self, now: datetime, *, batch_size: int | None = None, pause: float | None = None
    ) -> Iterator[int]:
        """Remove the rows that have expired before *now*, and what the cache has of them."""
        for keys in self.keys(expired_at=now):
            self._forget(keys)
        yield from super().clear_expired(now, batch_size=batch_size, pause=pause)

    def _forget(self, session_keys: Collection[Any]) -> None:
        names = self.names_of(session_keys)
        self._cache.delete(names)
        for name in names:
            self._seen.forget(name)

    def names_of(self, session_keys: Collection[Any]) -> list[str]:
        """Return the names of entries; what is no UTF-8, as SQLite may have it, names none."""
        return [
            self._names.of(key) for key in session_keys if isinstance(key, str) and is_utf8(key)
        ]

    def _changing(self, *session_keys: Any) -> _Change:
        return _Change(self, session_keys)


class _Change:
    """A change of rows and then of their entries, which may end at any moment.

    Where nobody knows what has been done, no entry is believed; and none whose row is gone.
    """

    def __init__(self, store: CachedStore, session_keys: Collection[Any]) -> None:
        self._store = store
        self._keys = session_keys

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if error is None:
            return
        cache, names = self._store.cache.guarded, self._store.names_of(self._keys)
        if isinstance(error, UpdateError):
            # Unlike Django: the entry goes with its row.
            cache.delete(names)
        elif not _has_changed_nothing(error):
            # Unlike Django: an entry that may be older than its row does not stay.
            cache.distrust(names)


def _has_changed_nothing(error: BaseException) -> bool:
    is_lost = getattr(error, "connection_invalidated", False)
    return isinstance(error, _REFUSED) and not is_lost


#: what a table refuses; another error leaves open what has been done
_REFUSED = (CreateError, DatabaseHeldError, MissingTableError, sa.exc.SQLAlchemyError)
#: by how much an end may be another and count as the same: a cache leaves fractions of a second out
NEARLY = timedelta(seconds=2)
