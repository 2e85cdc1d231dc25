"""The settings of this package's own, of which Django knows nothing: checks and reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import SettingError
from .checks import LONGEST_AGE


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
    "SESSION_SUDO_AGE": _check_optional_span,
}


class OwnSettings:
    """The package's own settings, read from a prepared mapping each time they are asked for."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config

    @property
    def merges(self) -> bool:
        """Whether SESSION_CONCURRENCY is ``merge``."""
        return bool(self._config["SESSION_CONCURRENCY"] == "merge")

    @property
    def sudo_age(self) -> float | None:
        """SESSION_SUDO_AGE, in seconds; None where no login is ever recent."""
        return self._config["SESSION_SUDO_AGE"]  # type: ignore[no-any-return]

    @property
    def times_logins(self) -> bool:
        """Whether the time of a login is kept in its session."""
        return self.sudo_age is not None
