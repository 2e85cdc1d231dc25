"""Whether the app's keys signed the rows, and if not, what has most likely happened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from .finding import Finding, at, count, rows
from .statistics import Census

_COMPARE = "Compare the fingerprints of the keys in all programs that write here."
_UNLESS_KNOWN = ", unless somebody else may know it"
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
        f"{count(unverified, 'row was', 'rows were')} signed with another key, none with one of"
        " this app's: most likely SECRET_KEY differs from Django's.",
        "Compare it with Django's ('--django-settings' does it), and set SECRET_KEY to the Django"
        " project's where it differs. (A SESSION_ENGINE whose class is not named 'SessionStore'"
        " signs differently, too.)",
    )


def _some_unverified(census: Census) -> Iterator[Finding]:
    if signed := census.unverified["signed"]:
        yield _rotated(census, signed)
    if legacy := census.unverified["legacy"]:
        yield Finding(
            "wrong",
            f"{rows(legacy)} of the old form {'was' if legacy == 1 else 'were'} signed with none"
            " of the keys: most likely a key was rotated away since.",
            _OLD_KEY,
        )


def _rotated(census: Census, signed: int) -> Finding:
    """Tell by the times of signing which way a key was changed."""
    text = f"{count(signed, 'row was', 'rows were')} signed with none of the keys"
    unread, read, current = census.by_none.last, census.by_any.last, census.by_current.first
    if unread is None or read is None or unread > read:
        return Finding(
            "wrong",
            f"{text}, the newest after all that can be read: most likely Django signs with a new"
            " SECRET_KEY.",
            f"{_COMPARE} Where Django's is another, set SECRET_KEY to that, and add this app's to"
            f" SECRET_KEY_FALLBACKS{_UNLESS_KNOWN}.",
        )
    if current is not None and unread > current + _CHANGEOVER:
        return Finding(
            "wrong",
            f"{text}, the last at {at(unread)}, when SECRET_KEY was in use already: either a key"
            " was rotated away at that time, or another program writes with a key of its own.",
            f"{_COMPARE} Give every program Django's SECRET_KEY; an old one may be added to"
            f" SECRET_KEY_FALLBACKS{_UNLESS_KNOWN}.",
        )
    return Finding(
        "wrong",
        f"{text}, the last at {at(unread)}, before the newest that can be read: most likely a"
        " key was rotated away then, or the newer rows are this app's own, and its SECRET_KEY is"
        " not Django's.",
        f"{_COMPARE} {_OLD_KEY}",
    )
