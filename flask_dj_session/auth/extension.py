"""``DjangoAuth``: the extension that puts Django's login into a Flask app."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial, wraps
from types import EllipsisType
from typing import Any, TypeVar, overload
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from flask import Flask, Request, abort, current_app, request
from werkzeug.local import LocalProxy

from ..contexts import itself, running_request
from ..errors import SettingError
from ..extension import DjangoSessions, Engines
from ..index import UserSession
from ..settings import AuthSettings, django_version, prepare_auth
from ..settings.readings import is_set
from ..site import Site, site_of
from ..store import AutocommitEngine
from .accounts import Accounts
from .backends import BackendFactory, PermissionDenied
from .choosing import make_backends
from .commands import users as users_command
from .current import EXTENSION, current_login
from .inactive import inactive_ids
from .login import Login
from .login_check import login_findings
from .names import UserNames
from .passwords import Hasher, PasswordHashers
from .passwords.described import described_hasher
from .recent import confirm_login, has_recent_login, recent_only
from .redirects import REDIRECT_FIELD_NAME, redirect_to_login
from .tables import bind_key_of, user_model
from .templates import PermWrapper
from .user import AnonymousUser, DjangoUser, UserMixin
from .user_sessions import current_key
from .users import Users
from .verification import has_own_hash

View = TypeVar("View", bound=Callable[..., Any])


class DjangoAuth:
    """Knows who is logged in to the Django site, and logs users in and out on both sides.

    :param sessions: the sessions that both share.
    :param app: call :meth:`init_app` on this app; by default on those that *sessions* serves.
    :param user_model: the name of the table, a :class:`sqlalchemy.Table`, or a mapped class of your
        own with :class:`.UserMixin`. Give it if the table has another name than Django would give
        it, or if the database does not know the types of its columns.
    :param username_field: Django's USERNAME_FIELD, the column that a user logs in with.
    :param bind_key: one of ``SQLALCHEMY_BINDS``, or None for the default database. Give it if the
        users are in another database than the sessions. A mapped class knows its own.
    :param backends: the classes for the project's own backends, by their dotted names: a subclass
        of :class:`.ModelBackend`, or that class itself.
    :param hashers: the hashers to use instead of PASSWORD_HASHERS. Without it, new passwords have
        the parameters of the site's Django, if the site has described itself, or of the Django
        that is installed here, otherwise those of 5.2. If these are not the parameters of your
        Django, both sides encode passwords again in turn.
    :param settings: settings of the login by name (``login_url="/login"``), for every app;
        they override ``app.config``.
    :raises TypeError: for *sessions* of another kind, and a keyword that is not a setting of the
        login.
    :raises SettingError: for a setting that cannot be used.
    """

    def __init__(
        self,
        sessions: DjangoSessions | None = None,
        app: Flask | None = None,
        *,
        user_model: str | sa.Table | type[Any] | None = None,
        username_field: str | None = None,
        bind_key: str | EllipsisType | None = ...,
        backends: Mapping[str, BackendFactory] | None = None,
        hashers: PasswordHashers | None = None,
        **settings: Any,
    ) -> None:
        _check_is_extension(sessions)
        self._sessions = sessions
        self._user_model = user_model
        self._username_field = username_field or getattr(user_model, "USERNAME_FIELD", None)
        self._bind_key = bind_key
        self._backends = dict(backends or {})
        self._hashers = hashers
        self._given_settings = settings
        self._states: WeakKeyDictionary[Flask, Login] = WeakKeyDictionary()
        #: the request's user, or :class:`.AnonymousUser`; it is found out when it is needed
        self.current_user: Any = LocalProxy(self._current_user)
        if isinstance(user_model, type) and not issubclass(user_model, UserMixin):
            raise TypeError(
                f"'{user_model.__name__}' does not have the methods of a user. Let it inherit from"
                " 'flask_dj_session.auth.UserMixin' as well."
            )
        for one in [app] if app is not None else sessions.apps if sessions is not None else []:
            self.init_app(one)

    def init_app(self, app: Flask, sessions: DjangoSessions | None = None) -> None:
        """Let *app* use Django's users.

        This method checks the settings. It sends no query to the database.

        :raises SettingError: for a setting that cannot be used.
        """
        _check_is_extension(sessions)
        sessions = sessions or self._sessions
        if sessions is None:
            raise TypeError(
                "'sessions' is missing. Pass the DjangoSessions: 'auth.init_app(app, sessions)'."
            )
        site = site_of(app)
        if EXTENSION in app.extensions:
            raise RuntimeError(
                "A 'DjangoAuth' is already registered on this Flask app. Use that one instead."
            )
        engines = sessions.engines(app)
        settings = prepare_auth(app.config, self._given_settings)
        self._check_session_hash(settings)
        self._check_database(settings)
        hashers = self._hashers or _hashers(settings, site, django_version(app.config))
        accounts = Accounts(
            site, settings, lambda: self._make_users(site, settings, engines), hashers
        )
        self._states[app] = Login(accounts, make_backends(accounts, self._backends))
        app.extensions[EXTENSION] = self
        site.user_names = UserNames(accounts)
        site.check_logins = partial(login_findings, self._states[app])
        site.inactive_users = partial(inactive_ids, accounts)
        if not hasattr(app.request_class, "user"):
            app.request_class = _with_user(app.request_class)
        app.context_processor(self._for_templates)
        app.cli.add_command(users_command)

    @property
    def accounts(self) -> Accounts:
        """The users of the current app."""
        return self.state.accounts

    @property
    def state(self) -> Login:
        """What belongs to the current app."""
        try:
            return self._states[itself(current_app)]
        except KeyError:
            raise RuntimeError(
                "This 'DjangoAuth' does not know the app. Call 'auth.init_app(app, sessions)'."
            ) from None

    # Who it is

    def authenticate(
        self, username: str | None = None, password: str | None = None, /, **credentials: Any
    ) -> Any:
        """Return the user with this name and password, or None without a reason."""
        positional = {"username": username, "password": password}
        given = {name: value for name, value in positional.items() if value is not None}
        return self.state.authenticate(running_request(), {**given, **credentials})

    def login(self, user: Any, backend: str | None = None) -> None:
        """Log *user* in, here and in Django; the data of an anonymous visitor stays.

        :param backend: the dotted name of the backend that found the user, if it is not clear.
        :raises TypeError: for an object that is not a Django user.
        :raises ValueError: if it is not clear which backend found the user.
        """
        self.state.login(itself(request), itself(user), backend)

    def logout(self) -> None:
        """Log the user out, here and in Django; this deletes the data, the row and the cookie."""
        self.state.logout(itself(request))

    def get_user(self, pk: Any) -> Any:
        """Return the user with a primary key, active or not; None if there is none."""
        return self.accounts.users.by_pk(pk)

    def get_by_natural_key(self, username: str) -> Any:
        """Return the user with a name, active or not; None if there is none."""
        return self.accounts.users.by_username(username)

    def find_users(self, **field: Any) -> list[Any]:
        """Return the users of whom one column has a value, active or not.

        ``auth.find_users(email__iexact="ann@example.org")`` heeds no case, as in Django. A column
        that is not unique may have the value several times, so it is a list.

        :param field: the column and the value.
        :raises TypeError: unless exactly one is given.
        :raises MissingUserColumnError: where users have no such column.
        """
        return self.accounts.find(**field)

    def set_password(self, user: Any, raw_password: str) -> None:
        """Store another password; it ends all sessions of the user, on both sides.

        Call :meth:`update_session_auth_hash` afterwards to keep the session of the request. That
        works only if the user was known before, as in a view with :meth:`login_required`.
        """
        self.accounts.set_password(itself(user), raw_password)

    def update_session_auth_hash(self, user: Any) -> None:
        """Keep the request's session, under a new key, after a change of its user's password."""
        self.state.update_session_auth_hash(itself(request), itself(user))

    def create_user(
        self,
        username: str,
        email: str | None = None,
        password: str | None = None,
        **columns: Any,
    ) -> Any:
        """Add a user and return it.

        :param password: without one, the user cannot log in with a password.
        :raises sqlalchemy.exc.IntegrityError: if the name is taken.
        """
        return self.accounts.create_user(username, email, password, **columns)

    def create_superuser(
        self,
        username: str,
        email: str | None = None,
        password: str | None = None,
        **columns: Any,
    ) -> Any:
        """Add a user who may do everything, and return it."""
        return self.accounts.create_superuser(username, email, password, **columns)

    def create_tables(self, *, record_migrations: bool = False) -> list[str]:
        """Create the missing tables of ``manage.py migrate auth``, and return their names.

        :param record_migrations: also record the migrations in ``django_migrations``, if this call
            has created all of the tables.
        :raises ValueError: if AUTH_USER_MODEL is not Django's own.
        """
        return self.accounts.create_tables(record_migrations=record_migrations)

    # A user's sessions

    def sessions_of(self, user: Any) -> list[UserSession]:
        """Return the sessions in which *user* is logged in, here or in Django.

        The present one is the first, the others follow by when they were last saved. Without an
        index (``flask sessions index``) this reads the whole table.
        """
        return self.state.sessions.of(itself(user), running_request())

    def end_sessions(self, user: Any, *, keep_current: bool = True) -> int:
        """End all sessions of *user*, here and in Django, and return how many.

        :param keep_current: whether the session of the request goes on; otherwise it ends as at
            :meth:`logout`.
        """
        user, running = itself(user), running_request()
        current = current_key(running)
        number = self.state.sessions.end(user, but=current)
        if keep_current or running is None or self.state.user_of(running).pk != user.pk:
            return number
        self.state.logout(running)
        return number + 1

    def end_session(self, user: Any, reference: str) -> bool:
        """End one session of *user*, and return whether there was one.

        :param reference: what a :class:`.UserSession` says; that of another user ends nothing.
        """
        return self.state.sessions.end_one(itself(user), reference)

    # Whether the password was given a short while ago

    def has_recent_login(self, max_age: float | None = None) -> bool:
        """Return whether the request's user has logged in here less than *max_age* seconds ago.

        A login in Django is not recent: it leaves no time in the session.

        :param max_age: by default SESSION_SUDO_AGE.
        :raises SettingError: if SESSION_SUDO_AGE is not set, so that no login is ever recent.
        """
        return has_recent_login(self.state, itself(request), max_age)

    def confirm_login(self, password: str) -> bool:
        """Return whether *password* is that of the request's user; if so, the login is recent.

        The backends check it as at a login, and ``user_login_failed`` is sent if it is wrong. If it
        is right, the session gets a new key.
        """
        return confirm_login(self.state, itself(request), password)

    # Views for some only

    def user_passes_test(
        self,
        test_func: Callable[[Any], bool],
        login_url: Any = None,
        redirect_field_name: str = REDIRECT_FIELD_NAME,
    ) -> Callable[[View], View]:
        """Decorate a view for users for whom *test_func* is true; others go to the login page."""

        def decorate(view: View) -> View:
            @wraps(view)
            def guarded(*args: Any, **kwargs: Any) -> Any:
                if test_func(itself(self.current_user)):
                    return current_app.ensure_sync(view)(*args, **kwargs)
                url = login_url if is_set(login_url) else self.accounts.settings.login_url
                if not is_set(url) and self.current_user.is_authenticated:
                    abort(403)  # whoever is known already is not helped by status 401
                return redirect_to_login(request, url, redirect_field_name)

            return guarded  # type: ignore[return-value]

        return decorate

    def login_required(
        self,
        view: Any = None,
        redirect_field_name: str = REDIRECT_FIELD_NAME,
        login_url: Any = None,
    ) -> Any:
        """Decorate a view for users who are logged in; others go to the login page.

        If LOGIN_URL is empty, they get status 401.
        """
        decorate: Any = self.user_passes_test(
            lambda user: bool(user.is_authenticated), login_url, redirect_field_name
        )
        return decorate if view is None else decorate(view)

    @overload
    def recent_login_required(self, view: View, /) -> View: ...

    @overload
    def recent_login_required(
        self,
        max_age: float | None = None,
        *,
        reauthenticate_url: Any = None,
        redirect_field_name: str = REDIRECT_FIELD_NAME,
    ) -> Callable[[View], View]: ...

    def recent_login_required(
        self,
        max_age: Any = None,
        *,
        reauthenticate_url: Any = None,
        redirect_field_name: str = REDIRECT_FIELD_NAME,
    ) -> Any:
        """Decorate a view for users who have logged in here a short while ago.

        Others go to the login page; if LOGIN_URL is empty, they get status 401.

        :param max_age: how many seconds that may be; by default SESSION_SUDO_AGE.
        :param reauthenticate_url: where users go who are logged in, but whose login is older: a
            page that asks for the password and calls :meth:`confirm_login`.
        """
        seconds: float | None = None if callable(max_age) else max_age

        def decorate(view: Any) -> Any:
            return recent_only(view, seconds, reauthenticate_url, redirect_field_name)

        return decorate(max_age) if callable(max_age) else decorate

    def permission_required(
        self,
        perm: str | Iterable[str],
        login_url: Any = None,
        raise_exception: bool = False,
    ) -> Callable[[View], View]:
        """Decorate a view for users with a permission, or with all of several.

        :param raise_exception: answer others with status 403 instead of the login page.
        """
        perms = (perm,) if isinstance(perm, str) else tuple(perm)

        def has_them(user: Any) -> bool:
            if user.has_perms(perms):
                return True
            if raise_exception:
                raise PermissionDenied
            return False

        return self.user_passes_test(has_them, login_url)

    def _current_user(self) -> Any:
        running = running_request()
        return AnonymousUser() if running is None else self.state.user_of(running)

    def _for_templates(self) -> dict[str, Any]:
        # Django 5.2, contrib/auth/context_processors.py: auth
        user = self.current_user
        return {"user": user, "current_user": user, "perms": PermWrapper(user)}

    def _check_session_hash(self, settings: AuthSettings) -> None:
        """Refuse users whose sessions have a hash that this app cannot make."""
        told = settings.told_of_user
        is_told = isinstance(self._user_model, type) and has_own_hash(self._user_model)
        if told is not None and told["has_own_session_hash"] and not is_told:
            raise SettingError(
                "AUTH_USER_MODEL",
                f"is {settings.user_model!r}, whose own 'get_session_auth_hash' makes the hash in"
                " the sessions, and this package does not know how",
                "Pass a mapped class with a method 'get_session_auth_hash(self, secret=None)' that"
                " makes the same: 'DjangoAuth(sessions, user_model=...)'.",
            )

    def _check_database(self, settings: AuthSettings) -> None:
        """Refuse to look for users in the database of the sessions where they are in another."""
        alias = settings.users_elsewhere
        if (
            alias is not None
            and self._bind_key is ...
            and bind_key_of(_mapped(self._user_model)) is ...
        ):
            raise SettingError(
                "DATABASE_ROUTERS",
                f"keeps the users in {alias!r}, which is not where the sessions are",
                f"Name that database: 'DjangoAuth(sessions, bind_key={alias!r})'; its URL is"
                f" 'django_settings(..., using={alias!r})[\"SQLALCHEMY_DATABASE_URI\"]', to be put"
                " into 'SQLALCHEMY_BINDS'.",
            )

    def _make_users(self, site: Site, settings: AuthSettings, engines: Engines) -> Users:
        told = settings.told_of_user
        given = self._user_model
        if given is None and told is not None:
            given = str(told["table"])
        if given is None or isinstance(given, str):
            table, schema, source = given, None, None
        else:
            its_table = given if isinstance(given, sa.Table) else _table_of(given)
            table, schema, source = its_table.name, its_table.schema, given
        return Users(
            self._engine(site.store.engine, source, engines),
            user_model(settings.user_model, table, schema),
            lambda: site.settings.naive_zone,
            source=source,
            username_field=self._username_field
            or (told["username"]["name"] if told else "username"),
            make_user=DjangoUser,
        )

    def _engine(
        self, of_sessions: AutocommitEngine, source: Any, engines: Engines
    ) -> AutocommitEngine:
        """Return the engine of the database that the users are in."""
        if self._bind_key is not ...:
            return engines.of(self._bind_key)
        bind_key = bind_key_of(source)
        if bind_key is ... or (bind_key is None and not engines.has(None)):
            return of_sessions
        return engines.of(bind_key)


def _check_is_extension(sessions: Any) -> None:
    if sessions is not None and not isinstance(sessions, DjangoSessions):
        raise TypeError(
            f"'sessions' is a {type(sessions).__name__}. Pass the DjangoSessions of the app:"
            " 'DjangoAuth(sessions)', or 'auth.init_app(app, sessions)'."
        )


def _hashers(
    settings: AuthSettings, site: Site, version: tuple[int, int] | None
) -> PasswordHashers:
    """Make passwords as the site's Django does; where it is not known, as 5.2 does."""
    # With "sha1" the project runs on 3.2 at most, and short salts stay for those before it.
    is_old = site.settings.algorithm == "sha1"
    default = (3, 1) if is_old else (5, 2)
    return PasswordHashers(
        [_hasher(path, settings, version or default) for path in settings.password_hashers],
        django_version=".".join(map(str, version or default)),
        renew_short_salts=False if is_old else None,
    )


def _hasher(path: str, settings: AuthSettings, version: tuple[int, int]) -> str | Hasher:
    """Return a name that is known or can be imported here, or what does the same."""
    told = settings.told_of_hashers.get(path)
    if told is None or path.startswith("django."):
        return path
    return described_hasher(told, version) or path


def _mapped(model: Any) -> Any:
    return None if isinstance(model, str) else model


def _table_of(model: type[Any]) -> sa.Table:
    table: sa.Table = model.__table__
    return table


def _with_user(request_class: type[Request]) -> type[Request]:
    """Give requests ``request.user``, for views carried over from Django."""
    user = property(lambda request: current_login().user_of(request))
    return type(request_class.__name__, (request_class,), {"user": user})
