"""Django's settings over a mapping such as ``app.config``.

:func:`prepare` puts the defaults into the mapping where it has none, or only Flask's. Reading is
live after that: what is changed in the mapping counts from the next request on. Only USE_TZ and
TIME_ZONE are fixed once prepared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from datetime import tzinfo
from typing import Any

from ..errors import SettingError
from ..wire.codec import Algorithm
from ..wire.cookies import CookieAttributes
from ..wire.pickles import PickleSerializer
from ..wire.serializers import Serializer
from .caches import CACHE, CacheEntry, check_cache_alone, is_given, session_cache, warn_of_cache
from .checks import CHECKS, refuse_other_storage
from .cookies import check_cookie, warn_of_partitioned
from .defaults import DEFAULTS, FLASK_DEFAULTS, OWN_DEFAULTS
from .origin import names_from_django
from .own import OWN_CHECKS, OwnSettings, check_touching
from .readings import as_given
from .serializers import serializer_class
from .zones import time_zone


def prepare(config: MutableMapping[str, Any], given: Mapping[str, Any]) -> Settings:
    """Fill *config* with what is *given*, then with Django's defaults, and check all of it.

    :param given: settings by Django's names in either case; they beat what *config* has.
    :raises TypeError: for a name that is no setting.
    :raises SettingError: naming the first setting that cannot be used.
    """
    fill(config, given, {**DEFAULTS, **OWN_DEFAULTS}, {**CHECKS, **OWN_CHECKS})
    has_cache = is_given(config["CACHES"])
    refuse_other_storage("SESSION_ENGINE", config["SESSION_ENGINE"], has_cache=has_cache)
    settings = Settings(config)
    check_touching(config)
    check_cache_alone(config)
    warn_of_cache(config)
    check_cookie("SESSION_COOKIE", settings.cookie)
    warn_of_partitioned(config)
    return settings


def fill(
    config: MutableMapping[str, Any],
    given: Mapping[str, Any],
    defaults: Mapping[str, Any],
    checks: Mapping[str, Callable[[str, Any], None]],
) -> None:
    """Do for any table of settings what :func:`prepare` does for those of the sessions."""
    for name, value in given.items():
        if name.upper() not in defaults:
            raise TypeError(f"'{name}' is not a setting. The settings are: {', '.join(defaults)}.")
        config[name.upper()] = value
    chosen = {name.upper() for name in given} | names_from_django(config)
    for name, default in defaults.items():
        if name not in config or (name not in chosen and _is_flasks_own(name, config[name])):
            config[name] = default
    for name in defaults:
        config[name] = _read(name, config[name])
    for name, check in checks.items():
        check(name, config[name])


def _read(name: str, value: Any) -> Any:
    try:
        return as_given(name, value)
    except Exception as error:  # of a lazy text, which may take anything
        raise SettingError(
            name,
            f"is lazy, and evaluating it fails with {type(error).__name__}",
            "Set it to the plain value after the project's settings are read.",
        ) from error


def _checked(name: str, value: Any) -> Any:
    found = _read(name, value)
    CHECKS[name](name, found)
    return found


def _is_flasks_own(name: str, value: Any) -> bool:
    if name not in FLASK_DEFAULTS:
        return False
    default = FLASK_DEFAULTS[name]
    return type(value) is type(default) and bool(value == default)  # what is lazy stays so


class Settings(OwnSettings):
    """Django's settings and our own, read from a prepared mapping each time they are asked for."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(config)
        self.use_tz: bool = config["USE_TZ"]
        self.time_zone: tzinfo = time_zone(config["TIME_ZONE"])
        #: the zone of the site's wall clock where USE_TZ is false, else None
        self.naive_zone: tzinfo | None = None if self.use_tz else self.time_zone
        #: the cache of the sessions, as CACHES has it; None where there is none
        self.cache: CacheEntry | None = session_cache(config)

    @property
    def is_cache_alone(self) -> bool:
        """Whether the engine is Django's ``cache``, which has no table."""
        return bool(self._config["SESSION_ENGINE"] == CACHE)

    @property
    def keys(self) -> tuple[str | bytes, ...]:
        """SECRET_KEY, then its fallbacks.

        :raises SettingError: for what cannot be used, since both may have been changed.
        """
        # With an empty key anybody could sign, and a text is a list of keys of one letter.
        key = _checked("SECRET_KEY", self._config["SECRET_KEY"])
        return (key, *_checked("SECRET_KEY_FALLBACKS", self._config["SECRET_KEY_FALLBACKS"] or ()))

    @property
    def cookie_name(self) -> str:
        """SESSION_COOKIE_NAME."""
        return self._config["SESSION_COOKIE_NAME"]  # type: ignore[no-any-return]

    @property
    def cookie_age(self) -> float:
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

    @property
    def of_codec(self) -> tuple[Any, ...]:
        """All that a codec is made of, to tell whether it has changed."""
        config = self._config
        return (
            config["SECRET_KEY"],
            *(config["SECRET_KEY_FALLBACKS"] or ()),
            config["DEFAULT_HASHING_ALGORITHM"],
            config["SESSION_SERIALIZER"],
        )

    def make_serializer(self) -> Serializer:
        """Make the serializer that SESSION_SERIALIZER names."""
        if self.is_cache_alone:
            return PickleSerializer()  # which is what a cache holds; there is no row
        kind = serializer_class(self.serializer_setting)
        if (
            isinstance(kind, type)
            and issubclass(kind, PickleSerializer)
            and self.algorithm == "sha1"
        ):
            # A site that still reads the old form may run on Python 2.
            return kind(protocol=2)
        return kind()
