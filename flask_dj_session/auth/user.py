"""The users that views get: one with Django's attributes, or an anonymous one.

They ask the current app's :class:`~.accounts.Accounts` for permissions and passwords.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from inspect import signature
from typing import TYPE_CHECKING, Any, Literal

from .backends import ModelBackend, PermissionDenied
from .current import current_accounts, current_backends
from .passwords import is_password_usable

if TYPE_CHECKING:
    from datetime import datetime


class UserMixin:
    """Django's methods for an object that has the columns of a user as attributes.

    Let your own mapped class inherit from it, in addition to ``db.Model``.

    # Django 5.2, contrib/auth/base_user.py: AbstractBaseUser, models.py: PermissionsMixin
    """

    #: the stored password; None where the table has no column for it
    password: Any = None
    #: as in Django, true where the table has no column for it
    is_active: Any = True
    #: the dotted name of the backend that found the user
    backend: Any = None

    is_anonymous = False
    is_authenticated = True

    def __str__(self) -> str:
        return str(self.get_username())

    @property
    def pk(self) -> Any:
        """The primary key."""
        return current_accounts().users.pk_of(self)

    def get_username(self) -> str:
        """Return the name that the user logs in with."""
        users = current_accounts().users
        try:
            username: str = getattr(self, users.username_field)
        except AttributeError as error:
            raise users.missing(users.username_field) from error
        return username

    def get_full_name(self) -> str:
        """Return first and last name, with a space in between."""
        names = (getattr(self, "first_name", ""), getattr(self, "last_name", ""))
        return " ".join(names).strip()

    def get_short_name(self) -> str:
        """Return the first name."""
        name: str = getattr(self, "first_name", "")
        return name

    def get_id(self) -> str:
        """Return the primary key as text (Flask-Login's name)."""
        return str(self.pk)

    # The password

    def check_password(self, raw_password: str) -> bool:
        """Return whether this is the user's password; replace an outdated hash of it."""
        return current_accounts().check_password(self, raw_password)

    def has_usable_password(self) -> bool:
        """Return whether there is a password that can be right."""
        return is_password_usable(self.password)

    # What ends sessions

    def get_session_auth_hash(self) -> str:
        """Return the hash in the user's sessions; when it changes, the sessions end.

        If your project has its own hash, override this, or ``_get_session_auth_hash``.
        """
        return self._get_session_auth_hash()

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """Yield the hash for each key of SECRET_KEY_FALLBACKS."""
        own: Callable[..., str] = self.get_session_auth_hash
        # Older projects have the key as an argument of the one method that they have.
        if "secret" not in signature(own).parameters:
            own = self._get_session_auth_hash
        for key in current_accounts().fallback_keys:
            yield own(secret=key)

    def _get_session_auth_hash(self, secret: str | bytes | None = None) -> str:
        return current_accounts().session_auth_hash(self.password, secret)

    # Permissions

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Return whether the user has a permission, as ``app_label.codename``."""
        return self._has_all_permissions or _is_granted("has_perm", self, perm, obj)

    def has_perms(self, perm_list: Iterable[str], obj: Any = None) -> bool:
        """Return whether the user has each of several permissions.

        :raises ValueError: for a single text.
        """
        return _has_perms(self, perm_list, obj)

    def has_module_perms(self, app_label: str) -> bool:
        """Return whether the user has any permission of an app of the Django project."""
        return self._has_all_permissions or _is_granted("has_module_perms", self, app_label)

    def get_user_permissions(self, obj: Any = None) -> set[str]:
        """Return the permissions that were given to the user directly."""
        return self._permissions("user", obj)

    def get_group_permissions(self, obj: Any = None) -> set[str]:
        """Return the permissions of the user's groups."""
        return self._permissions("group", obj)

    def get_all_permissions(self, obj: Any = None) -> set[str]:
        """Return both."""
        return self._permissions("all", obj)

    def get_group_names(self) -> set[str]:
        """Return the names of the user's groups: one statement the first time."""
        if not self._has_permissions:
            return set()
        names: set[str] | None = vars(self).get("_group_names")
        if names is None:
            names = current_accounts().permissions.group_names(self.pk)
            self._group_names = names
        return names

    @property
    def _has_permissions(self) -> bool:
        """Whether there are tables of groups and permissions, as there are with that column."""
        return getattr(self, "is_superuser", None) is not None

    @property
    def _has_all_permissions(self) -> bool:
        return bool(getattr(self, "is_active", True) and getattr(self, "is_superuser", False))

    def _permissions(self, kind: Literal["user", "group", "all"], obj: Any) -> set[str]:
        found: set[str] = set()
        for backend in _backends_with(f"get_{kind}_permissions"):
            found |= getattr(backend, f"get_{kind}_permissions")(self, obj)
        return found


class DjangoUser(UserMixin):
    """A user of Django's, with the columns of the row as attributes.

    If you change an attribute, the database does not change.
    """

    if TYPE_CHECKING:
        id: Any
        username: str
        first_name: str
        last_name: str
        email: str
        is_staff: bool
        is_active: bool
        is_superuser: bool
        #: aware, whatever the site's USE_TZ
        last_login: datetime | None
        date_joined: datetime

        def __getattr__(self, name: str) -> Any: ...

    def __init__(self, columns: dict[str, Any], *, pk_name: str, username_field: str) -> None:
        self._pk = columns[pk_name]
        self._username_field = username_field
        vars(self).update(columns)

    @property
    def pk(self) -> Any:
        """The primary key."""
        return self._pk

    def get_username(self) -> str:
        """Return the name that the user logs in with."""
        try:
            username: str = vars(self)[self._username_field]
        except KeyError:
            return super().get_username()  # which says what is missing
        return username

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DjangoUser) and other.pk == self.pk

    def __hash__(self) -> int:
        return hash(self.pk)

    def __repr__(self) -> str:
        # No name, no address and no hash: this may end in a log.
        return f"<{type(self).__name__} {self.pk}>"


