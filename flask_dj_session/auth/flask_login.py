"""Flask-Login on Django's login; of its own it leaves nothing in the session but ``_fresh``.

Flask-Login asks its manager who it is, and tells by signals whom it has logged in and out. Of the
manager's methods that are used here, two are private: ``_load_user``, and what makes an ``_id``.
"""

from __future__ import annotations

from typing import Any

import flask_login
from flask import Flask, current_app, has_app_context, request

from .. import site
from ..contexts import itself
from ..settings.readings import is_set
from .current import current_login
from .login import session_of
from .redirects import text_of
from .signals import user_logged_in, user_logged_out
from .user import AnonymousUser

# What Flask-Login puts into the session, and Django has other names for, or no need.
_FLASK_LOGINS = ("_user_id", "_id", "_fresh", "_remember", "_remember_seconds")


class DjangoLoginManager(flask_login.LoginManager):  # type: ignore[misc]
    """Flask-Login's manager, where Django knows who is logged in.

    You do not need ``user_loader`` and ``request_loader``; Flask-Login does not call them. There
    is no "remember me" cookie: Django's session lasts when the browser is closed. If
    SESSION_EXPIRE_AT_BROWSER_CLOSE is set, ``login_user(remember=True)`` makes the session last.

    :param app: call :meth:`init_app` on this app.
    """

    _login_view: Any = None

    def __init__(self, app: Flask | None = None) -> None:
        super().__init__()
        self.anonymous_user = AnonymousUser
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask, add_context_processor: bool = True) -> None:
        """Let Flask-Login work in *app*, which has a ``DjangoAuth``.

        If you set no ``login_view``, it is LOGIN_URL.
        """
        # Without Flask-Login's own 'after_request', which would load every request's session.
        app.login_manager = self  # type: ignore[attr-defined]
        if add_context_processor:
            app.context_processor(lambda: {"current_user": flask_login.current_user})
        flask_login.user_logged_in.connect(self._on_login_user, app)
        flask_login.user_logged_out.connect(self._on_logout_user, app)
        flask_login.user_login_confirmed.connect(self._forget_the_browser, app)
        user_logged_in.connect(self._on_login, app)
        user_logged_out.connect(self._on_logout, app)

    @property
    def login_view(self) -> Any:
        """The page to log in on; by default what LOGIN_URL leads to, asked when it is needed."""
        if self._login_view is None and has_app_context():
            url = current_app.config.get("LOGIN_URL")
            return text_of(url) if is_set(url) else None
        return self._login_view

    @login_view.setter
    def login_view(self, value: Any) -> None:
        self._login_view = value

    def unauthorized(self) -> Any:
        """Send a visitor who is not logged in to the login page."""
        answer = super().unauthorized()
        self._forget_the_browser()
        return answer

    def needs_refresh(self) -> Any:
        """Send a user whose login is not fresh to the page for that."""
        answer = super().needs_refresh()
        self._forget_the_browser()
        return answer

    def _load_user(self) -> None:
        user = current_login().user_of(itself(request))
        self._update_request_context_with_user(user if user.is_authenticated else None)

    # What Flask-Login's functions did is done again in Django's way.

    def _on_login_user(self, app: Flask, user: Any, **_: Any) -> None:
        session = session_of(itself(request))
        asked = {name: session.pop(name, None) for name in _FLASK_LOGINS}
        current_login().login(itself(request), user)
        session["_fresh"] = asked["_fresh"]  # for 'fresh_login_required'
        if asked["_remember"] == "set":
            session.set_expiry(int(asked["_remember_seconds"] or session.get_session_cookie_age()))

    def _on_logout_user(self, app: Flask, **_: Any) -> None:
        current_login().logout(itself(request))

    # What is done in Django's way is told to Flask-Login, which may know of another user.

    def _on_login(self, app: Flask, user: Any, **_: Any) -> None:
        self._update_request_context_with_user(user)

    def _on_logout(self, app: Flask, **_: Any) -> None:
        self._update_request_context_with_user()

    def _forget_the_browser(self, _app: Flask | None = None) -> None:
        """Drop what Flask-Login has stored of address and browser, for its SESSION_PROTECTION."""
        session = site.session_of(itself(request))
        if session is not None and session.get("_id") == self._session_identifier_generator():
            del session["_id"]
