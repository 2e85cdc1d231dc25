"""The users of one app: their rows, passwords and permissions, and the hash in their sessions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..settings import AuthSettings
from ..site import Site
from . import ddl, hashes
from .passwords import PasswordHashers
from .permissions import Permissions
from .tables import permission_tables
from .users import Users, normalize_email, normalize_username


class Accounts:
    """What is known of the users of one app.

    :param site: knows the site's keys and time.
    :param make_users: makes what stands for the table of users when it is first needed.
    """

    def __init__(
        self,
        site: Site,
        settings: AuthSettings,
        make_users: Callable[[], Users],
        hashers: PasswordHashers,
    ) -> None:
        self.site = site
        self.settings = settings
        self.hashers = hashers
        self._make_users = make_users
        self._users: Users | None = None
        self._permissions: Permissions | None = None

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

    def find(self, **field: Any) -> list[Any]:
        """Return the users of whom one column has a value, active or not.

        :param field: the column and the value; ``email__iexact`` in place of ``email`` heeds no
            case.
        :raises TypeError: unless exactly one is given.
        :raises MissingUserColumnError: where users have no such column.
        """
        if len(field) != 1:
            raise TypeError(
                f"{len(field)} columns are given. Give one, as in 'find_users(email=...)'."
            )
        ((name, value),) = field.items()
        column = name.removesuffix("__iexact")
        return self.users.by_field(column, value, ignore_case=column != name)

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
        """Return whether *password* is right; an outdated hash of it is replaced.

        # Django 5.2, contrib/auth/hashers.py: check_password
        """
        correct, must_update = self.hashers.verify(password, user.password)
        if correct and must_update and not self.site.looks_on():
            # Unlike Django: a password that was changed meanwhile stays changed.
            self.users.change_password(user, self.hashers.make(password))
        return correct

    def dummy_hash(self, password: str) -> None:
        """Take as long as for a user who exists."""
        self.hashers.dummy_hash(password)

    def set_password(self, user: Any, password: str) -> None:
        """Store another password; it ends all sessions of the user."""
        self.users.set_password(user, self.hashers.make(password))

    # New users, and their tables

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

    def create_superuser(
        self, username: str, email: str | None, password: str | None, **columns: Any
    ) -> Any:
        """Add a user who may do everything."""
        everything = {"is_staff": True, "is_superuser": True, **columns}
        return self.create_user(username, email, password, **everything)

    def create_tables(self, *, record_migrations: bool) -> list[str]:
        """Make the tables of ``manage.py migrate auth`` that are missing, and name them.

        :raises ValueError: where AUTH_USER_MODEL is not Django's own.
        """
        users, site = self.users, self.site
        made = ddl.create_tables(users.engine, users.model)
        if record_migrations:
            ddl.record_migrations(users.engine, site.now(), lambda: site.settings.naive_zone)
        return made

    def _defaults(self) -> dict[str, Any]:
        return {
            "first_name": "",
            "last_name": "",
            "is_staff": False,
            "is_superuser": False,
            "is_active": True,
            "date_joined": self.site.now(),
        }
