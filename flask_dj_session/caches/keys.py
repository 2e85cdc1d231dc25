"""The name of a session's entry in a cache: prefix, version, store class and key of the session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

KeyFunction = Callable[[str, str, Any], str]


def djangos_own(key: str, key_prefix: str, version: Any) -> str:
    """Return the name as Django makes it where no KEY_FUNCTION is set.

    # Django 5.2, core/cache/backends/base.py: default_key_func
    """
    return f"{key_prefix}:{version}:{key}"


class Names(NamedTuple):
    """Makes the names of one site's entries.

    :param prefix: what the store class puts before a session's key.
    :param key_prefix: KEY_PREFIX.
    :param version: VERSION.
    """

    prefix: str
    key_prefix: str = ""
    version: Any = 1
    function: KeyFunction = djangos_own

    def of(self, session_key: str) -> str:
        """Return the name of a session's entry."""
        return self.function(self.prefix + session_key, self.key_prefix, self.version)

    @property
    def pattern(self) -> str | None:
        """What all names begin with; None where a KEY_FUNCTION of the site's own makes them."""
        if self.function is not djangos_own:
            return None
        return djangos_own(self.prefix, self.key_prefix, self.version)
