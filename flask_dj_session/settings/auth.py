"""Django's settings of the login over a mapping such as ``app.config``: checks and reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from ..errors import SettingError
from ..wire.cookies import CookieAttributes
from .checks import (
    check_cookie_age,
    check_cookie_name,
    check_domain,
    check_flag,
    check_path,
    check_samesite,
)
from .cookies import check_cookie
from .defaults import AUTH_DEFAULTS
from .origin import description_in
from .settings import fill


def prepare_auth(config: MutableMapping[str, Any], given: Mapping[str, Any]) -> AuthSettings:
    """Fill *config* with what is *given*, then with Django's defaults, and check all of it.

    :param given: settings by Django's names in either case; they beat what *config* has.
    :raises TypeError: for a name that is no setting of the login.
    :raises SettingError: naming the first setting that cannot be used.
    """
    fill(config, given, AUTH_DEFAULTS, CHECKS)
    settings = AuthSettings(config)
    if not settings.csrf_use_sessions:
        check_cookie("CSRF_COOKIE", settings.csrf_cookie)
    return settings


class AuthSettings:
    """Django's settings of the login, read from a prepared mapping each time they are asked for.

    AUTH_USER_MODEL, AUTHENTICATION_BACKENDS and PASSWORD_HASHERS are fixed once prepared.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config
        self.user_model: str = config["AUTH_USER_MODEL"]
        self.backends: tuple[str, ...] = tuple(config["AUTHENTICATION_BACKENDS"])
        self.password_hashers: tuple[str, ...] = tuple(config["PASSWORD_HASHERS"])
        description = description_in(config)
        #: what the site has said of its model of users; None where it has said nothing
        self.told_of_user: Mapping[str, Any] | None = (
            None if description is None else description.user
        )
        #: what it has said of its backends, by their dotted names
        self.told_of_backends: Mapping[str, Any] = description.backends if description else {}
        #: where its routers keep the users, if that is not where they keep the sessions
        self.users_elsewhere: str | None = None
        if description is not None and description.user_alias != description.session_alias:
            self.users_elsewhere = description.user_alias
        #: what it has said of its hashers, by their dotted names
        self.told_of_hashers: Mapping[str, Any] = description.hashers if description else {}

    @property
    def login_url(self) -> Any:
        """LOGIN_URL as it was given; what it leads to is found out where it is needed."""
        return self._config["LOGIN_URL"]

    @property
    def csrf_use_sessions(self) -> bool:
        """CSRF_USE_SESSIONS."""
        return self._config["CSRF_USE_SESSIONS"]  # type: ignore[no-any-return]

    @property
    def csrf_cookie_age(self) -> float | None:
        """CSRF_COOKIE_AGE, in seconds; None until the browser is closed."""
        return self._config["CSRF_COOKIE_AGE"]  # type: ignore[no-any-return]

    @property
    def csrf_cookie(self) -> CookieAttributes:
        """The attributes of the CSRF cookie."""
        config = self._config
        return CookieAttributes(
            config["CSRF_COOKIE_NAME"],
            config["CSRF_COOKIE_DOMAIN"],
            config["CSRF_COOKIE_PATH"],
            config["CSRF_COOKIE_SECURE"],
            config["CSRF_COOKIE_HTTPONLY"],
            config["CSRF_COOKIE_SAMESITE"] or None,
        )


def _check_user_model(name: str, value: Any) -> None:
    parts = value.split(".") if isinstance(value, str) else []
    if len(parts) != 2 or not all(part.isidentifier() for part in parts):
        raise SettingError(
            name, f"is {value!r}, not the name of a model", "Give it as in Django: 'accounts.User'."
        )


def _check_dotted_names(name: str, value: Any) -> None:
    if (
        not isinstance(value, (list, tuple))
        or not value
        or not all(isinstance(path, str) and "." in path for path in value)
    ):
        raise SettingError(
            name, f"is {value!r}, not a list of dotted names", "Copy it from the Django project."
        )


def _check_optional_age(name: str, value: Any) -> None:
    if value is not None:
        check_cookie_age(name, value)


#: by the setting's name, in the order in which they are made
CHECKS: dict[str, Callable[[str, Any], None]] = {
    "AUTH_USER_MODEL": _check_user_model,
    "AUTHENTICATION_BACKENDS": _check_dotted_names,
    "PASSWORD_HASHERS": _check_dotted_names,
    "CSRF_COOKIE_NAME": check_cookie_name,
    "CSRF_COOKIE_AGE": _check_optional_age,
    "CSRF_COOKIE_DOMAIN": check_domain,
    "CSRF_COOKIE_PATH": check_path,
    "CSRF_COOKIE_SECURE": check_flag,
    "CSRF_COOKIE_HTTPONLY": check_flag,
    "CSRF_COOKIE_SAMESITE": check_samesite,
    "CSRF_USE_SESSIONS": check_flag,
}
