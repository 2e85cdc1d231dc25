"""What is told of a user's session: to this package's own pages, and to apps."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from ..presentation.read_rows import ReadRow


class Found(NamedTuple):
    """A row in which a user is logged in, and what is known of the login."""

    row: ReadRow
    #: when the login was (aware), or else a time at which it was over; None where neither is known
    created: datetime | None = None
    #: whether it is the former
    is_login_seen: bool = False
    address: str | None = None
    user_agent: str | None = None


@dataclass(frozen=True)
class UserSession:
    """One session of a user, as ``auth.sessions_of`` tells of it; dates are aware, in UTC.

    Its key is not shown where the object is: whoever has a key has the session.
    """

    #: names it in a form or a URL, for ``auth.end_session``; it says nothing of the key
    reference: str
    #: whether it is the session of the present request
    is_current: bool
    #: when the user logged in, or else a time by which that had happened; None if unknown
    created: datetime | None
    #: whether :attr:`created` is the time of the login itself
    is_created_known: bool
    #: when something in it was saved for the last time; None if unknown
    last_seen: datetime | None
    #: when it ends unless it is saved again
    expire_date: datetime | None
    #: where the login came from, as SESSION_CLIENT_ADDRESS says; None if it was not recorded
    address: str | None
    #: the browser of the login, as SESSION_CLIENT_AGENT says; None if it was not recorded
    user_agent: str | None
    #: the key of the row
    session_key: str = field(repr=False)
