"""``Inspector``: the blueprint, and the rules that hold for each of its requests."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, request
from flask.sansio.app import App
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, Forbidden, HTTPException, NotFound

from ..errors import MissingTableError
from ..interface import DjangoSessionInterface
from . import everybody, forgery, own, single
from .access import Access, check_access
from .headers import protect
from .render import render
from .site import visitor


class Inspector(Blueprint):
    """Pages that show the visitor's session and all others, for an app to register.

    :param access: says at each request whether it may look, by returning True. Without it the
        app must be in debug mode, and only browsers on the same machine may look.
    :param url_prefix: where the pages are.
    :param name: the blueprint's name.
    :raises TypeError: where *access* cannot be called.
    """

    def __init__(
        self,
        *,
        access: Access | None = None,
        url_prefix: str = "/sessions",
        name: str = "inspector",
    ) -> None:
        if access is not None and not callable(access):
            raise TypeError(
                f"'access' is a {type(access).__name__}. Give a function that returns True where"
                " the present request may look at sessions."
            )
        super().__init__(name, __name__, url_prefix=url_prefix, static_folder="static")
        self._access = access
        self.before_request(self._guard)
        self.after_request(protect)
        self.after_request(forgery.remember)
        self.register_error_handler(HTTPException, _problem)
        self.register_error_handler(MissingTableError, _problem)
        self._add_pages()

    def register(self, app: App, options: dict[str, Any]) -> None:
        """Register the pages on *app*.

        :raises RuntimeError: where nobody would say who may look, or the app has no sessions of
            this package's.
        """
        assert isinstance(app, Flask)
        if self._access is None and not app.debug:
            raise RuntimeError(
                "The session inspector is not registered: the app is not in debug mode, and nobody"
                " says who may look. Run 'flask run --debug', or give 'Inspector(access=...)' a"
                " function that returns True for those who may."
            )
        if not isinstance(app.session_interface, DjangoSessionInterface):
            raise RuntimeError(
                "The app's 'session_interface' is not that of 'DjangoSessions'. Call"
                " 'sessions.init_app(app, db)' before the inspector is registered."
            )
        super().register(app, options)

    def _guard(self) -> None:
        # Looking changes nothing, not even with SESSION_SAVE_EVERY_REQUEST.
        visitor().closed = True
        check_access(self._access)
        if request.method not in ("GET", "HEAD", "OPTIONS") and not forgery.is_genuine():
            raise BadRequest(
                "The form was too old, or did not come from this page. Go back, reload, try again."
            )

    def _add_pages(self) -> None:
        self.add_url_rule("/", view_func=own.yours, methods=["GET", "POST"])
        self.add_url_rule("/count", view_func=own.count, methods=["POST"])
        self.add_url_rule("/all", view_func=everybody.everybody)
        both = ["GET", "POST"]
        self.add_url_rule("/one/<reference>", view_func=single.one, methods=both)
        self.add_url_rule("/one/<reference>/revoke", view_func=single.revoke, methods=both)


def _problem(error: Exception) -> ResponseReturnValue:
    """Answer with a page that says what is wrong."""
    if isinstance(error, Forbidden):
        # Without the style sheet, which is as closed as the rest.
        return render("closed.html"), 403
    if not isinstance(error, HTTPException):
        return render("problem.html", title="No table", text=str(error)), 503
    if error.code is None or error.code < 400:
        return error.get_response()
    text = error.description or ""
    if isinstance(error, NotFound):
        text = "Nothing is here. The session may have been ended, or cleared, or got another key."
    return render("problem.html", title=error.name, text=text), error.code
