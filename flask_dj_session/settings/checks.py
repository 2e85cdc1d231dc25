"""What is refused of each setting, with a message that names it, the problem and the mend."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from ..errors import SettingError
from .defaults import BACKENDS
from .serializers import serializer_class

_COOKIE_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


def _check_secret_key(name: str, value: Any) -> None:
    if not value:
        raise SettingError(name, "is not set", "Set it to the Django project's SECRET_KEY.")
    if not isinstance(value, (str, bytes)):
        raise SettingError(name, "is neither a string nor bytes", "Give it as one of these.")


def _check_fallbacks(name: str, value: Any) -> None:
    if not isinstance(value, (list, tuple)):
        raise SettingError(name, "is not a list", "Give the old keys as a list, newest first.")
    if not all(isinstance(key, (str, bytes)) and key for key in value):
        raise SettingError(name, "holds something that is no key", "Keys are strings or bytes.")


def check_cookie_name(name: str, value: Any) -> None:
    """Refuse what no cookie can be called."""
    if not isinstance(value, str) or not _COOKIE_NAME.fullmatch(value):
        raise SettingError(
            name, f"is {value!r}, not a cookie's name", "Use letters, digits, '-' and '_'."
        )


def check_cookie_age(name: str, value: Any) -> None:
    """Refuse what is no number of seconds."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise SettingError(
            name, f"is {value!r}, not a number of seconds", "Give seconds as an int, 0 or more."
        )


def check_optional_text(name: str, value: Any) -> None:
    """Refuse what no cookie can carry."""
    if value is not None and (
        not isinstance(value, str) or re.search(r"[;,\s\x00-\x1f\x7f]", value)
    ):
        raise SettingError(
            name,
            f"is {value!r}, which no cookie can carry",
            "Give text without spaces, ';' and ',', or None.",
        )


def check_flag(name: str, value: Any) -> None:
    """Refuse what is neither True nor False."""
    if not isinstance(value, bool):
        raise SettingError(name, f"is {value!r}", "Give True or False.")


def check_samesite(name: str, value: Any) -> None:
    """Refuse what is none of the attribute's values."""
    known = isinstance(value, str) and value.lower() in ("lax", "strict", "none")
    if not known and value is not False:
        raise SettingError(
            name, f"is {value!r}", "Give 'Lax', 'Strict', 'None', or False for no attribute."
        )


def _check_serializer(name: str, value: Any) -> None:
    mend = (
        "Give Django's JSONSerializer or PickleSerializer by its dotted name, or a class with"
        " 'dumps' and 'loads'."
    )
    try:
        kind = serializer_class(value)
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise SettingError(name, f"is {value!r}, which is not a serializer", mend) from error
    if not callable(getattr(kind, "dumps", None)) or not callable(getattr(kind, "loads", None)):
        raise SettingError(name, f"is {value!r}, which cannot do both ways", mend)


def refuse_other_storage(name: str, value: Any) -> None:
    """Raise where *value* is an engine of Django's that does not use the table."""
    if value in (BACKENDS + "cache", BACKENDS + "file", BACKENDS + "signed_cookies"):
        raise SettingError(
            name,
            f"is {value!r}, which keeps no sessions in the database",
            f"Sessions are shared where it is '{BACKENDS}db' or '{BACKENDS}cached_db'; a Django"
            " project that changes to one of these begins all its sessions anew.",
        )


def _check_engine(name: str, value: Any) -> None:
    refuse_other_storage(name, value)
    if value == BACKENDS + "cached_db":
        warnings.warn(
            f"'{name}' is 'cached_db': a session changed or ended here is seen by Django only"
            " when its cache entry expires.",
            stacklevel=5,
        )
    elif not isinstance(value, str):
        raise SettingError(name, f"is {value!r}", "Give the dotted name of Django's backend.")


def _check_time_zone(name: str, value: Any) -> None:
    try:
        ZoneInfo(value)
    except (ValueError, TypeError, OSError, KeyError) as error:
        raise SettingError(
            name,
            f"is {value!r}, which is not a time zone known here",
            "Give a name such as 'Europe/Prague'; where the system has no time zones,"
            " install 'tzdata'.",
        ) from error


def _check_algorithm(name: str, value: Any) -> None:
    if value not in ("sha256", "sha1"):
        raise SettingError(name, f"is {value!r}", "Give 'sha256', or 'sha1' for the old form.")


#: by the setting's name, in the order in which they are made
CHECKS: dict[str, Callable[[str, Any], None]] = {
    "SECRET_KEY": _check_secret_key,
    "SECRET_KEY_FALLBACKS": _check_fallbacks,
    "SESSION_COOKIE_NAME": check_cookie_name,
    "SESSION_COOKIE_AGE": check_cookie_age,
    "SESSION_COOKIE_DOMAIN": check_optional_text,
    "SESSION_COOKIE_PATH": check_optional_text,
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
