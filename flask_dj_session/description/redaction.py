"""Taking the secrets out of what a site has said: what stays may lie in a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

#: stands in the place of a secret
SECRET = {"$secret": True}

#: stands for a password inside a URL
HIDDEN_IN_URL = ":***@"

#: settings whose values are secret
_SETTINGS = ("SECRET_KEY", "SECRET_KEY_FALLBACKS")
#: parts of the site in which connections are made, with what they need to get in
_PARTS = ("connections", "caches")

_NAME = re.compile(
    r"pass(?!file)|pwd|secret|token|credential|signature|api_?key|access_?key", re.IGNORECASE
)
# Of a URL, be it without a user, and of libpq's words.
_IN_TEXT = (
    (re.compile(r"(://[^/\s:@]*:)[^\s]*@"), r"\1***@"),
    (re.compile(r"((?:password|passwd|pwd|secret|token)\s*=\s*)[^\s&;]+", re.IGNORECASE), r"\1***"),
)


def without_secrets(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return *facts* with :data:`SECRET` in the place of each secret that is set.

    Secret are the keys, what is called so in a connection to a database or a cache, and passwords
    inside texts there. What is empty stays, so that nobody asks for a password where none is.
    """
    told = dict(facts)
    told["settings"] = {
        name: _hidden(value) if name in _SETTINGS else value
        for name, value in facts["settings"].items()
    }
    for part in _PARTS:
        # By their aliases, which are nobody's secret, whatever they are called.
        told[part] = {alias: _cleansed(one) for alias, one in (facts[part] or {}).items()}
    return told


def _hidden(value: Any) -> Any:
    if isinstance(value, list):
        return [_hidden(one) for one in value]
    return SECRET if value else value


def _cleansed(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        if value and _NAME.search(name):
            return SECRET
        return {key: _cleansed(one, str(key)) for key, one in value.items()}
    if isinstance(value, list):
        return [_cleansed(one, name) for one in value]
    if _NAME.search(name) and value and not isinstance(value, bool):
        return SECRET
    if isinstance(value, str):
        for pattern, replacement in _IN_TEXT:
            value = pattern.sub(replacement, value)
    return value
