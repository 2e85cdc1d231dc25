"""Pages for those who have logged in a short while ago, and asking for a password again."""

from __future__ import annotations

from functools import wraps
from typing import Any

from flask import Request, current_app, request

from ..contexts import itself
from ..errors import SettingError
from ..settings.readings import is_set
from ..site import session_of as known_session
from . import login_time
from .current import current_login
from .login import HASH_SESSION_KEY, Login, session_of, tell_failed
from .redirects import redirect_to_login


def has_recent_login(login: Login, request: Request, max_age: float | None = None) -> bool:
    """Return whether the user of *request* has given a password less than *max_age* seconds ago.

    :param max_age: by default SESSION_SUDO_AGE.
    :raises SettingError: if no setting makes logins leave their time, or there is no age.
    """
    longest = _longest(login, max_age)
    session = known_session(request)
    if session is None or not login.user_of(request).is_authenticated:
        return False
    age = login_time.seconds_since_login(session, login.accounts.site.now())
    return age is not None and age < longest


def _longest(login: Login, max_age: float | None) -> float:
    settings = login.accounts.site.settings
    longest = settings.sudo_age if max_age is None else max_age
    if longest is None or not settings.times_logins:
        raise SettingError(
            "SESSION_SUDO_AGE",
            "is not set, so that no login would ever be recent",
            "Set it to the seconds for which a login is recent, such as 900.",
        )
    return longest


def recent_only(
    view: Any, max_age: float | None, reauthenticate_url: Any, redirect_field_name: str
) -> Any:
    """Return a view that sends others than users with a recent login to a page for that."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        login, asked = current_login(), itself(request)
        if has_recent_login(login, asked, max_age):
            return current_app.ensure_sync(view)(*args, **kwargs)
        is_known = login.user_of(asked).is_authenticated
        own_page = is_known and is_set(reauthenticate_url)
        url = reauthenticate_url if own_page else login.accounts.settings.login_url
        return redirect_to_login(asked, url, redirect_field_name)

    return guarded


def confirm_login(login: Login, request: Request, password: str) -> bool:
    """Return whether *password* is that of the user of *request*; if so, the login is recent.

    The backends are asked as at a login. The session gets another key.
    """
    user = login.user_of(request)
    if not user.is_authenticated:
        return False
    credentials = {"username": user.get_username(), "password": password}
    found = login.authenticate(request, credentials)
    if found is None:
        return False
    if found.pk != user.pk:
        tell_failed(request, credentials)
        return False
    session = session_of(request)
    # Of a session that a logout elsewhere has ended nothing comes back, and of two clicks the
    # first has done all that is to be done.
    if not login.move(session):
        return False
    if HASH_SESSION_KEY in session:
        # An outdated hash of the password was replaced.
        session[HASH_SESSION_KEY] = found.get_session_auth_hash()
    if login.accounts.site.settings.times_logins:
        login_time.stamp(session, login.accounts.site.now())
    return True
