"""The session cookies that the browser has sent: mostly one, sometimes several of one name."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from ..pages.sent_key import cookie_header
from ..store import StoredRow
from ..wire.cookies import read_cookies
from ..wire.keys import is_storable_key
from .current import site

#: how many of several cookies are looked up
LIMIT = 5


class Sent(NamedTuple):
    """A cookie of the session's name."""

    value: str
    #: whether a row could have it as its key
    is_key: bool
    row: StoredRow | None

    def names(self, now: datetime) -> str:
        """Say what it stands for."""
        if not self.is_key:
            return "nothing: it cannot be a key"
        if self.row is None:
            return "no row"
        return "an expired row" if self.row.has_expired(now) else "a live row"


class Cookies(NamedTuple):
    """All of one request; the last one counts, in Django as well."""

    number: int
    #: the last of them, in the order of the header
    shown: list[Sent]

    @property
    def valid(self) -> Sent | None:
        """The one that counts."""
        return self.shown[-1] if self.shown else None


def sent_cookies() -> Cookies:
    """Look at the cookies of the request, and at the rows that they name."""
    values = read_cookies(cookie_header(), site().settings.cookie_name)
    return Cookies(len(values), [_sent(value) for value in values[-LIMIT:]])


def _sent(value: str) -> Sent:
    store = site().store
    is_key = is_storable_key(value, store.max_key_length)
    return Sent(value, is_key, store.row(value) if is_key else None)
