"""Who a user is and what they may do: Django's backends, under the same names.

This module knows Django's own backends by their dotted names in AUTHENTICATION_BACKENDS. For a
project's own backends, an app gives classes of this kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.exceptions import Forbidden

from .accounts import Accounts


class PermissionDenied(Forbidden):
    """The user may not do this; Flask answers with status 403 (Django's name)."""


class ModelBackend:
    """Checks the password in the user's row; only active users can log in.

    # Django 5.2, contrib/auth/backends.py: ModelBackend
    """

    #: whether it lets anybody in here
    lets_in = True
    #: whether Django can find a user with it, and so may have its name in a session
    has_users = True

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


def lets_in(backend: object) -> bool:
    """Return whether *backend* lets anybody in here; one of an app's own may, unless it says no."""
    return bool(getattr(backend, "lets_in", True))


def has_users(backend: object) -> bool:
    """Return whether Django can find a user by *backend*."""
    return bool(getattr(backend, "has_users", True))
