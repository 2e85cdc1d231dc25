"""``Inspector``: the blueprint, and the rules that hold for each of its requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from flask import Blueprint, Flask, request
from flask.sansio.app import App
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, Forbidden, HTTPException, NotFound

from ..errors import CacheDownError, CacheListError, MissingTableError
from ..pages.forms import ask_no_other_token, is_read_elsewhere
from ..pages.headers import protect
from ..site import site_of
from . import session_detail, session_list, your_session
from .access import Access, check_access
from .csrf import FORMS
from .onlooking import Onlooking
from .render import render

View = Callable[..., ResponseReturnValue]

_NOT_FOUND = (
    "There is no such session. It may have been ended or cleared, or it may have another key now."
)
_NOT_GENUINE = (
    "The form is too old, or it did not come from this page. Go back, reload, and try again."
)


class Inspector(Blueprint):
    """Pages that show the visitor's session and all others, for an app to register.

    :param access: says at each request whether it may look, by returning True. Without it the
        app must be in debug mode, and only browsers on the same machine may look.
    :param url_prefix: where the pages are.
    :param name: the blueprint's name.
    :param links: pages of the app's own that each page leads to: their names, and their endpoints
        (``{"The lesson": "index"}``).
    :raises TypeError: where *access* cannot be called.
    """

    def __init__(
        self,
        *,
        access: Access | None = None,
        url_prefix: str = "/sessions",
        name: str = "inspector",
        links: Mapping[str, str] | None = None,
    ) -> None:
        if access is not None and not callable(access):
            raise TypeError(
                f"'access' is a {type(access).__name__}. Give a function that returns True where"
                " the present request may look at sessions."
            )
        super().__init__(name, __name__, url_prefix=url_prefix, static_folder="../pages/static")
        #: the endpoints of the app's own pages that each page leads to, by their names
        self.links = dict(links or {})
        self._access = access
        self.url_value_preprocessor(ask_no_other_token)
        self.before_request(self._guard)
        self.after_request(FORMS.remember)
        # Again at the very end, where nothing around the session interface keeps that from us.
        self.after_request(protect)
        self._add_pages()

    def register(self, app: App, options: dict[str, Any]) -> None:
        """Register the pages on *app*.

        :raises RuntimeError: where nobody would say who may look, or the app has no sessions of
            this package's.
        """
        assert isinstance(app, Flask)
        if self._access is None and not app.debug:
            raise RuntimeError(
                "The session inspector is not registered: the app is not in debug mode, and"
                " 'access' does not say who may look. Run 'flask run --debug', or give"
                " 'Inspector(access=...)' a"
                " function that returns True for those who may."
            )
        site = site_of(app)
        super().register(app, options)
        site.onlookers.append(Onlooking(self))

    def _guard(self) -> None:
        # A no is answered by the app's own page.
        check_access(self._access)
        if request.method != "POST" and is_read_elsewhere():
            raise Forbidden

    def _add_pages(self) -> None:
        both = ["GET", "POST"]
        self._add("/", your_session.your_session, both)
        self._add("/count", your_session.count, ["POST"])
        self._add("/all", session_list.session_list, ["GET"])
        self._add("/one/<reference>", session_detail.session_detail, both)
        self._add("/one/<reference>/revoke", session_detail.revoke, both)

    def _add(self, rule: str, view: View, methods: list[str]) -> None:
        self.add_url_rule(rule, view_func=_explained(view), methods=methods)


def _explained(view: View) -> View:
    """Let *view* answer with a page where something is wrong, and refuse forged POSTs."""

    @wraps(view)
    def page(**arguments: str) -> ResponseReturnValue:
        try:
            if request.method == "POST" and not FORMS.is_genuine():
                raise BadRequest(_NOT_GENUINE)
            return view(**arguments)
        except MissingTableError as error:
            return render("problem.html", title="No table", text=str(error)), 503
        except CacheListError as error:
            return render("problem.html", title="No list of sessions", text=str(error)), 501
        except CacheDownError as error:
            return render("problem.html", title="No cache", text=str(error)), 503
        except NotFound as error:
            return render("problem.html", title=error.name, text=_NOT_FOUND), 404
        except HTTPException as error:
            page = render("problem.html", title=error.name, text=error.description)
            return page, error.code or 500

    return page
