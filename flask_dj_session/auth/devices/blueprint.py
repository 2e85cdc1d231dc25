"""``Devices``: the blueprint, and the rules that hold for each of its requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from flask import Blueprint, Flask, abort, redirect, request
from flask.sansio.app import App
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Forbidden

from ...contexts import itself
from ...errors import CacheListError
from ...index import index_of
from ...pages.forms import ask_no_other_token, is_read_elsewhere
from ...pages.headers import protect
from ...site import site_of
from ..current import EXTENSION, current_login
from . import views
from .login_page import login_page
from .render import FORMS, render

View = Callable[[], ResponseReturnValue]

_NO_LIST = (
    "This site keeps its sessions where nobody can list them. If you fear that somebody else uses"
    " your account, change your password: that ends all other sessions."
)

_NOT_GENUINE = (
    "The form is too old, or it did not come from this page. Go back, reload, and try again."
)


class Devices(Blueprint):
    """Pages that show users their own sessions, for an app to register.

    From then on, logins leave an entry in the index of the sessions. If SESSION_SUDO_AGE is set,
    sessions are ended only after a recent login, and the pages ask for the password otherwise.

    :param url_prefix: where the pages are.
    :param name: the blueprint's name.
    :param login_url: where those go who are not logged in; by default LOGIN_URL.
    :param links: pages of the app's own that each page leads to: their names, and their endpoints
        (``{"The shop": "shop.index"}``).
    """

    def __init__(
        self,
        *,
        url_prefix: str = "/account/sessions",
        name: str = "devices",
        login_url: Any = None,
        links: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(name, __name__, url_prefix=url_prefix, static_folder="../../pages/static")
        #: the endpoints of the app's own pages that each page leads to, by their names
        self.links = dict(links or {})
        #: where those go who are not logged in; None for LOGIN_URL
        self.login_url = login_url
        self.url_value_preprocessor(ask_no_other_token)
        self.before_request(_refuse_readers)
        self.after_request(FORMS.remember)
        self.after_request(protect)
        self.add_url_rule("/", view_func=_for_users(views.sessions), methods=["GET"])
        self.add_url_rule("/end", view_func=_for_users(views.end), methods=["POST"])

    def register(self, app: App, options: dict[str, Any]) -> None:
        """Register the pages on *app*.

        :raises RuntimeError: where the app has no login of this package's.
        """
        assert isinstance(app, Flask)
        if EXTENSION not in app.extensions:
            raise RuntimeError(
                "The page of a user's sessions is not registered: the app has no 'DjangoAuth'. Call"
                " 'auth.init_app(app, sessions)' first."
            )
        super().register(app, options)
        index_of(site_of(app)).is_shown = True


def _refuse_readers() -> None:
    if request.method != "POST" and is_read_elsewhere():
        raise Forbidden


def _for_users(view: View) -> View:
    """Let users in alone, and refuse forged POSTs."""

    @wraps(view)
    def page() -> ResponseReturnValue:
        if not current_login().user_of(itself(request)).is_authenticated:
            url = login_page()
            return redirect(url, 302) if url is not None else abort(401)
        if request.method == "POST" and not FORMS.is_genuine():
            return render("problem.html", title="Bad Request", text=_NOT_GENUINE), 400
        try:
            return view()
        except CacheListError:
            return render("problem.html", title="No list of sessions", text=_NO_LIST), 501

    return page
