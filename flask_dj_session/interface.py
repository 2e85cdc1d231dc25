"""What Django's SessionMiddleware does, as a Flask session interface.

Which session a request has, whether it is stored at the end, and which headers tell the browser.
Django 5.2, sessions/middleware.py: SessionMiddleware.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, Request, Response, request
from flask.sessions import SessionInterface, SessionMixin

from . import audit
from .contexts import error_page, opened_session
from .errors import DatabaseHeldError, UpdateError
from .session import DjangoSession, InterruptedRequest
from .site import Site
from .wire import cookies

#: what keeps a response out of caches that several people share
_NOT_SHARED = frozenset({"no-store", "private"})


class DjangoSessionInterface(SessionInterface):
    """Opens and saves the sessions of a site.

    :param site: knows where they are kept, and how.
    """

    def __init__(self, site: Site) -> None:
        self.site = site

    def open_session(self, app: Flask, request: Request) -> DjangoSession:
        """Return the request's session; nothing is loaded, and nothing is asked of the store."""
        self.site.store.watch_app()
        site = self.site
        key = self._cookie_of(request)
        session = site.session_class(key, site=site)
        if key and session.session_key is None:
            audit.tell(site.settings, "refused", audit.known(key, None), reason="invalid key")
        request.session = session  # type: ignore[attr-defined]
        return session

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Store the session where Django would, and tell the browser.

        :raises SessionInterrupted: where the row was deleted meanwhile, and the session is not
            that of the running request (which is answered with an error page instead).
        """
        if not isinstance(session, DjangoSession):
            _refuse_foreign(session)
            return
        if session.interrupted:
            return
        if self.site.onlookers and session.is_read_only:
            if (onlooker := self.site.onlooker()) is not None:
                onlooker.finish(response)
            return
        is_empty = session.is_empty()
        if is_empty and self._cookie_of(request) is not None:
            self._set_cookie(response, cookies.delete_cookie(self.site.settings.cookie))
            _vary_on_cookie(response)
            return
        wanted = session.modified or self.site.settings.save_every_request
        if wanted and not is_empty and response.status_code < 500:
            try:
                self._save(session, response)
            except UpdateError as error:
                self._interrupt(app, session, response, error)
                return
            _vary_on_cookie(response)
        elif session.accessed:
            _report_changes(app, session)
            if self.site.settings.touch_after is not None:
                self._touch(session, response)
            _vary_on_cookie(response)

    def _cookie_of(self, request: Request) -> str | None:
        # Not request.cookies: of cookies that share the name Django takes the last, and what is
        # quoted by halves it reads otherwise.
        header: str = request.environ.get("HTTP_COOKIE", "")
        if not header:
            return None
        return cookies.read_cookie(
            header, self.site.settings.cookie_name, max_length=self.site.store.max_key_length
        )

    def _save(self, session: DjangoSession, response: Response) -> None:
        max_age = _max_age(session)
        session.save()
        if session.has_merged:
            max_age = _max_age(session)  # another request may have said when the session ends
        self._hand_out(session, response, max_age)

    def _touch(self, session: DjangoSession, response: Response) -> None:
        """Let an unchanged session last longer, where it is time for that."""
        if session.modified or response.status_code >= 500:
            return
        try:
            moved = session.touch()
        except DatabaseHeldError:
            return  # the view's own write is not committed; another request will do it
        if moved:
            self._hand_out(session, response, _max_age(session))

    def _hand_out(self, session: DjangoSession, response: Response, max_age: Any) -> None:
        assert session.session_key is not None
        cookie = cookies.set_cookie(
            self.site.settings.cookie, session.session_key, now=self.site.now(), max_age=max_age
        )
        self._set_cookie(response, cookie)

    def _set_cookie(self, response: Response, cookie: str) -> None:
        response.headers.add("Set-Cookie", cookie)
        if self.site.settings.no_store:
            _keep_out_of_caches(response)

    def _interrupt(
        self, app: Flask, session: DjangoSession, response: Response, error: UpdateError
    ) -> None:
        """Answer with the app's page for a :exc:`SessionInterrupted`, in place of *response*."""
        interrupted = InterruptedRequest()
        interrupted.__cause__ = error
        if opened_session() is not session:
            raise interrupted
        # Not every answer is sent: that of an event of Flask-SocketIO's is not.
        app.logger.warning(
            "A session was not saved, because it was deleted while its request ran, for example by"
            " a logout in another tab."
        )
        # Nothing is saved any more, whatever the page for it does with the session.
        session.interrupted = True
        page = error_page(app, interrupted)
        response.status = page.status
        response.headers.clear()
        response.headers.extend(page.headers)
        if close := getattr(response.response, "close", None):
            response.call_on_close(close)
        response.response = page.response
        response.direct_passthrough = page.direct_passthrough
        response.call_on_close(page.close)


def _max_age(session: DjangoSession) -> Any:
    return None if session.get_expire_at_browser_close() else session.get_expiry_age()


def _refuse_foreign(session: SessionMixin) -> None:
    """Raise where a session that was not opened here would be lost."""
    if getattr(session, "modified", True):
        raise TypeError(
            f"'DjangoSessions' was asked to save a {type(session).__name__} that it has not opened."
            " Let the 'session_interface' that opened a session save it, too."
        )


def _vary_on_cookie(response: Response) -> None:
    headers = response.headers
    # Not '"Vary" in headers', which raises an error to find out that it is not.
    if present := headers.getlist("Vary"):
        headers["Vary"] = cookies.patch_vary(", ".join(present))
    else:
        headers.add("Vary", "Cookie")


def _keep_out_of_caches(response: Response) -> None:
    """Let no cache store *response*, unless its view has said that shared caches must not."""
    said = ",".join(response.headers.getlist("Cache-Control")).lower()
    # Not 'private="set-cookie"', which is said of that header alone.
    if _NOT_SHARED.isdisjoint(directive.strip() for directive in said.split(",")):
        response.headers["Cache-Control"] = "no-store"


def _report_changes(app: Flask, session: DjangoSession) -> None:
    if not session.modified and (names := session.changed_in_place()):
        app.logger.warning(
            "The session's %s changed in place and will not be saved."
            " Set 'session.modified = True' after such a change.",
            ", ".join(map(repr, names)),
        )
