"""Django's settings over a mapping such as ``app.config``: names, defaults, and what is refused.

Every default is written once, in ``DEFAULTS``; :func:`prepare` puts them into the mapping where
it has none, or only Flask's. Reading is live after that: what is changed in the mapping counts
from the next request on. Only USE_TZ and TIME_ZONE are fixed once prepared.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, MutableMapping
from datetime import tzinfo
from importlib import import_module
from typing import Any
from zoneinfo import ZoneInfo

from .errors import SettingError
from .wire.codec import Algorithm
from .wire.cookies import CookieAttributes
from .wire.pickles import PickleSerializer
from .wire.serializers import JSONSerializer, Serializer

_BACKENDS = "django.contrib.sessions.backends."

#: Django's settings with Django's defaults (Django 5.2, conf/global_settings.py)
DEFAULTS: dict[str, Any] = {
    "SECRET_KEY": None,
    "SECRET_KEY_FALLBACKS": (),
    "SESSION_COOKIE_NAME": "sessionid",
    "SESSION_COOKIE_AGE": 60 * 60 * 24 * 7 * 2,
    "SESSION_COOKIE_DOMAIN": None,
    "SESSION_COOKIE_PATH": "/",
    "SESSION_COOKIE_SECURE": False,
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "SESSION_COOKIE_PARTITIONED": False,
    "SESSION_EXPIRE_AT_BROWSER_CLOSE": False,
    "SESSION_SAVE_EVERY_REQUEST": False,
    "SESSION_SERIALIZER": "django.contrib.sessions.serializers.JSONSerializer",
    "SESSION_ENGINE": _BACKENDS + "db",
    "USE_TZ": True,
    "TIME_ZONE": "America/Chicago",
    "DEFAULT_HASHING_ALGORITHM": "sha256",
}

#: what Flask itself puts under these names, which is nobody's choice
_FLASK_DEFAULTS: dict[str, Any] = {
    "SECRET_KEY_FALLBACKS": None,
    "SESSION_COOKIE_NAME": "session",
    "SESSION_COOKIE_PATH": None,
    "SESSION_COOKIE_SAMESITE": None,
}

_SERIALIZERS: dict[str, type[Serializer]] = {
    "json": JSONSerializer,
    "pickle": PickleSerializer,
    "django.contrib.sessions.serializers.JSONSerializer": JSONSerializer,
    "django.core.signing.JSONSerializer": JSONSerializer,
    "django.contrib.sessions.serializers.PickleSerializer": PickleSerializer,
}

_COOKIE_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


def prepare(config: MutableMapping[str, Any], given: Mapping[str, Any]) -> Settings:
    """Fill *config* with what is *given*, then with Django's defaults, and check all of it.

    :param given: settings by Django's names in either case; they beat what *config* has.
    :raises TypeError: for a name that is no setting.
    :raises SettingError: naming the first setting that cannot be used.
    """
    for name, value in given.items():
        if name.upper() not in DEFAULTS:
            raise TypeError(f"'{name}' is not a setting. Known are: {', '.join(DEFAULTS)}.")
        config[name.upper()] = value
    chosen = {name.upper() for name in given}
    for name, default in DEFAULTS.items():
        if name not in config or (name not in chosen and _is_flasks_own(name, config[name])):
            config[name] = default
    for name, check in _CHECKS.items():
        check(name, config[name])
    return Settings(config)


def _is_flasks_own(name: str, value: Any) -> bool:
    return name in _FLASK_DEFAULTS and bool(value == _FLASK_DEFAULTS[name])


class Settings:
    """Django's settings, read from a prepared mapping each time they are asked for."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config
        self.use_tz: bool = config["USE_TZ"]
        self.time_zone: tzinfo = ZoneInfo(config["TIME_ZONE"])

    @property
    def naive_zone(self) -> tzinfo | None:
        """The zone of the site's wall clock where USE_TZ is false, else None."""
        return None if self.use_tz else self.time_zone

    @property
    def keys(self) -> tuple[str | bytes, ...]:
        """SECRET_KEY, then its fallbacks."""
        return (self._config["SECRET_KEY"], *(self._config["SECRET_KEY_FALLBACKS"] or ()))

    @property
    def cookie_name(self) -> str:
        """SESSION_COOKIE_NAME."""
        return self._config["SESSION_COOKIE_NAME"]  # type: ignore[no-any-return]

    @property
    def cookie_age(self) -> int:
        """SESSION_COOKIE_AGE, in seconds."""
        return self._config["SESSION_COOKIE_AGE"]  # type: ignore[no-any-return]

    @property
    def cookie(self) -> CookieAttributes:
        """The attributes of the session cookie."""
        config = self._config
        return CookieAttributes(
            config["SESSION_COOKIE_NAME"],
            config["SESSION_COOKIE_DOMAIN"],
            config["SESSION_COOKIE_PATH"],
            config["SESSION_COOKIE_SECURE"],
            config["SESSION_COOKIE_HTTPONLY"],
            config["SESSION_COOKIE_SAMESITE"] or None,
            config["SESSION_COOKIE_PARTITIONED"],
        )

    @property
    def expire_at_browser_close(self) -> bool:
        """SESSION_EXPIRE_AT_BROWSER_CLOSE."""
        return self._config["SESSION_EXPIRE_AT_BROWSER_CLOSE"]  # type: ignore[no-any-return]

    @property
    def save_every_request(self) -> bool:
        """SESSION_SAVE_EVERY_REQUEST."""
        return self._config["SESSION_SAVE_EVERY_REQUEST"]  # type: ignore[no-any-return]

    @property
    def algorithm(self) -> Algorithm:
        """DEFAULT_HASHING_ALGORITHM."""
        return self._config["DEFAULT_HASHING_ALGORITHM"]  # type: ignore[no-any-return]

    @property
    def serializer_setting(self) -> Any:
        """SESSION_SERIALIZER as it was given: a name or a class."""
        return self._config["SESSION_SERIALIZER"]

    def make_serializer(self) -> Serializer:
        """Make the serializer that SESSION_SERIALIZER names."""
        kind = _serializer_class(self.serializer_setting)
        if issubclass(kind, PickleSerializer) and self.algorithm == "sha1":
            # A site that still reads the old form may run on Python 2.
            return kind(protocol=2)
        return kind()


