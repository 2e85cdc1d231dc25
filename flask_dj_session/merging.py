"""Two requests change one session: what both have done goes into one row.

    >>> from flask_dj_session.merging import MISSING, add, append, union
    >>> add(5, 6, 6)
    7
    >>> append(["a"], ["a", "b"], ["a", "c"])
    ['a', 'b', 'c']

A merger is called with the value that was loaded, the value that another request has stored in
the meantime, and this request's own. :data:`MISSING` stands for no value. What it returns is
stored; MISSING removes the item. Django's side uses this, too.
"""

from __future__ import annotations

import enum
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from .errors import MergeError

Data = Mapping[str, Any]
#: takes what was loaded, what another request has stored, and what this one has
Merger = Callable[[Any, Any, Any], Any]
#: takes the name of an item and a value, and returns what tells it from another value
Form = Callable[[str, Any], object]


class _Missing(enum.Enum):
    """The type of :data:`MISSING`; it is false, and there is one of it also after a copy."""

    MISSING = "MISSING"

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "MISSING"


#: stands for the value of an item that is not there
MISSING: Final = _Missing.MISSING

_USER = "_auth_user_id"
#: what Django's login writes, and the times of it that this package adds
LOGIN = (
    _USER,
    "_auth_user_backend",
    "_auth_user_hash",
    "_auth_login_time",
    "_auth_seen_time",
)


class AnotherSessionError(Exception):
    """What is stored by now belongs to another login, or to none any more."""


def add(loaded: Any, theirs: Any, ours: Any) -> Any:
    """Add what both have added to a number: exact for a counter."""
    if theirs is MISSING and ours is MISSING:
        return MISSING
    return (theirs or 0) + (ours or 0) - (loaded or 0)


def append(loaded: Any, theirs: Any, ours: Any) -> Any:
    """Append to their list what this request has appended, and remove what it has removed.

    Values count as often as they are there. With none left, the item is removed if one of the
    two has removed it.
    """
    before, mine = list(loaded or ()), list(ours or ())
    added, removed = _difference(mine, before), _difference(before, mine)
    merged = _difference(list(theirs or ()), removed) + added
    return MISSING if not merged and MISSING in (theirs, ours) else merged


def union(loaded: Any, theirs: Any, ours: Any) -> Any:
    """Do what :func:`append` does, with each value once."""
    merged = append(loaded, theirs, ours)
    return merged if merged is MISSING else _once(merged)


def merge_flashes(loaded: Any, theirs: Any, ours: Any) -> Any:
    """Keep the messages of both: those of ``flask.flash``."""
    values = (loaded, theirs, ours)
    if not all(value is MISSING or isinstance(value, (list, tuple)) for value in values):
        return ours
    return append(loaded, theirs, ours)


def merge_messages(loaded: Any, theirs: Any, ours: Any) -> Any:
    """Keep the messages of both: those of Django's ``contrib.messages``, a JSON text."""
    try:
        lists = [[] if text is MISSING else json.loads(text) for text in (loaded, theirs, ours)]
    except (TypeError, ValueError, RecursionError):
        return ours
    if not all(isinstance(one, list) for one in lists):
        return ours
    merged = append(*lists)
    return json.dumps(merged) if merged else MISSING


#: the mergers of items that Flask and Django write themselves
MERGERS: Mapping[str, Merger] = {"_flashes": merge_flashes, "_messages": merge_messages}


def merge(
    loaded: Data, theirs: Data, ours: Data, mergers: Mapping[str, Merger], form: Form
) -> dict[str, Any]:
    """Put the items that this request has set or deleted onto what another has stored.

    :param loaded: the data that this request began with.
    :param theirs: the data that is stored by now.
    :param ours: the data of this request.
    :param mergers: by the name of an item: what is done where both have changed it. By default
        this request's value is stored, as in Django.
    :param form: returns what tells two values of an item apart.
    :raises AnotherSessionError: if *theirs* is no longer the session of the same visitor.
    :raises MergeError: if a merger fails.
    """
    user, stored, own = (data.get(_USER, MISSING) for data in (loaded, theirs, ours))
    if stored != user and own != stored and not (user is MISSING and own is MISSING):
        raise AnotherSessionError
    if own != user and user is not MISSING:
        return dict(ours)  # nothing of one user's session goes into another's
    merged = dict(theirs)
    for names in _changed(loaded, ours, form):
        for name in names:
            value = _value(name, loaded, theirs, ours, mergers, form)
            if value is MISSING:
                merged.pop(name, None)
            else:
                merged[name] = value
    return merged


def _changed(loaded: Data, ours: Data, form: Form) -> Iterable[tuple[str, ...]]:
    """Yield the names of what this request has changed, together those that belong together."""
    names = [name for name in {**loaded, **ours} if _differ(name, loaded, ours, form)]
    if any(name in LOGIN for name in names):
        yield LOGIN
    for name in names:
        if name not in LOGIN:
            yield (name,)


def _differ(name: str, one: Data, other: Data, form: Form) -> bool:
    if name not in one or name not in other:
        return name in one or name in other
    return form(name, one[name]) != form(name, other[name])


def _value(
    name: str, loaded: Data, theirs: Data, ours: Data, mergers: Mapping[str, Merger], form: Form
) -> Any:
    own = ours.get(name, MISSING)
    merger = mergers.get(name)
    if merger is None or not _differ(name, loaded, theirs, form):
        return own
    try:
        return merger(loaded.get(name, MISSING), theirs.get(name, MISSING), own)
    except Exception as error:
        raise MergeError(name, type(error).__name__) from error


def _difference(values: list[Any], others: list[Any]) -> list[Any]:
    """Return *values* without *others*, each of which takes one away."""
    left = Counter(map(_identity, others))
    kept = []
    for value in values:
        identity = _identity(value)
        if left[identity] > 0:
            left[identity] -= 1
        else:
            kept.append(value)
    return kept


def _once(values: list[Any]) -> list[Any]:
    return list({_identity(value): value for value in reversed(values)}.values())[::-1]


def _identity(value: Any) -> str:
    # A tuple comes back as a list, and 1 is not True.
    try:
        return json.dumps(value, sort_keys=True, default=repr, skipkeys=True)
    except TypeError:  # names of more than one type have no order before they are texts
        as_stored = json.loads(json.dumps(value, default=repr, skipkeys=True))
        return json.dumps(as_stored, sort_keys=True)
