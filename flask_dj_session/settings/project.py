"""A Django project's settings as a mapping for ``app.config``; Django is not needed here."""

from __future__ import annotations

import os
from dataclasses import dataclass
from types import EllipsisType
from typing import Any

from ..description import TIME_LIMIT, Description, read_description
from ..description.connections import databases
from ..description.description import FILE
from ..description.failures import PATH, PYTHON
from ..description.outside import with_cache_password, with_keys, with_password
from ..errors import SettingError
from .caches import is_given
from .checks import refuse_other_storage
from .databases import sqlalchemy_settings
from .defaults import AUTH_DEFAULTS, DEFAULTS
from .engines import engine_of, is_cache
from .loader import module_name, settings_module
from .origin import ORIGIN, Origin
from .readings import as_django_reads
from .versions import installed

_NAMES = (*DEFAULTS, *AUTH_DEFAULTS)
#: of which a description has a part of its own, that knows what is secret in it
_TOLD_APART = ("CACHES",)

#: what an older Django takes where the module says nothing: before which version, and what
_FORMER_DEFAULTS: dict[str, tuple[tuple[int, int], Any]] = {
    "USE_TZ": ((5, 0), False),
    "DEFAULT_HASHING_ALGORITHM": ((3, 1), "sha1"),
}


def django_settings(
    module: str | None = None,
    *,
    using: str | EllipsisType | None = ...,
    python: str | os.PathLike[str] | None = None,
    path: str | os.PathLike[str] | None = None,
    timeout: float = TIME_LIMIT,
    description: str | os.PathLike[str] | None = None,
) -> dict[str, Any]:
    """Read what a Django project's settings say of its sessions and of its login.

    ::

        app.config.from_mapping(django_settings("mysite.settings"))

    Without *python* and *description*, the module is imported here. The result holds the settings
    that the module sets, those whose default is another in the Django that is installed here, and
    Flask-SQLAlchemy's settings for the database. Django is imported only if the module imports it.

    With *python*, the site's own Python sets the site up, in a process of its own, and tells what
    it is: settings with the defaults of its Django, URLs by their paths, the class of its sessions,
    its users and backends, its connections. Nothing of it is imported here.

    Where no argument names the project, the environment does: SITE_DESCRIPTION, or
    DJANGO_SETTINGS_MODULE with DJANGO_PYTHON and DJANGO_PATH, or DJANGO_SETTINGS_MODULE alone.

    :param module: the dotted name of the settings module; by default what the environment
        variable DJANGO_SETTINGS_MODULE says.
    :param using: the alias in DATABASES of the database that the sessions are in; None to leave
        the database to the caller. By default that of the project's routers where they are known,
        "default" otherwise.
    :param python: the interpreter of the site's virtual environment.
    :param path: the folder that holds manage.py, for *python*; by default the current one.
    :param timeout: seconds that *python* may take.
    :param description: a file that ``flask sessions describe`` has written, for a site on another
        machine. Keys and passwords come from the environment then: DJANGO_SECRET_KEY,
        DJANGO_SECRET_KEY_FALLBACKS (a list in JSON), DJANGO_DATABASE_PASSWORD and
        DJANGO_CACHE_PASSWORD.
    :raises SettingError: for what cannot be imported, is missing, or cannot work here.
    :raises TypeError: for arguments that do not go together.
    """
    project = _project(module, python, path, timeout, description)
    read = _with_version_defaults(project)
    if not read.get("SECRET_KEY"):
        raise SettingError(
            "SECRET_KEY",
            f"is not set in {project.module!r}",
            "Django does not start without it either. Name the settings module that sets it.",
        )
    if "SESSION_ENGINE" in read:
        has_cache = is_given(read.get("CACHES"))
        refuse_other_storage("SESSION_ENGINE", read["SESSION_ENGINE"], has_cache=has_cache)
    alias = project.alias if isinstance(using, EllipsisType) else using
    origin = Origin(project.module, alias, frozenset(read), _kept(project.description))
    if alias is not None:
        use_tz = read.get("USE_TZ", DEFAULTS["USE_TZ"])
        read |= sqlalchemy_settings(project.entries(alias), alias, use_tz=use_tz)
    return {**read, ORIGIN: origin}


