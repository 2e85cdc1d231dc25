"""The settings of this package's own, of which Django knows nothing: checks and reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import SettingError
from .checks import LONGEST_AGE, check_flag


def _check_optional_span(name: str, value: Any) -> None:
    if value is None:
        return
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or not 0 < value <= LONGEST_AGE
    ):
        raise SettingError(
            name,
            f"is {value!r}, not a number of seconds above 0",
            "Give seconds as a number, a timedelta, or None to turn it off.",
        )


def _check_choice(*choices: str) -> Callable[[str, Any], None]:
    def check(name: str, value: Any) -> None:
        if value not in choices:
            *others, last = map(repr, choices)
            raise SettingError(name, f"is {value!r}", f"Give {', '.join(others)} or {last}.")

    return check


def _check_optional_number(name: str, value: Any) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise SettingError(
            name,
            f"is {value!r}, not a number of sessions",
            "Give a whole number from 1 up, or None for no limit.",
        )


def _check_concurrency(name: str, value: Any) -> None:
    if value not in ("overwrite", "merge"):
        raise SettingError(
            name,
            f"is {value!r}",
            "Give 'overwrite', as Django does: the later save wins. Or give 'merge': what two"
            " requests have changed at once is kept.",
        )


#: by the setting's name, in the order in which they are made
OWN_CHECKS: dict[str, Callable[[str, Any], None]] = {
    "SESSION_CONCURRENCY": _check_concurrency,
    "SESSION_ABSOLUTE_AGE": _check_optional_span,
    "SESSION_CACHE_VERIFY": check_flag,
    "SESSION_CYCLE_AT_RELOGIN": check_flag,
    "SESSION_NO_STORE": check_flag,
    "SESSION_SUDO_AGE": _check_optional_span,
    "SESSION_TOUCH_AFTER": _check_optional_span,
    "SESSION_INDEX": check_flag,
    "SESSION_RECORD_CLIENT": check_flag,
    "SESSION_CLIENT_ADDRESS": _check_choice("full", "network", "none"),
    "SESSION_CLIENT_AGENT": _check_choice("full", "summary", "none"),
    "SESSION_MAX_PER_USER": _check_optional_number,
}


def check_touching(config: Mapping[str, Any]) -> None:
    """Refuse a SESSION_TOUCH_AFTER that would never move anything.

    :raises SettingError: beside SESSION_SAVE_EVERY_REQUEST, or if sessions end before that.
    """
    after, age = config["SESSION_TOUCH_AFTER"], config["SESSION_COOKIE_AGE"]
    if after is None:
        return
    if config["SESSION_SAVE_EVERY_REQUEST"]:
        raise SettingError(
            "SESSION_TOUCH_AFTER",
            "is set, but SESSION_SAVE_EVERY_REQUEST already saves the whole session with each"
            " request",
            "Set SESSION_SAVE_EVERY_REQUEST = False here, or leave SESSION_TOUCH_AFTER out.",
        )
    if after >= age:
        raise SettingError(
            "SESSION_TOUCH_AFTER",
            f"is {after!r}, but sessions end after SESSION_COOKIE_AGE, {age!r} seconds",
            "Give fewer seconds, such as a tenth of that.",
        )


class OwnSettings:
    """The package's own settings, read from a prepared mapping each time they are asked for."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config

    @property
    def merges(self) -> bool:
        """Whether SESSION_CONCURRENCY is ``merge``."""
        return bool(self._config["SESSION_CONCURRENCY"] == "merge")

    @property
    def absolute_age(self) -> float | None:
        """SESSION_ABSOLUTE_AGE, in seconds; None where a login may last for ever."""
        return self._config["SESSION_ABSOLUTE_AGE"]  # type: ignore[no-any-return]

    @property
    def cache_verify(self) -> bool:
        """SESSION_CACHE_VERIFY."""
        return self._config["SESSION_CACHE_VERIFY"]  # type: ignore[no-any-return]

    @property
    def cycle_at_relogin(self) -> bool:
        """SESSION_CYCLE_AT_RELOGIN."""
        return self._config["SESSION_CYCLE_AT_RELOGIN"]  # type: ignore[no-any-return]

    @property
    def no_store(self) -> bool:
        """SESSION_NO_STORE."""
        return self._config["SESSION_NO_STORE"]  # type: ignore[no-any-return]

    @property
    def sudo_age(self) -> float | None:
        """SESSION_SUDO_AGE, in seconds; None where no login is ever recent."""
        return self._config["SESSION_SUDO_AGE"]  # type: ignore[no-any-return]

    @property
    def touch_after(self) -> float | None:
        """SESSION_TOUCH_AFTER, in seconds; None where only a save moves the end of a row."""
        return self._config["SESSION_TOUCH_AFTER"]  # type: ignore[no-any-return]

    @property
    def times_logins(self) -> bool:
        """Whether the time of a login is kept in its session."""
        return self.sudo_age is not None or self.absolute_age is not None

    @property
    def enters_logins(self) -> bool:
        """Whether a login leaves an entry in the index of the sessions."""
        config = self._config
        return bool(
            config["SESSION_INDEX"]
            or config["SESSION_RECORD_CLIENT"]
            or config["SESSION_MAX_PER_USER"] is not None
        )

    @property
    def records_client(self) -> bool:
        """SESSION_RECORD_CLIENT."""
        return self._config["SESSION_RECORD_CLIENT"]  # type: ignore[no-any-return]

    @property
    def client_address(self) -> str:
        """SESSION_CLIENT_ADDRESS."""
        return self._config["SESSION_CLIENT_ADDRESS"]  # type: ignore[no-any-return]

    @property
    def client_agent(self) -> str:
        """SESSION_CLIENT_AGENT."""
        return self._config["SESSION_CLIENT_AGENT"]  # type: ignore[no-any-return]

    @property
    def max_per_user(self) -> int | None:
        """SESSION_MAX_PER_USER; None for no limit."""
        return self._config["SESSION_MAX_PER_USER"]  # type: ignore[no-any-return]
