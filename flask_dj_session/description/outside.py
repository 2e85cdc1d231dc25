"""What a file does not hold comes from the environment: keys and the password of the database."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from ..errors import SettingError
from .redaction import HIDDEN_IN_URL, SECRET

KEY = "DJANGO_SECRET_KEY"
#: a list in JSON, newest first
FALLBACKS = "DJANGO_SECRET_KEY_FALLBACKS"
PASSWORD = "DJANGO_DATABASE_PASSWORD"  # noqa: S105 - its name

#: of the cache that the sessions are in
CACHE_PASSWORD = "DJANGO_CACHE_PASSWORD"  # noqa: S105 - its name

_COPY = "Set it to what the site has."


def with_keys(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return *settings* with the keys that the environment holds.

    :raises SettingError: where it does not hold those that the site has.
    """
    found = {**settings, "SECRET_KEY": os.environ.get(KEY)}
    if not found["SECRET_KEY"]:
        raise SettingError(KEY, "is not set, and the description holds no key", _COPY)
    number = len(settings.get("SECRET_KEY_FALLBACKS") or ())
    if FALLBACKS in os.environ:
        found["SECRET_KEY_FALLBACKS"] = _fallbacks(os.environ[FALLBACKS])
    elif number:
        # Without them, those who have come before the key was changed would be nobody here.
        raise SettingError(
            FALLBACKS,
            f"is not set, and the site has older keys ({number})",
            f"{_COPY} It is a list in JSON: '[\"...\"]', or '[]' to read nothing that they signed.",
        )
    return found


def _fallbacks(text: str) -> list[str]:
    try:
        keys = json.loads(text)
    except ValueError:
        keys = None
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise SettingError(FALLBACKS, "is no list of texts in JSON", "Write it as '[\"...\"]'.")
    return keys


def with_password(alias: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an *entry* of DATABASES with the password that the environment holds.

    :raises SettingError: where it does not hold one that the site has, or where something else in
        the entry is a secret.
    """
    options = {
        name: _password(alias, name) if value == SECRET else value
        for name, value in (entry.get("OPTIONS") or {}).items()
    }
    found = {**entry, "OPTIONS": options}
    if entry.get("PASSWORD") == SECRET:
        found["PASSWORD"] = _password(alias, "PASSWORD")
    return found


def _password(alias: str, name: str) -> str:
    if name.lower() not in ("password", "passwd"):
        raise SettingError(
            "DATABASES",
            f"has under {alias!r} the secret option {name!r}, which no description holds",
            "Read the rest with 'using=None', and set 'SQLALCHEMY_DATABASE_URI' yourself.",
        )
    if PASSWORD not in os.environ:
        problem = f"is not set, and the description does not hold the password of {alias!r}"
        raise SettingError(PASSWORD, problem, _COPY)
    return os.environ[PASSWORD]


def with_cache_password(alias: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an *entry* of CACHES with the password that the environment holds.

    :raises SettingError: where it does not hold one that the site has.
    """
    found: dict[str, Any] = _with_secret(entry, lambda: _cache_password(alias))
    return found


def _with_secret(value: Any, password: Callable[[], str]) -> Any:
    if value == SECRET:
        return password()
    if isinstance(value, Mapping):
        return {name: _with_secret(one, password) for name, one in value.items()}
    if isinstance(value, list):
        return [_with_secret(one, password) for one in value]
    if isinstance(value, str) and HIDDEN_IN_URL in value:
        return value.replace(HIDDEN_IN_URL, f":{quote(password(), safe='')}@")
    return value


def _cache_password(alias: str) -> str:
    if CACHE_PASSWORD not in os.environ:
        problem = (
            f"is not set, and the description does not hold the password of the cache {alias!r}"
        )
        raise SettingError(CACHE_PASSWORD, problem, _COPY)
    return os.environ[CACHE_PASSWORD]