def _serializer_class(value: Any) -> type[Serializer]:
    if isinstance(value, str) and value in _SERIALIZERS:
        return _SERIALIZERS[value]
    if isinstance(value, str):
        module, _, name = value.rpartition(".")
        value = getattr(import_module(module), name)
    if not isinstance(value, type):
        raise TypeError("not a class")
    return value


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


def _check_cookie_name(name: str, value: Any) -> None:
    if not isinstance(value, str) or not _COOKIE_NAME.fullmatch(value):
        raise SettingError(
            name, f"is {value!r}, not a cookie's name", "Use letters, digits, '-' and '_'."
        )


def _check_cookie_age(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise SettingError(
            name, f"is {value!r}, not a number of seconds", "Give seconds as an int, 0 or more."
        )


def _check_optional_text(name: str, value: Any) -> None:
    if value is not None and (
        not isinstance(value, str) or re.search(r"[;,\s\x00-\x1f\x7f]", value)
    ):
        raise SettingError(
            name,
            f"is {value!r}, which no cookie can carry",
            "Give text without spaces, ';' and ',', or None.",
        )


def _check_flag(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise SettingError(name, f"is {value!r}", "Give True or False.")


def _check_samesite(name: str, value: Any) -> None:
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
        kind = _serializer_class(value)
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise SettingError(name, f"is {value!r}, which is not a serializer", mend) from error
    if not callable(getattr(kind, "dumps", None)) or not callable(getattr(kind, "loads", None)):
        raise SettingError(name, f"is {value!r}, which cannot do both ways", mend)


def _check_engine(name: str, value: Any) -> None:
    if value in (_BACKENDS + "cache", _BACKENDS + "file", _BACKENDS + "signed_cookies"):
        raise SettingError(
            name,
            f"is {value!r}, which keeps no sessions in the database",
            f"Change the Django project to '{_BACKENDS}db' or '{_BACKENDS}cached_db'.",
        )
    if value == _BACKENDS + "cached_db":
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


_CHECKS: dict[str, Callable[[str, Any], None]] = {
    "SECRET_KEY": _check_secret_key,
    "SECRET_KEY_FALLBACKS": _check_fallbacks,
    "SESSION_COOKIE_NAME": _check_cookie_name,
    "SESSION_COOKIE_AGE": _check_cookie_age,
    "SESSION_COOKIE_DOMAIN": _check_optional_text,
    "SESSION_COOKIE_PATH": _check_optional_text,
    "SESSION_COOKIE_SECURE": _check_flag,
    "SESSION_COOKIE_HTTPONLY": _check_flag,
    "SESSION_COOKIE_SAMESITE": _check_samesite,
    "SESSION_COOKIE_PARTITIONED": _check_flag,
    "SESSION_EXPIRE_AT_BROWSER_CLOSE": _check_flag,
    "SESSION_SAVE_EVERY_REQUEST": _check_flag,
    "SESSION_SERIALIZER": _check_serializer,
    "SESSION_ENGINE": _check_engine,
    "USE_TZ": _check_flag,
    "TIME_ZONE": _check_time_zone,
    "DEFAULT_HASHING_ALGORITHM": _check_algorithm,
}
