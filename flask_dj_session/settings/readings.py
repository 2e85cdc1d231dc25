"""What a value of a setting is to Django, where Python has several ways to say it; no checks.

Django asks of most values only whether they are true, or what they are as text. So ``USE_TZ = 1``
and ``SESSION_COOKIE_SAMESITE = ""`` work there, and lazy texts do nearly everywhere.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

#: texts that say no, and that Django takes for a yes
_NOES = frozenset({"false", "no", "off", "0", "f", "n", "none", "null"})


def plain(value: Any) -> Any:
    """Return the text that a lazy one of Django's stands for; anything else as it is.

    :raises Exception: whatever evaluating it raises, as where it takes Django's settings.
    """
    functional = sys.modules.get("django.utils.functional")  # without it, nothing is lazy
    if functional is not None and isinstance(value, functional.Promise):
        return str(value)
    kinds: tuple[Any, ...] = (str, bytes)
    pretended = [kind for kind in kinds if isinstance(value, kind)]
    if pretended and not issubclass(type(value), kinds):
        return pretended[0](value)
    return value


def is_set(value: Any) -> bool:
    """Return whether *value* is more than None or an empty text; what is lazy stays so."""
    return value is not None and not (issubclass(type(value), str) and not value)


def _key(value: Any) -> Any:
    # Django 5.2, utils/encoding.py: force_bytes
    if not value or isinstance(value, (str, bytes)):
        return value
    return bytes(value) if isinstance(value, memoryview) else str(value)


def _keys(value: Any) -> Any:
    if not isinstance(value, (list, tuple)):
        return value
    # Unlike Django: an entry that is empty, as of a variable that is not set, is not a key. It
    # would be one that everybody knows.
    return tuple(_key(plain(one)) for one in value if plain(one))


def _samesite(value: Any) -> Any:
    return value or False


def _number(value: Any) -> Any:
    is_whole = isinstance(value, float) and value.is_integer()
    return int(value) if is_whole or isinstance(value, bool) else value


def _span(value: Any) -> Any:
    return _number(value.total_seconds() if isinstance(value, timedelta) else value)


def _names(value: Any) -> Any:
    if isinstance(value, (str, bytes, list, tuple)) or not isinstance(value, Iterable):
        return value
    return tuple(value)


_FLAGS = (
    "SESSION_COOKIE_SECURE",
    "SESSION_COOKIE_HTTPONLY",
    "SESSION_COOKIE_PARTITIONED",
    "SESSION_EXPIRE_AT_BROWSER_CLOSE",
    "SESSION_SAVE_EVERY_REQUEST",
    "SESSION_CACHE_VERIFY",
    "SESSION_CYCLE_AT_RELOGIN",
    "SESSION_NO_STORE",
    "USE_TZ",
    "CSRF_COOKIE_SECURE",
    "CSRF_COOKIE_HTTPONLY",
    "CSRF_USE_SESSIONS",
    "SESSION_INDEX",
    "SESSION_RECORD_CLIENT",
)

_AGES = (
    "SESSION_COOKIE_AGE",
    "CSRF_COOKIE_AGE",
    "SESSION_ABSOLUTE_AGE",
    "SESSION_SUDO_AGE",
    "SESSION_TOUCH_AFTER",
)

_READINGS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(_FLAGS, bool),
    "SECRET_KEY": _key,
    "SECRET_KEY_FALLBACKS": _keys,
    "SESSION_COOKIE_AGE": _number,
    "CSRF_COOKIE_AGE": _span,
    "SESSION_ABSOLUTE_AGE": _span,
    "SESSION_SUDO_AGE": _span,
    "SESSION_TOUCH_AFTER": _span,
    "SESSION_COOKIE_SAMESITE": _samesite,
    "CSRF_COOKIE_SAMESITE": _samesite,
    "AUTHENTICATION_BACKENDS": _names,
    "PASSWORD_HASHERS": _names,
}

#: what is evaluated only where it is needed, since it may take a Django that is set up
_LATE = frozenset({"LOGIN_URL"})


def as_django_reads(name: str, value: Any) -> Any:
    """Return what *value* is to Django, which has it in its own settings."""
    if name in _LATE:
        return value
    return _READINGS.get(name, lambda same: same)(plain(value))


def as_given(name: str, value: Any) -> Any:
    """Return the same of what somebody gives to a Flask app, but where it may be a mistake.

    There, a text that says no is not taken for a yes, and of keys only those that are no text by
    their digits are made into text: what Flask reads from the environment is JSON.
    """
    if name in _LATE:
        return value
    value = plain(value)
    if name in _FLAGS and isinstance(value, str) and value.strip().lower() in _NOES:
        return value
    if isinstance(value, bool) and name in _AGES:
        return value
    if name == "SECRET_KEY" and (isinstance(value, bool) or not isinstance(value, int)):
        return value
    return as_django_reads(name, value)
