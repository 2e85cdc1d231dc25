"""The sites that are installed and walked: what they need, and where their pages are."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from interop.database import VARIABLES

from .users import pretix_user

#: what a real site would have for its database
DRIVERS = {"PostgreSQL": "psycopg[binary]", "MariaDB": "mysqlclient"}


@dataclass(frozen=True)
class Pages:
    """Where a visitor finds what, and what the forms ask for."""

    login: str = "/admin/login/"
    login_fields: tuple[str, str] = ("username", "password")
    logout: str = "/admin/logout/"
    #: a page for those who are logged in, and for nobody else; it has a form
    own: str = "/admin/password_change/"
    #: where a password is changed; without one, ``changepassword`` is tried
    password: str | None = "/admin/password_change/"
    password_fields: tuple[str, ...] = ("old_password", "new_password1", "new_password2")
    logout_by_get: bool = False


@dataclass(frozen=True)
class Site:
    """A site.

    :param requirements: what pip installs in its environment.
    :param module: its settings.
    :param start: a command of its environment that makes the project, in an empty folder; what
        lies in ``projects/`` under the site's name is then laid over it.
    :param like: the site whose virtual environment this one is run in, too.
    :param server: the kind of database that it takes where the environment names a server.
    :param cache: the kind of server that its cache is on; it is started for the walk alone.
    :param before: commands of manage.py that make its tables.
    :param environment: variables that it needs; ``{folder}`` stands for its folder here,
        ``{database}`` for its entry of DATABASES, ``{engine}`` for the last word of its ENGINE,
        ``{cache}`` for the host and port of its cache.
    :param by_address: whether people log in there with their address.
    :param user_model: makes the class of users whose session hash is their own.
    :param app_py: whether the course's app is tried beside it, too.
    :param not_possible: why a step of the walk cannot be taken, by its name.
    """

    name: str
    requirements: tuple[str, ...]
    module: str = "mysite.tried"
    start: tuple[str, ...] = ("django-admin", "startproject", "mysite", ".")
    pythons: tuple[str, ...] = ("3.12", "3.13", "3.11")
    like: str = ""
    server: str = "SQLite"
    cache: str = ""
    pages: Pages = Pages()
    by_address: bool = False
    before: tuple[tuple[str, ...], ...] = (("migrate",),)
    environment: Mapping[str, str] = field(default_factory=dict)
    user_model: Callable[[Any], type[Any]] | None = None
    app_py: bool = False
    not_possible: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The kind of database that it is tried on here."""
        variable = VARIABLES.get(self.server)
        return self.server if variable and os.environ.get(variable) else "SQLite"

    @property
    def storage(self) -> str:
        """Where its sessions are, in the words of the table."""
        return " and ".join(filter(None, (self.kind, self.cache)))


_PRETIX = Site(
    "pretix",
    ("pretix",),
    module="pretix.settings",
    start=(),
    server="PostgreSQL",
    pages=Pages(
        login="/control/login",
        login_fields=("email", "password"),
        logout="/control/logout",
        own="/control/settings",
        password=None,
        logout_by_get=True,
    ),
    environment={
        "DATA_DIR": "{folder}/data",
        "PRETIX_PRETIX_URL": "http://127.0.0.1",
        "PRETIX_DATABASE_BACKEND": "{engine}",
        **{
            f"PRETIX_DATABASE_{part}": f"{{database[{part}]}}"
            for part in ("NAME", "USER", "PASSWORD", "HOST", "PORT")
        },
    },
    user_model=pretix_user,
)


def _pretix_with_redis(name: str, **environment: str) -> Site:
    """Return the same with ``[redis] location`` in its configuration, on SQLite."""
    location = {"PRETIX_REDIS_LOCATION": "redis://{cache}/0", **environment}
    return replace(
        _PRETIX,
        name=name,
        like="pretix",
        server="SQLite",
        cache="Redis",
        environment={**_PRETIX.environment, **location},
    )


SITES = (
    Site(
        "course",
        ("Django~=5.2.0", "social-auth-app-django", "tzdata"),
        module="dj4e-samples.settings",
        start=(),
        pages=Pages(
            login="/accounts/login/",
            logout="/accounts/logout/",
            own="/accounts/password_change/",
            password="/accounts/password_change/",
        ),
        app_py=True,
    ),
    Site("qsessions", ("Django~=5.2.0", "django-qsessions", "tzdata")),
    Site(
        "allauth",
        ("Django~=5.2.0", "django-allauth", "django-guardian", "django-axes", "tzdata"),
        before=(("makemigrations", "people"), ("migrate",)),
        pages=Pages(
            login="/accounts/login/",
            login_fields=("login", "password"),
            logout="/accounts/logout/",
            own="/accounts/email/",
            password="/accounts/password/change/",
            password_fields=("oldpassword", "password1", "password2"),
        ),
    ),
    Site(
        "wagtail",
        ("wagtail", "tzdata"),
        module="mysite.settings.dev",
        start=("wagtail", "start", "mysite", "."),
        server="PostgreSQL",
        pages=Pages(
            own="/admin/pages/",
            password="/django-admin/password_change/",
        ),
    ),
    Site(
        "prometheus",
        ("Django~=5.2.0", "django-prometheus", "tzdata"),
        server="PostgreSQL",
    ),
    Site(
        "user_sessions",
        ("Django~=4.2.0", "django-user-sessions", "tzdata"),
        pythons=("3.11", "3.10", "3.12", "3.9"),
    ),
    Site(
        "oscar",
        ("django-oscar[sorl-thumbnail]", "tzdata"),
        server="MariaDB",
        by_address=True,
        pages=Pages(
            login="/en-us/accounts/login/",
            login_fields=("login-username", "login-password"),
            logout="/en-us/accounts/logout/",
            own="/en-us/accounts/profile/",
            password="/en-us/accounts/change-password/",
            logout_by_get=True,
        ),
    ),
    _PRETIX,
    Site(
        "zulip",
        ("Django~=5.2.0", "django-bmemcached", "tzdata"),
        cache="Memcached",
    ),
    _pretix_with_redis("pretix_redis"),
    _pretix_with_redis("pretix_sessions", PRETIX_REDIS_SESSIONS="true"),
)
