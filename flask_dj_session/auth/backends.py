"""Who a user is and what they may do: Django's backends, under the same names.

This module knows Django's own backends by their dotted names in AUTHENTICATION_BACKENDS. For a
project's own backends, an app gives classes of this kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.exceptions import Forbidden

from ..errors import SettingError
from .accounts import Accounts


class PermissionDenied(Forbidden):
    """The user may not do this; Flask answers with status 403 (Django's name)."""


class ModelBackend:
    """Checks the password in the user's row; only active users can log in.

    # Django 5.2, contrib/auth/backends.py: ModelBackend
    """

    def __init__(self, accounts: Accounts) -> None:
        self.accounts = accounts

    def authenticate(
        self, username: str | None = None, password: str | None = None, **credentials: Any
    ) -> Any:
        """Return the user whose name and password these are, or None."""
        if username is None:
            username = credentials.get(self.accounts.users.username_field)
        if not isinstance(username, str) or not isinstance(password, str):
            return None
        user = self.accounts.users.by_username(username)
        if user is None:
            self.accounts.dummy_hash(password)
            return None
        if self.accounts.check_password(user, password) and self.user_can_authenticate(user):
            return user
        return None

    def get_user(self, pk: Any) -> Any:
        """Return the user with a primary key, if they may log in; otherwise None."""
        user = self.accounts.users.by_pk(pk)
        return user if user is not None and self.user_can_authenticate(user) else None

    def user_can_authenticate(self, user: Any) -> bool:
        """Return whether *user* is active."""
        return bool(getattr(user, "is_active", True))

    # Permissions

    def get_user_permissions(self, user: Any, obj: Any = None) -> set[str]:
        """Return the user's own permissions; none for a single object."""
        return self._permissions(user, obj, "user", self.accounts.permissions.of_user)

    def get_group_permissions(self, user: Any, obj: Any = None) -> set[str]:
        """Return the permissions of the user's groups."""
        return self._permissions(user, obj, "group", self.accounts.permissions.of_groups)

    def get_all_permissions(self, user: Any, obj: Any = None) -> set[str]:
        """Return both; one query for each user object."""
        return self.get_user_permissions(user, obj) | self.get_group_permissions(user, obj)

    def has_perm(self, user: Any, perm: str, obj: Any = None) -> bool:
        """Return whether an active user has a permission."""
        return perm in self.get_all_permissions(user, obj)

    def has_module_perms(self, user: Any, app_label: str) -> bool:
        """Return whether an active user has any permission of an app."""
        labels = (perm.partition(".")[0] for perm in self.get_all_permissions(user))
        return app_label in labels

    def _permissions(
        self, user: Any, obj: Any, source: str, ask: Callable[[Any], set[str]]
    ) -> set[str]:
        # Users without that column have no tables of groups and permissions either.
        is_superuser = getattr(user, "is_superuser", None)
        if obj is not None or is_superuser is None or not getattr(user, "is_active", True):
            return set()
        cache = f"_{source}_perm_cache"
        if cache not in vars(user):
            every = self.accounts.permissions.every
            setattr(user, cache, every() if is_superuser else ask(self.accounts.users.pk_of(user)))
        found: set[str] = vars(user)[cache]
        return found


class AllowAllUsersModelBackend(ModelBackend):
    """Lets users in who are not active, too."""

    def user_can_authenticate(self, user: Any) -> bool:
        """Tell that anybody may."""
        return True


class RemoteUserBackend(ModelBackend):
    """Trusts the web server, which has checked who the user is.

    # Django 5.2, contrib/auth/backends.py: RemoteUserBackend
    """

    def authenticate(self, remote_user: str) -> Any:  # type: ignore[override]
        """Return the user of that name, or None."""
        # Unlike Django: a user who is not there is not made.
        user = self.accounts.users.by_username(remote_user) if remote_user else None
        return user if user is not None and self.user_can_authenticate(user) else None


class AllowAllUsersRemoteUserBackend(RemoteUserBackend):
    """Lets users in who are not active, too."""

    def user_can_authenticate(self, user: Any) -> bool:
        """Tell that anybody may."""
        return True


#: by the names that Django has for them
KNOWN: dict[str, type[ModelBackend]] = {
    f"django.contrib.auth.backends.{kind.__name__}": kind
    for kind in (
        ModelBackend,
        AllowAllUsersModelBackend,
        RemoteUserBackend,
        AllowAllUsersRemoteUserBackend,
    )
}

BackendFactory = Callable[[Accounts], ModelBackend]
#: those of an app by their dotted names, in the order of AUTHENTICATION_BACKENDS
Backends = Mapping[str, ModelBackend]


def make_backends(accounts: Accounts, given: Mapping[str, BackendFactory]) -> Backends:
    """Make what AUTHENTICATION_BACKENDS names.

    :param given: makes the backends of the project's own, by their dotted names.
    :raises SettingError: for a name that stands for nothing here.
    """
    factories: dict[str, BackendFactory] = {**KNOWN, **given}
    paths = accounts.settings.backends
    for path in paths:
        _check_known(path, factories)
    return {path: factories[path](accounts) for path in paths}


def _check_known(path: str, factories: Mapping[str, BackendFactory]) -> None:
    if path not in factories:
        raise SettingError(
            "AUTHENTICATION_BACKENDS",
            f"names {path!r}, which this package does not know",
            "If it finds users and their permissions as ModelBackend does, write"
            " 'DjangoAuth(sessions, backends={...: ModelBackend})'. Or leave it out; then the users"
            " whom it has logged in are anonymous here.",
        )
