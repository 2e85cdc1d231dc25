"""What stands in the index, column by column."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

COLUMNS = ("session_key", "user_id", "created", "is_login_seen", "address", "user_agent")


class Entry(NamedTuple):
    """What the index says of a session."""

    session_key: str
    #: as it is written here; None where nobody is logged in
    user_id: str | None
    #: when the login was (aware), or else a time at which it was over
    created: datetime
    #: whether it is the former
    is_login_seen: bool = False
    address: str | None = None
    user_agent: str | None = None
