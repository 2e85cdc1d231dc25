"""What the sites do with a session, written once for all contenders."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

#: each kind of request, and the path that it asks for
KINDS = {"returning": "count", "new": "begin", "read": "read", "untouched": "untouched"}

Session = MutableMapping[str, Any]


class Views:
    """The views, over any session.

    :param filling: what a new session gets besides its counter, if anything.
    """

    def __init__(self, filling: list[dict[str, Any]]) -> None:
        self._filling = filling

    def begin(self, session: Session) -> str:
        """Begin a session, as at a first visit."""
        if self._filling:
            session["basket"] = self._filling
        session["n"] = 1
        return "1"

    def count(self, session: Session) -> str:
        """Count the visit."""
        session["n"] = session.get("n", 0) + 1
        return str(session["n"])

    def read(self, session: Session) -> str:
        """Only look at the count."""
        return str(session.get("n", 0))

    def untouched(self) -> str:
        """Do nothing with the session."""
        return "untouched"

    def logout(self, session: Any) -> str:
        """End the session."""
        session.flush()
        return "logged out"
