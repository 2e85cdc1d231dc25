"""Whether the app's keys signed the rows, and if not, what has most likely happened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from .finding import Finding, at, count, rows
from .statistics import Census

_COMPARE = "Compare the fingerprints of the keys in all programs that write to this table."
_UNLESS_KNOWN = ", unless someone else may know it"
_OLD_KEY = f"Add the old key to SECRET_KEY_FALLBACKS{_UNLESS_KNOWN}, or let these sessions expire."

#: how long two keys are both in use while a site changes from one to the other
_CHANGEOVER = timedelta(hours=1)


def key_findings(census: Census) -> Iterator[Finding]:
    """Tell which keys verified how many rows."""
    current = census.verified[0]
    if current:
        yield Finding("ok", f"{count(current, 'row was', 'rows were')} signed with SECRET_KEY.")
    for index in sorted(census.verified):
        if index:
            yield Finding(
                "note",
                f"{count(census.verified[index], 'row was', 'rows were')} signed with"
                f" SECRET_KEY_FALLBACKS[{index - 1}].",
            )
    unverified = census.unverified.total()
    if unverified and not census.verified:
        yield _another_key(unverified)
    elif unverified:
        yield from _some_unverified(census)


def _another_key(unverified: int) -> Finding:
    return Finding(
        "wrong",
        f"{count(unverified, 'row was', 'rows were')} signed with another key, and none with a key"
        " of this app: most likely SECRET_KEY differs from Django's.",
        "Compare it with Django's ('--django-settings' does that), and set SECRET_KEY to the Django"
        " project's if it differs. (A SESSION_ENGINE whose class is not named 'SessionStore'"
        " signs differently, too.)",
    )


def _some_unverified(census: Census) -> Iterator[Finding]:
    if signed := census.unverified["signed"]:
        yield _rotated(census, signed)
    if legacy := census.unverified["legacy"]:
        yield Finding(
            "wrong",
            f"{rows(legacy)} in the legacy format {'was' if legacy == 1 else 'were'} signed with"
            " none"
            " of the keys: most likely the key was changed since then.",
            _OLD_KEY,
        )


def _rotated(census: Census, signed: int) -> Finding:
    """Tell by the times of signing which way a key was changed."""
    text = f"{count(signed, 'row was', 'rows were')} signed with none of the keys"
    unread, read, current = census.by_none.last, census.by_any.last, census.by_current.first
    if unread is None or read is None or unread > read:
        return Finding(
            "wrong",
            f"{text}, and the newest of them is newer than all that can be read: most likely Django"
            " signs with a new"
            " SECRET_KEY.",
            f"{_COMPARE} If Django has another key, set SECRET_KEY to that, and add this app's key"
            f" to SECRET_KEY_FALLBACKS{_UNLESS_KNOWN}.",
        )
    if current is not None and unread > current + _CHANGEOVER:
        return Finding(
            "wrong",
            f"{text}, the last at {at(unread)}, when SECRET_KEY was already in use: either the key"
            " was changed at that time, or another program writes with its own key.",
            f"{_COMPARE} Give every program Django's SECRET_KEY. You may add an old key to"
            f" SECRET_KEY_FALLBACKS{_UNLESS_KNOWN}.",
        )
    return Finding(
        "wrong",
        f"{text}, the last at {at(unread)}, before the newest that can be read: most likely the key"
        " was changed then, or this app wrote the newer rows, and its SECRET_KEY is not Django's.",
        f"{_COMPARE} {_OLD_KEY}",
    )
