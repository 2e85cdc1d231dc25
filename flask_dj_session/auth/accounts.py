"""All that belongs to the login of one app: users, passwords, backends, permissions, keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import SettingError
from ..interface import DjangoSessionInterface
from ..settings import AuthSettings
from . import hashes
from .backends import KNOWN, ModelBackend
from .passwords import PasswordHashers
from .permissions import Permissions
from .tables import permission_tables
from .user import normalize_email, normalize_username
from .users import Users

BackendFactory = Callable[["Accounts"], ModelBackend]


class Accounts:
    """The users of one app and how they log in.

    :param site: knows the site's keys and time.
    :param given: makes the backends of the project's own, by their dotted names.
    """

    def __init__(
        self,
        site: DjangoSessionInterface,
        settings: AuthSettings,
        make_users: Callable[[], Users],
        hashers: PasswordHashers,
        given: Mapping[str, BackendFactory],
    ) -> None:
        self.site = site
        self.settings = settings
        self.hashers = hashers
        self._make_users = make_users
        self._users: Users | None = None
        self._permissions: Permissions | None = None
        factories: dict[str, BackendFactory] = {**KNOWN, **given}
        for path in settings.backends:
            _check_known(path, factories)
        self.backends = {path: factories[path](self) for path in settings.backends}

    @property
    def users(self) -> Users:
        """The rows of the table of users; the database is asked nothing before they are."""
        if self._users is None:
            self._users = self._make_users()
        return self._users

    @property
    def permissions(self) -> Permissions:
        """What users may do."""
        if self._permissions is None:
            users = self.users
            tables = permission_tables(users.model)
            self._permissions = Permissions(users.rows, tables, users.model, users.pk_type)
        return self._permissions

    # The hash in the session

    def session_auth_hash(self, password: object, secret: hashes.Key | None = None) -> str:
        """Return Django's hash of the stored *password*, by default under the present key."""
        settings = self.site.settings
        key = settings.keys[0] if secret is None else secret
        return hashes.session_auth_hash(password, key, settings.algorithm)

    @property
    def fallback_keys(self) -> tuple[hashes.Key, ...]:
        """SECRET_KEY_FALLBACKS."""
        return self.site.settings.keys[1:]

    # Passwords

    def check_password(self, user: Any, password: str) -> bool:
        """Tell whether *password* is right; an outdated hash of it is replaced.

        # Django 5.2, contrib/auth/hashers.py: check_password
        """
        correct, must_update = self.hashers.verify(password, user.password)
        if correct and must_update and not self.site.looks_on():
            # Unlike Django: a password that was changed meanwhile stays changed.
            self.users.change_password(user, self.hashers.make(password))
        return correct

    def spend(self, password: str) -> None:
        """Take as long as for a user who exists."""
        self.hashers.spend(password)

    def set_password(self, user: Any, password: str) -> None:
        """Store another password; it ends all sessions of the user."""
        self.users.set_password(user, self.hashers.make(password))

    # New users

    def create_user(
        self, username: str, email: str | None, password: str | None, **columns: Any
    ) -> Any:
        """Add a user.

        :raises ValueError: without a name.

        # Django 5.2, contrib/auth/models.py: UserManager.create_user
        """
        if not username:
            raise ValueError("'username' is empty. Give the name that the user logs in with.")
        users = self.users
        username = normalize_username(username)
        values = {
            **{name: value for name, value in self._defaults().items() if users.has_column(name)},
            **({"email": normalize_email(email)} if users.has_column("email") else {}),
            users.username_field: username,
            **columns,
        }
        if password is not None or users.has_column("password"):
            values["password"] = self.hashers.make(password)
        users.insert(values)
        return users.by_username(username)

    def _defaults(self) -> dict[str, Any]:
        return {
            "first_name": "",
            "last_name": "",
            "is_staff": False,
            "is_superuser": False,
            "is_active": True,
            "date_joined": self.site.now(),
        }


def _check_known(path: str, factories: Mapping[str, BackendFactory]) -> None:
    if path not in factories:
        raise SettingError(
            "AUTHENTICATION_BACKENDS",
            f"names {path!r}, which is not known here",
            "Say what stands for it: 'DjangoAuth(sessions, backends={...: ModelBackend})', where"
            " ModelBackend finds its users and their permissions as well; or leave it out, and"
            " those whom it has logged in are nobody here.",
        )