class AnonymousUser:
    """A visitor who is not logged in, with Django's attributes.

    # Django 5.2, contrib/auth/models.py: AnonymousUser
    """

    id: None = None
    pk: None = None
    username = ""
    is_staff = False
    is_active = False
    is_superuser = False
    is_anonymous = True
    is_authenticated = False

    def __str__(self) -> str:
        return "AnonymousUser"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self))

    def __hash__(self) -> int:
        return 1

    def __int__(self) -> int:
        raise TypeError("AnonymousUser has no number. Ask 'is_authenticated' first.")

    def get_username(self) -> str:
        """Return an empty text."""
        return self.username

    def get_id(self) -> None:
        """Return None (Flask-Login's name)."""

    def check_password(self, raw_password: str) -> bool:
        """Raise, as in Django."""
        raise NotImplementedError("AnonymousUser has no password. Ask 'is_authenticated' first.")

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Tell that nobody has no permission."""
        return False

    def has_perms(self, perm_list: Iterable[str], obj: Any = None) -> bool:
        """Return whether no permission at all is asked for.

        :raises ValueError: for a single text.
        """
        return _has_perms(self, perm_list, obj)

    def has_module_perms(self, app_label: str) -> bool:
        """Tell that nobody has no permission."""
        return False

    def get_user_permissions(self, obj: Any = None) -> set[str]:
        """Return an empty set."""
        return set()

    def get_group_permissions(self, obj: Any = None) -> set[str]:
        """Return an empty set."""
        return set()

    def get_all_permissions(self, obj: Any = None) -> set[str]:
        """Return an empty set."""
        return set()

    def get_group_names(self) -> set[str]:
        """Return an empty set."""
        return set()


def _is_granted(question: str, *arguments: Any) -> bool:
    """Ask each backend in turn; one that raises PermissionDenied says no for those after it.

    # Django 5.2, contrib/auth/models.py: _user_has_perm
    """
    try:
        return any(getattr(one, question)(*arguments) for one in _backends_with(question))
    except PermissionDenied:
        return False


def _backends_with(method: str) -> Iterator[ModelBackend]:
    return (one for one in current_backends().values() if hasattr(one, method))


def _has_perms(user: UserMixin | AnonymousUser, perm_list: Iterable[str], obj: Any) -> bool:
    if isinstance(perm_list, str) or not isinstance(perm_list, Iterable):
        raise ValueError("'perm_list' must be a list of permissions. Use 'has_perm' for one.")
    return all(user.has_perm(perm, obj) for perm in perm_list)
