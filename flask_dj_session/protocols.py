"""What a session asks of the site that it belongs to: rows, settings, codec and clock.

So ``session`` needs neither a database nor an app; :class:`flask_dj_session.site.Site` is what
stands behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any, Protocol

from .merging import Merger
from .wire import SessionCodec


class WritableRows(Protocol):
    """The rows of sessions, as far as a save needs them that merges."""

    def reload(self, session_key: str, now: datetime) -> str | None:
        """Return the text that a row has now, whatever a cache says; None if it has expired."""

    def replace(
        self,
        session_key: str,
        as_loaded: str,
        session_data: str,
        expire_date: datetime,
        **columns: Any,
    ) -> bool:
        """Change a row if its text is still *as_loaded*, and return whether it was."""

    def delete(self, session_key: str, as_loaded: str | None = None) -> bool:
        """Remove a row, perhaps only if it still has a text; return whether there was one."""


class Rows(WritableRows, Protocol):
    """Where sessions are kept; :class:`flask_dj_session.store.Store` says more of each."""

    @property
    def max_key_length(self) -> int:
        """How many characters a key may have."""

    def load(self, session_key: str, now: datetime) -> str | None:
        """Return the text of a row that has not expired, else None."""

    def load_with_end(self, session_key: str, now: datetime) -> tuple[str | None, Any]:
        """Return the same, and when the row ends."""

    def touch(self, session_key: str, loaded: Any, expire_date: datetime) -> bool:
        """Move the end of a row that still ends as *loaded*, and return whether it was moved."""

    def exists(self, session_key: str) -> bool:
        """Return whether there is a row, expired or not."""

    def insert(
        self, session_key: str, session_data: str, expire_date: datetime, **columns: Any
    ) -> None:
        """Add a row, or raise CreateError."""

    def update(
        self, session_key: str, session_data: str, expire_date: datetime, **columns: Any
    ) -> None:
        """Change a row, or raise UpdateError."""


class SiteSettings(Protocol):
    """The settings that a session itself asks for."""

    @property
    def keys(self) -> tuple[str | bytes, ...]:
        """SECRET_KEY, then its fallbacks."""

    @property
    def cookie_age(self) -> float:
        """SESSION_COOKIE_AGE, in seconds."""

    @property
    def expire_at_browser_close(self) -> bool:
        """SESSION_EXPIRE_AT_BROWSER_CLOSE."""

    @property
    def touch_after(self) -> float | None:
        """SESSION_TOUCH_AFTER, in seconds; None where only a save moves the end of a row."""

    @property
    def time_zone(self) -> tzinfo:
        """TIME_ZONE."""

    @property
    def naive_zone(self) -> tzinfo | None:
        """TIME_ZONE where USE_TZ is false, else None."""


class SessionSite(Protocol):
    """All that a session asks of its site."""

    @property
    def sender(self) -> object:
        """Whom the signals of sessions come from: the app."""

    @property
    def store(self) -> Rows:
        """The rows of the site's table."""

    @property
    def settings(self) -> SiteSettings:
        """The site's settings."""

    @property
    def mergers(self) -> Mapping[str, Merger] | None:
        """What is done where two requests have changed an item; None where the later wins."""

    @property
    def watches_changes(self) -> bool:
        """Whether sessions remember how they were loaded, to find changes in place."""

    def keeps_as_it_is(self, session: object) -> bool:
        """Return whether nothing that *session* writes may reach the table."""

    def codec(self, salt: str) -> SessionCodec:
        """Return the codec of the site's keys."""

    def now(self) -> datetime:
        """Return the time, aware and in UTC."""
