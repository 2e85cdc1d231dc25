"""Looking some rows up in the cache, and some entries in the table; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from ..errors import CacheValueError, DecodeError
from ..store import StoredRow
from ..wire import SessionCodec
from .cached_store import CachedStore

#: how many of each are looked up
SAMPLE = 200
#: how many names of a cache are looked at, at most
MOST_NAMES = 20_000
_OF_SESSIONS = "django.contrib.sessions.c"


class Compared(NamedTuple):
    """What was found.

    :param outcomes: of each row: ``missing``, ``same``, ``differing`` or ``unreadable``.
    """

    outcomes: list[str]
    entries: int
    orphans: int
    foreign: int


def compare(store: CachedStore, rows: Iterable[StoredRow], now: datetime) -> Compared:
    """Compare cache and table.

    :raises Exception: whatever the cache's library raises where it is down.
    """
    codec = store.around.codec()
    outcomes = [_outcome(store, row, codec) for row in rows if not row.has_expired(now)]
    entries, orphans, foreign = _entries(store)
    return Compared([one for one in outcomes if one], entries, orphans, foreign)


def _outcome(store: CachedStore, row: StoredRow, codec: SessionCodec) -> str:
    try:
        raw = next(map(store.cache.guarded.client.get, store.names_of([row.session_key])), None)
    except CacheValueError:  # a name that this cache does not take
        raw = None
    try:
        data = codec.decode(row.session_data)
    except DecodeError:
        return ""  # which others tell of
    if raw is None:
        return "missing"
    try:
        return "same" if _same(codec, store.cache.values.loads(raw), data) else "differing"
    except CacheValueError:
        return "unreadable"


def _same(codec: SessionCodec, cached: dict[str, Any], data: dict[str, Any]) -> bool:
    # As a row has it: a tuple is a list there. The order of the items is nobody's matter.
    try:
        return cached == data or codec.serialize(dict(sorted(cached.items()))) == codec.serialize(
            dict(sorted(data.items()))
        )
    except (TypeError, ValueError):  # what no row can hold is not the row's
        return False


def _entries(store: CachedStore) -> tuple[int, int, int]:
    pattern, client = store.cache.names.pattern, store.cache.guarded.client
    ours = None if pattern is None else client.names(pattern)
    every = client.names("")
    if pattern is None or ours is None or every is None:
        return 0, 0, 0
    keys = [name.removeprefix(pattern) for name in islice(ours, SAMPLE)]
    orphans = sum(store.row(key) is None for key in keys)
    names = islice(every, MOST_NAMES)
    foreign = sum(_OF_SESSIONS in name and not name.startswith(pattern) for name in names)
    return len(keys), orphans, foreign
