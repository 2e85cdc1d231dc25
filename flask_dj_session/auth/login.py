"""Who a session belongs to: recognising, logging in and out, in Django's order.

Django 5.2, contrib/auth/__init__.py; views and requests come in only as what holds the session.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

from flask import Request, current_app

from .. import audit, site
from ..contexts import itself
from ..errors import SessionInterrupted
from ..index import index_of
from ..session import DjangoSession
from . import csrf, login_time, signals
from .accounts import Accounts
from .backends import Backends, PermissionDenied, has_users, lets_in
from .hashes import Match, equal
from .user import AnonymousUser, UserMixin
from .user_sessions import UserSessions
from .verification import doubt, verify

SESSION_KEY = "_auth_user_id"
BACKEND_SESSION_KEY = "_auth_user_backend"
HASH_SESSION_KEY = "_auth_user_hash"

_SECRET = re.compile("api|token|key|secret|password|signature", re.IGNORECASE)


def session_of(request: Request) -> DjangoSession:
    """Return the session of a request, to be changed.

    :raises RuntimeError: where that is none of Django's, so that the change would be lost.
    """
    session = site.session_of(request)
    if session is not None and site.is_saved(request, session):
        return session
    raise RuntimeError(
        "You cannot log a user in or out in this request, because its session is not Django's: the"
        " app's"
        f" 'session_interface', a {type(current_app.session_interface).__name__}, or an extension"
        " such as Flask-SocketIO has given it another, or none. Do it in a request that has a"
        " Django session."
    )


class Login:
    """The login of one app: its users, and the backends that know them.

    :param accounts: its users.
    :param backends: by their dotted names, in the order in which they are asked.
    """

    def __init__(self, accounts: Accounts, backends: Backends) -> None:
        self.accounts = accounts
        self.backends = backends
        self.index = index_of(accounts.site)
        self.sessions = UserSessions(accounts, self.index)

    def user_of(self, request: Request) -> Any:
        """Return the user of a request, found out once; nobody where it has no Django session."""
        if "_cached_user" not in vars(request):
            session = site.session_of(request)
            if session is None:
                _remember(request, AnonymousUser())
            else:
                renews = site.is_saved(request, session)
                _remember(request, self.get_user(session, renews=renews))
        return vars(request)["_cached_user"]

    def get_user(self, session: DjangoSession, *, renews: bool = True) -> Any:
        """Return the user whom *session* has logged in and who still counts, or AnonymousUser.

        A session whose login is older than SESSION_ABSOLUTE_AGE is flushed. One whose password was
        changed is flushed, where it is known that Django flushes it, too; otherwise it stays as it
        is, and the log says why. One whose hash was made with a key of SECRET_KEY_FALLBACKS gets
        another key and the hash of the present one.

        :param renews: whether the browser will be told another key.
        """
        if SESSION_KEY not in session or BACKEND_SESSION_KEY not in session:
            return AnonymousUser()
        if self.accounts.site.settings.absolute_age is not None and self._is_over(session):
            self._end_by_age(session)
            return AnonymousUser()
        user = self._user_in(session)
        if user is None:
            return AnonymousUser()
        _check_is_user(user)
        match = verify(self.accounts, session.get(HASH_SESSION_KEY), user)
        if match is Match.NONE:
            self._end_if_stale(session, user)
            return AnonymousUser()
        if match is Match.FALLBACK and renews and self.move(session):
            session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        if self.accounts.site.settings.absolute_age is not None:
            login_time.begin(session, self.accounts.site.now())
        user.backend = session[BACKEND_SESSION_KEY]
        return user

    def authenticate(self, request: Request | None, credentials: dict[str, Any]) -> Any:
        """Return the user whom the first of the backends knows by *credentials*, or None."""
        for path, backend in self.backends.items():
            if not _takes(backend.authenticate, credentials):
                continue
            try:
                user = backend.authenticate(**credentials)
            except PermissionDenied:
                break
            if user is not None:
                user.backend = path
                return user
        tell_failed(request, credentials)
        return None

    def login(self, request: Request, user: Any, backend: str | None = None) -> None:
        """Let *user* have the session of *request*, and this one alone.

        :raises TypeError: for an object that is no user of Django's.
        :raises ValueError: where it is not clear which backend found the user, or where Django
            could not find the user by it.
        """
        _check_is_user(user)
        path = backend or self._backend_of(user)
        self._check_finds_users(path)
        session = session_of(request)
        auth_hash = user.get_session_auth_hash()
        self._make_way(session, user, auth_hash)
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = path
        session[HASH_SESSION_KEY] = auth_hash
        if self.accounts.site.settings.times_logins:
            login_time.stamp(session, self.accounts.site.now())
        if self.index.enters_logins:
            self.sessions.note_login(session, user, request)
        user.backend = path
        _remember(request, user)
        if not session.is_read_only:  # otherwise nobody is logged in when the request is over
            csrf.rotate_token(self.accounts, session)
            self.accounts.users.set_last_login(user, self.accounts.site.now())
        signals.user_logged_in.send(itself(current_app), user=user, request=request)
        self._tell(session, "logged_in")

    def logout(self, request: Request) -> None:
        """Flush the session, whoever has it."""
        session = session_of(request)
        user = self.user_of(request)
        known = user if user.is_authenticated else None
        # Before the session is flushed, so that receivers can look at it.
        signals.user_logged_out.send(itself(current_app), user=known, request=request)
        session.flush()
        _remember(request, AnonymousUser())

    def move(self, session: DjangoSession) -> bool:
        """Give the session of a user another key, and return whether that was possible."""
        former = session.session_key
        if not has_moved(session):
            return False
        self.sessions.note_move(session, former)
        return True

    def update_session_auth_hash(self, request: Request, user: Any) -> None:
        """Keep the session of *request* after the password of its user was changed.

        Whose session it is must have been found out before that; afterwards it is nobody's.
        """
        session = session_of(request)
        former = session.session_key
        session.cycle_key()
        self.sessions.note_move(session, former)
        if self.user_of(request).pk == user.pk:
            session[HASH_SESSION_KEY] = user.get_session_auth_hash()

    def _end_if_stale(self, session: DjangoSession, user: Any) -> None:
        reason = doubt(self.accounts, session.get(HASH_SESSION_KEY), user)
        if reason is None:
            session.flush()
            return
        # Unlike Django: what its own class of users knows is not known here, so nothing is ended.
        current_app.logger.warning(
            "A visitor who may be logged in to Django is anonymous here: '%s' in the session does"
            " not match. %s. The session was not changed.",
            HASH_SESSION_KEY,
            reason,
        )

    def _user_in(self, session: DjangoSession) -> Any:
        path = session[BACKEND_SESSION_KEY]
        backend = self.backends.get(path) if isinstance(path, str) else None
        pk = self._pk_in(session)
        return None if backend is None or pk is None else backend.get_user(pk)

    def _make_way(self, session: DjangoSession, user: Any, auth_hash: str) -> None:
        """Give *session* another key, or empty it, where the login of *user* asks for that."""
        if SESSION_KEY not in session:
            _renew_key(session)
        elif self._pk_in(session) != user.pk or (
            auth_hash and not equal(session.get(HASH_SESSION_KEY), auth_hash)
        ):
            session.flush()  # another user's session is not this one's
        elif self.accounts.site.settings.cycle_at_relogin:
            _renew_key(session)

    def _is_over(self, session: DjangoSession) -> bool:
        site = self.accounts.site
        longest = site.settings.absolute_age
        return longest is not None and login_time.has_outlived(session, longest, site.now())

    def _end_by_age(self, session: DjangoSession) -> None:
        self._tell(session, "outlived", reason="absolute age")
        session.flush()

    def _tell(self, session: DjangoSession, event: str, reason: str | None = None) -> None:
        known = audit.known(session.session_key, session)
        audit.tell(self.accounts.site.settings, event, known, reason=reason)

    def _pk_in(self, session: DjangoSession) -> Any:
        try:
            return self.accounts.users.read_pk(session[SESSION_KEY])
        except (KeyError, ValueError):
            # Unlike Django: an id that can be no primary key is nobody's, and no error.
            return None

    def _backend_of(self, user: Any) -> str:
        if user.backend is not None:
            return str(user.backend)
        # Unlike Django: of several, one that lets nobody in here has not found the user.
        paths = [path for path, one in self.backends.items() if lets_in(one)]
        if not paths and len(self.backends) == 1:
            paths = [*self.backends]
        if len(paths) != 1:
            raise ValueError(
                "AUTHENTICATION_BACKENDS names several backends, so 'login' must know which of them"
                " found"
                " the user. Pass 'backend', or a user that 'authenticate' has returned."
            )
        return paths[0]

    def _check_finds_users(self, path: str) -> None:
        if path in self.backends and not has_users(self.backends[path]):
            raise ValueError(
                f"Django finds no user by {path!r}, and would fail with it in a session. Pass"
                " another 'backend'."
            )


def has_moved(session: DjangoSession) -> bool:
    """Give *session* another key, if no other request has ended it or done the same meanwhile."""
    was_interrupted = session.interrupted
    try:
        session.cycle_key()
    except SessionInterrupted:
        session.interrupted = was_interrupted
        return False
    return True


def _renew_key(session: DjangoSession) -> None:
    if not has_moved(session):
        # Unlike Django: of a session that a logout elsewhere has ended, or the first of two
        # clicks has moved, nothing comes back; the user begins anew.
        session.flush()


def tell_failed(request: Request | None, credentials: dict[str, Any]) -> None:
    """Send ``user_login_failed``, with what is secret hidden."""
    signals.user_login_failed.send(
        itself(current_app), credentials=_cleansed(credentials), request=request
    )


def _check_is_user(user: Any) -> None:
    if not isinstance(user, UserMixin):
        raise TypeError(
            f"A {type(user).__name__} cannot log in. Give a user that 'authenticate' or"
            " 'get_user' has returned, or an object of a class with 'UserMixin'."
        )


def _takes(authenticate: Callable[..., Any], credentials: dict[str, Any]) -> bool:
    try:
        inspect.signature(authenticate).bind(**credentials)
    except TypeError:
        return False
    return True


def _cleansed(credentials: dict[str, Any]) -> dict[str, Any]:
    """Hide what is secret by its name.

    # Django 5.2, contrib/auth/__init__.py: _clean_credentials
    """
    return {
        name: "********************" if _SECRET.search(name) else value
        for name, value in credentials.items()
    }


def _remember(request: Request, user: Any) -> None:
    vars(request)["_cached_user"] = user