def read_again(origin: Origin, *, using: str | None) -> dict[str, Any]:
    """Read the settings anew from where they came from.

    :raises SettingError: as :func:`django_settings`.
    """
    told = origin.description
    if told is None:
        return django_settings(origin.module, using=using)
    if told.file is not None:
        return django_settings(using=using, description=told.file)
    return django_settings(origin.module, using=using, python=told.python, path=told.path)


@dataclass(frozen=True)
class _Project:
    """A project, from wherever its settings were read.

    :param values: its settings, as Django has them.
    :param version: of the Django that runs it; None where that is not known.
    :param databases: what it has as DATABASES.
    :param alias: of the database that its sessions are in.
    """

    module: str
    values: dict[str, Any]
    version: tuple[int, int] | None
    databases: Any
    alias: str = "default"
    description: Description | None = None

    def entries(self, alias: str) -> Any:
        """Return DATABASES, with the password of *alias*."""
        if self.description is None or self.description.file is None:
            return self.databases
        entry = self.databases.get(alias)
        return {**self.databases, **({alias: with_password(alias, entry)} if entry else {})}


def _project(
    module: str | None,
    python: str | os.PathLike[str] | None,
    path: str | os.PathLike[str] | None,
    timeout: float,
    description: str | os.PathLike[str] | None,
) -> _Project:
    if description is not None and (module, python, path) != (None, None, None):
        raise TypeError(
            "'description' stands for the whole site. Leave out 'module', 'python' and 'path'."
        )
    if path is not None and python is None:
        raise TypeError("'path' is where 'python' begins. Name the site's own Python, too.")
    if module is None and python is None and description is None:
        description = os.environ.get(FILE)
        python = None if description else os.environ.get(PYTHON)
    if description:
        told = read_description(description)
        return _described(told, with_keys(told.settings))
    if python:
        told = site_description(module, python=python, path=path, timeout=timeout)
        return _described(told, told.settings)
    return _imported(module)


def site_description(
    module: str | None,
    *,
    python: str | os.PathLike[str],
    path: str | os.PathLike[str] | None,
    timeout: float = TIME_LIMIT,
) -> Description:
    """Ask the site's own Python what the site is; the environment says what is not given.

    :raises SettingError: where that is not to be had.
    """
    from ..description.asking import ask  # which few apps need

    path = path or os.environ.get(PATH)
    names = [name for name in _NAMES if name not in _TOLD_APART]
    return ask(module_name(module), names, python=python, path=path, timeout=timeout)


def _imported(module: str | None) -> _Project:
    source = settings_module(module)
    values = {name: getattr(source, name) for name in _NAMES if hasattr(source, name)}
    databases = getattr(source, "DATABASES", None)
    return _Project(source.__name__, values, installed("Django"), databases)


def _described(told: Description, values: dict[str, Any]) -> _Project:
    return _Project(
        told.module,
        {**values, "SESSION_ENGINE": engine_of(told), "CACHES": _caches(told)},
        told.django_version,
        databases(told.facts["connections"]),
        told.session_alias,
        told,
    )


def _caches(told: Description) -> dict[str, Any]:
    """Return CACHES, with the password of the one that has the sessions."""
    found = told.caches
    session = told.session or {}
    alias = session.get("cache_alias")
    if told.file is None or alias not in found or not (session["has_cache"] or is_cache(session)):
        return found
    return {**found, alias: with_cache_password(alias, found[alias])}


def _kept(description: Description | None) -> Description | None:
    return None if description is None else description.without_secrets()


def _read(name: str, value: Any) -> Any:
    try:
        return as_django_reads(name, value)
    except Exception:  # of a lazy text that takes a Django that is set up
        return value  # it is refused where it is needed


def _with_version_defaults(project: _Project) -> dict[str, Any]:
    read = {name: _read(name, value) for name, value in project.values.items()}
    version = project.version
    if version is None:
        return read
    if version >= (4, 0):  # which removed this one, and does not read what it asks for
        read.pop("DEFAULT_HASHING_ALGORITHM", None)
    former = {name: value for name, (until, value) in _FORMER_DEFAULTS.items() if version < until}
    return {**former, **read}
