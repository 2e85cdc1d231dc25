"""The check of each setting, with a message that names it, says what is wrong and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from http.cookies import CookieError, Morsel
from typing import Any

from ..errors import SettingError
from .defaults import BACKENDS
from .serializers import serializer_class
from .zones import time_zone

#: seconds; Django counts them from now on, and no date is later than the year 9999
LONGEST_AGE = 250_000_000_000


def _check_secret_key(name: str, value: Any) -> None:
    if not value:
        raise SettingError(name, "is not set", "Set it to the Django project's SECRET_KEY.")
    if not isinstance(value, (str, bytes)):
        raise SettingError(
            name, "is neither a string nor bytes", "Give it as a string or as bytes."
        )


def _check_fallbacks(name: str, value: Any) -> None:
    if not isinstance(value, (list, tuple)):
        raise SettingError(name, "is not a list", "Give the old keys as a list, newest first.")


def check_cookie_name(name: str, value: Any) -> None:
    """Refuse a value that cannot be the name of a cookie."""
    problem, hint = (
        f"is {value!r}, which cannot be the name of a cookie",
        "Use letters, digits, '-' and '_'.",
    )
    if not isinstance(value, str):
        raise SettingError(name, problem, hint)
    try:
        morsel: Morsel[str] = Morsel()
        morsel.set(value, "", "")  # which knows of names that mean something in a cookie
    except CookieError as error:
        raise SettingError(name, problem, hint) from error


def check_cookie_age(name: str, value: Any) -> None:
    """Refuse a value that is not a number of seconds, or that leads beyond the year 9999."""
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or not 0 <= value <= LONGEST_AGE
    ):
        raise SettingError(
            name,
            f"is {value!r}, not a number of seconds",
            f"Give seconds as a number, from 0 to {LONGEST_AGE:,}.",
        )


def check_domain(name: str, value: Any) -> None:
    """Refuse a value that is not the name of a host; spaces around it do no harm."""
    _check_attribute(name, value)
    if value is not None and re.search(r"[\s,]", value.strip(" ")):
        raise SettingError(
            name,
            f"is {value!r}, which is not the name of a host",
            "Give the name of a host, or None.",
        )


def check_path(name: str, value: Any) -> None:
    """Refuse a value that a cookie cannot contain."""
    _check_attribute(name, value)


def _check_attribute(name: str, value: Any) -> None:
    if value is not None and (
        not isinstance(value, str)
        or re.search(r"[;\x00-\x1f\x7f]", value)
        or max(value, default="") > "\xff"  # headers are latin-1
    ):
        raise SettingError(
            name,
            f"is {value!r}, which a cookie cannot contain",
            "Give text without ';' and control characters, or None.",
        )


def check_flag(name: str, value: Any) -> None:
    """Refuse a text that means no, which Django would take as true."""
    if not isinstance(value, bool):
        raise SettingError(
            name, f"is {value!r}, a text that Django would take as true", "Give True or False."
        )


def check_samesite(name: str, value: Any) -> None:
    """Refuse a value that the attribute cannot have."""
    known = isinstance(value, str) and value.lower() in ("lax", "strict", "none")
    if not known and value is not False:
        raise SettingError(
            name, f"is {value!r}", "Give 'Lax', 'Strict', 'None', or False for no attribute."
        )


def _check_serializer(name: str, value: Any) -> None:
    hint = (
        "Give Django's JSONSerializer or PickleSerializer by its dotted name, or a class with"
        " 'dumps' and 'loads'."
    )
    try:
        serializer = serializer_class(value)()
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise SettingError(name, f"is {value!r}, which is not a serializer", hint) from error
    if not all(callable(getattr(serializer, way, None)) for way in ("dumps", "loads")):
        raise SettingError(
            name, f"is {value!r}, whose objects do not have both 'dumps' and 'loads'", hint
        )


def refuse_other_storage(name: str, value: Any, *, has_cache: bool = True) -> None:
    """Raise if *value* is one of Django's engines whose sessions no other program reaches.

    :param has_cache: whether CACHES says where the cache of the engine ``cache`` is.
    """
    if value == BACKENDS + "cache" and not has_cache:
        raise SettingError(
            name,
            f"is {value!r}, which does not keep sessions in the database, and 'CACHES' is not set",
            "Set 'CACHES' to the site's: a cache that both reach, such as Redis.",
        )
    if value in (BACKENDS + "file", BACKENDS + "signed_cookies"):
        raise SettingError(
            name,
            f"is {value!r}, which does not keep sessions in the database",
            f"Django and Flask share sessions only if it is '{BACKENDS}db',"
            f" '{BACKENDS}cached_db' or '{BACKENDS}cache'. If the Django project changes to one of"
            " these, all of its visitors get new sessions.",
        )


def _check_engine(name: str, value: Any) -> None:
    refuse_other_storage(name, value)
    if not isinstance(value, str):
        raise SettingError(name, f"is {value!r}", "Give the dotted name of Django's backend.")


def _check_time_zone(name: str, value: Any) -> None:
    try:
        time_zone(value)
    except (ValueError, TypeError, OSError, KeyError) as error:
        raise SettingError(
            name,
            f"is {value!r}, which is not a time zone that this system knows",
            "Give a name such as 'Europe/Prague', or None for the machine's time zone. If the"
            " system has no time zones, install 'tzdata'.",
        ) from error


def _check_algorithm(name: str, value: Any) -> None:
    if value not in ("sha256", "sha1"):
        raise SettingError(
            name, f"is {value!r}", "Give 'sha256', or 'sha1' for the format of Django before 3.1."
        )


#: by the setting's name, in the order in which they are made
CHECKS: dict[str, Callable[[str, Any], None]] = {
    "SECRET_KEY": _check_secret_key,
    "SECRET_KEY_FALLBACKS": _check_fallbacks,
    "SESSION_COOKIE_NAME": check_cookie_name,
    "SESSION_COOKIE_AGE": check_cookie_age,
    "SESSION_COOKIE_DOMAIN": check_domain,
    "SESSION_COOKIE_PATH": check_path,
    "SESSION_COOKIE_SECURE": check_flag,
    "SESSION_COOKIE_HTTPONLY": check_flag,
    "SESSION_COOKIE_SAMESITE": check_samesite,
    "SESSION_COOKIE_PARTITIONED": check_flag,
    "SESSION_EXPIRE_AT_BROWSER_CLOSE": check_flag,
    "SESSION_SAVE_EVERY_REQUEST": check_flag,
    "SESSION_SERIALIZER": _check_serializer,
    "SESSION_ENGINE": _check_engine,
    "USE_TZ": check_flag,
    "TIME_ZONE": _check_time_zone,
    "DEFAULT_HASHING_ALGORITHM": _check_algorithm,
}
