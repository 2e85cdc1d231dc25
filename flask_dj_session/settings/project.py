"""A Django project's settings module as a mapping for ``app.config``; Django is not needed."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from ..errors import SettingError
from .checks import refuse_other_storage
from .databases import sqlalchemy_settings
from .defaults import AUTH_DEFAULTS, DEFAULTS
from .loader import settings_module
from .origin import ORIGIN, Origin
from .readings import as_django_reads
from .versions import installed

#: what an older Django takes where the module says nothing: before which version, and what
_FORMER_DEFAULTS: dict[str, tuple[tuple[int, int], Any]] = {
    "USE_TZ": ((5, 0), False),
    "DEFAULT_HASHING_ALGORITHM": ((3, 1), "sha1"),
}


def django_settings(module: str | None = None, *, using: str | None = "default") -> dict[str, Any]:
    """Read what a Django project's settings say of its sessions and of its login.

    ::

        app.config.from_mapping(django_settings("mysite.settings"))

    The result holds the settings that the module sets, those whose default is another in the
    Django that is installed here, and Flask-SQLAlchemy's settings for the database. Django is
    imported only if the module imports it.

    :param module: the dotted name of the settings module; by default what the environment
        variable DJANGO_SETTINGS_MODULE says.
    :param using: the alias in DATABASES of the database that the sessions are in; None to leave
        the database to the caller.
    :raises SettingError: for what cannot be imported, is missing, or cannot work here.
    """
    source = settings_module(module)
    read = _with_version_defaults(_settings_of(source))
    if not read.get("SECRET_KEY"):
        raise SettingError(
            "SECRET_KEY",
            f"is not set in {source.__name__!r}",
            "Django does not start without it either. Name the settings module that sets it.",
        )
    if "SESSION_ENGINE" in read:
        refuse_other_storage("SESSION_ENGINE", read["SESSION_ENGINE"])
    origin = Origin(source.__name__, using, frozenset(read))
    if using is not None:
        databases = getattr(source, "DATABASES", None)
        use_tz = read.get("USE_TZ", DEFAULTS["USE_TZ"])
        read |= sqlalchemy_settings(databases, using, use_tz=use_tz)
    return {**read, ORIGIN: origin}


def _settings_of(source: ModuleType) -> dict[str, Any]:
    names = [*DEFAULTS, *AUTH_DEFAULTS]
    return {name: _read(name, getattr(source, name)) for name in names if hasattr(source, name)}


def _read(name: str, value: Any) -> Any:
    try:
        return as_django_reads(name, value)
    except Exception:  # of a lazy text that takes a Django that is set up
        return value  # it is refused where it is needed


def _with_version_defaults(read: dict[str, Any]) -> dict[str, Any]:
    version = installed("Django")
    if version is None:
        return read
    if version >= (4, 0):  # which removed this one, and does not read what it asks for
        read.pop("DEFAULT_HASHING_ALGORITHM", None)
    former = {name: value for name, (until, value) in _FORMER_DEFAULTS.items() if version < until}
    return {**former, **read}
