"""A user's own sessions, and their end; who asks is known to be logged in, and the form genuine."""

from __future__ import annotations

from typing import Any

from flask import redirect as to
from flask import request, url_for
from flask.typing import ResponseReturnValue

from ...contexts import itself
from ..current import current_login
from ..recent import confirm_login, has_recent_login
from ..user_sessions import current_key
from .login_page import login_page
from .render import render

#: what a form names in place of one session
OTHERS = "others"
#: what the page says that was done
NOTICES = {
    "ended": "The session has ended. Whoever used it is logged out.",
    "others": "All other sessions have ended. Only this one goes on.",
    "gone": "That session had ended already.",
}


def sessions() -> ResponseReturnValue:
    """Show the sessions of the user."""
    login, user = _asking()
    return render(
        "sessions.html",
        name=user.get_username(),
        sessions=login.sessions.of(user, itself(request)),
        notice=NOTICES.get(request.args.get("notice", "")),
        others=OTHERS,
    )


def end() -> ResponseReturnValue:
    """End one session or all others, once it is sure that it is the user who asks."""
    login, user = _asking()
    named = request.form.get("session", "")
    if not _is_sure(login):
        given = request.form.get("password")
        if given is None or not confirm_login(login, itself(request), given):
            return _question(user, named, is_wrong=given is not None)
    return to(url_for(".sessions", notice=_end(login, user, named)), 303)


def _asking() -> tuple[Any, Any]:
    login = current_login()
    return login, login.user_of(itself(request))


def _is_sure(login: Any) -> bool:
    """Return whether no password need be asked for."""
    settings = login.accounts.site.settings
    return settings.sudo_age is None or has_recent_login(login, itself(request))


def _end(login: Any, user: Any, named: str) -> str:
    """End what is named, and return what the page says of it."""
    current = current_key(itself(request))
    if named == OTHERS:
        login.sessions.end(user, but=current)
        return "others"
    return "ended" if login.sessions.end_one(user, named, but=current) else "gone"


def _question(user: Any, named: str, *, is_wrong: bool) -> ResponseReturnValue:
    page = render(
        "password.html",
        name=user.get_username(),
        session=named,
        are_others=named == OTHERS,
        is_wrong=is_wrong,
        login_page=login_page(),
    )
    return page, 403 if is_wrong else 200
