"""What Django's SessionMiddleware does, as a Flask session interface.

Which session a request has, whether it is stored at the end, and which headers tell the browser.
Django 5.2, sessions/middleware.py: SessionMiddleware.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any, Generic, Protocol, TypeVar

from flask import Flask, Request, Response, has_request_context
from flask.globals import request, request_ctx
from flask.sessions import SessionInterface, SessionMixin

from .errors import UpdateError
from .session import DjangoSession, InterruptedRequest
from .settings import Settings
from .store import Store
from .wire import SessionCodec, cookies

#: the name under which an app knows what keeps its sessions
SITE = "django_sessions_site"


def site_of(app: Flask) -> DjangoSessionInterface:
    """Return what keeps the sessions of *app*, whatever stands around it as ``session_interface``.

    :raises RuntimeError: where the app has no ``DjangoSessions``.
    """
    site: DjangoSessionInterface | None = app.extensions.get(SITE)
    if site is None:
        raise RuntimeError(
            "The app's 'session_interface' is not that of 'DjangoSessions'. Call"
            " 'sessions.init_app(app, db)' first."
        )
    return site


def session_of(request: Request) -> DjangoSession | None:
    """Return the Django session of *request*; None where its app has opened another, or none.

    It is not noted that the session was looked at; only a look at its data is, as in Django.
    """
    opened = _opened_for(request)
    found = opened if isinstance(opened, DjangoSession) else getattr(request, "session", None)
    return found if isinstance(found, DjangoSession) else None


def is_saved(request: Request, session: DjangoSession) -> bool:
    """Tell whether *session* is what the end of *request* saves."""
    return _opened_for(request) is session


def _opened_for(request: Request) -> SessionMixin | None:
    is_running = has_request_context() and request_ctx.request is request
    return request_ctx._session if is_running else None


_Made = TypeVar("_Made")


class _Once(Generic[_Made]):
    """Computes an attribute when it is first asked for; one for all, whichever thread is the first.

    Not :func:`functools.cached_property`, which until Python 3.11 holds a lock meanwhile that a
    fork would leave locked for ever.
    """

    def __init__(self, make: Callable[[Any], _Made]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __get__(self, owner: Any, kind: type) -> _Made:
        made: _Made = vars(owner).setdefault(self._make.__name__, self._make(owner))
        return made


class Onlooker(Protocol):
    """Pages that show sessions and change none, such as the inspector's."""

    def looks_on(self, request: Request) -> bool:
        """Tell whether *request* is for one of them."""

    def finish(self, response: Response) -> None:
        """Have the last word on its answer."""


class DjangoSessionInterface(SessionInterface):
    """Opens and saves the sessions of one app.

    :param app: the app.
    :param settings: its settings, prepared.
    :param make_store: makes the store when it is first needed.
    :param session_class: the class of the sessions.
    """

    def __init__(
        self,
        app: Flask,
        settings: Settings,
        make_store: Callable[[], Store],
        session_class: type[DjangoSession] = DjangoSession,
    ) -> None:
        self.settings = settings
        self.session_class = session_class
        #: whose requests have a session that is written nowhere, whatever the app does to it
        self.onlookers: list[Onlooker] = []
        self._app = app
        self._make_store = make_store
        self._codecs: dict[tuple[Any, ...], SessionCodec] = {}

    # What a session knows of its site

    @property
    def sender(self) -> Flask:
        """The app, from which the signals of sessions come."""
        return self._app

    @_Once
    def store(self) -> Store:
        """The rows of the app's database."""
        return self._make_store()

    @property
    def watches_changes(self) -> bool:
        """Whether sessions remember how they were loaded, to find changes in place."""
        return bool(self._app.config["DEBUG"])

    def keeps_as_it_is(self, session: object) -> bool:
        """Tell whether *session* is that of a request which only looks on."""
        return bool(self.onlookers) and self.looks_on() and request_ctx._session is session

    def looks_on(self) -> bool:
        """Tell whether the running request only looks on."""
        return self._onlooker() is not None

    def codec(self, salt: str) -> SessionCodec:
        """Return the codec of the present settings; deriving its keys is done once."""
        settings = self.settings
        made_of = (salt, settings.of_codec)
        codec = self._codecs.get(made_of)
        if codec is None:
            current, *fallbacks = settings.keys
            codec = SessionCodec(
                current,
                fallbacks,
                salt=salt,
                serializer=settings.make_serializer(),
                algorithm=settings.algorithm,
            )
            self._codecs = {made_of: codec}
        return codec

    def now(self) -> datetime:
        """Return the time, aware and in UTC."""
        return datetime.now(timezone.utc)

    def session(self, session_key: str | None = None) -> DjangoSession:
        """Return the session of *session_key*, or a new one."""
        return self.session_class(session_key, site=self)

    # What Flask asks for

    def open_session(self, app: Flask, request: Request) -> DjangoSession:
        """Return the request's session; nothing is loaded, and nothing is asked of the store."""
        self.store.watch_app()
        session = self.session_class(self._cookie_of(request), site=self)
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
        if session.closed:
            return
        if self.onlookers and session.is_read_only:
            self._finish(response)
            return
        is_empty = session.is_empty()
        if is_empty and self._cookie_of(request) is not None:
            response.headers.add("Set-Cookie", cookies.delete_cookie(self.settings.cookie))
            _vary_on_cookie(response)
            return
        wanted = session.modified or self.settings.save_every_request
        if wanted and not is_empty and response.status_code < 500:
            try:
                self._save(session, response)
            except UpdateError as error:
                self._interrupt(app, session, response, error)
                return
            _vary_on_cookie(response)
        elif session.accessed:
            _report_changes(app, session)
            _vary_on_cookie(response)

    def _onlooker(self) -> Onlooker | None:
        if not self.onlookers or not has_request_context():
            return None
        running = request_ctx.request
        return next((one for one in self.onlookers if one.looks_on(running)), None)

    def _finish(self, response: Response) -> None:
        onlooker = self._onlooker()
        if onlooker is not None:
            onlooker.finish(response)

    def _cookie_of(self, request: Request) -> str | None:
        # Not request.cookies: of cookies that share the name Django takes the last, and what is
        # quoted by halves it reads otherwise.
        header: str = request.environ.get("HTTP_COOKIE", "")
        if not header:
            return None
        return cookies.read_cookie(
            header, self.settings.cookie_name, max_length=self.store.max_key_length
        )

    def _save(self, session: DjangoSession, response: Response) -> None:
        max_age = None if session.get_expire_at_browser_close() else session.get_expiry_age()
        session.save()
        assert session.session_key is not None
        cookie = cookies.set_cookie(
            self.settings.cookie, session.session_key, now=self.now(), max_age=max_age
        )
        response.headers.add("Set-Cookie", cookie)

    def _interrupt(
        self, app: Flask, session: DjangoSession, response: Response, error: UpdateError
    ) -> None:
        """Answer with the app's page for a :exc:`SessionInterrupted`, in place of *response*."""
        interrupted = InterruptedRequest()
        interrupted.__cause__ = error
        if request_ctx._session is not session:
            raise interrupted
        # Not every answer is sent: that of an event of Flask-SocketIO's is not.
        app.logger.warning(
            "A session was not saved, because it was deleted while its request ran, as by a logout"
            " in another tab."
        )
        # Nothing is saved any more, whatever the page for it does with the session.
        session.closed = True
        page = app.process_response(app.make_response(app.handle_user_exception(interrupted)))
        response.status = page.status
        response.headers.clear()
        response.headers.extend(page.headers)
        if close := getattr(response.response, "close", None):
            response.call_on_close(close)
        response.response = page.response
        response.direct_passthrough = page.direct_passthrough
        response.call_on_close(page.close)


def _refuse_foreign(session: SessionMixin) -> None:
    """Raise where a session that was not opened here would be lost."""
    if getattr(session, "modified", True):
        raise TypeError(
            f"A {type(session).__name__} was given to save, and 'DjangoSessions' has not opened it."
            " Let the 'session_interface' that has opened a session save it, too."
        )


def _vary_on_cookie(response: Response) -> None:
    headers = response.headers
    # Not '"Vary" in headers', which raises an error to find out that it is not.
    if present := headers.getlist("Vary"):
        headers["Vary"] = cookies.patch_vary(", ".join(present))
    else:
        headers.add("Vary", "Cookie")


def _report_changes(app: Flask, session: DjangoSession) -> None:
    if not session.modified and (names := session.changed_in_place()):
        app.logger.warning(
            "The session's %s changed in place and will not be saved."
            " Set 'session.modified = True' after such a change.",
            ", ".join(map(repr, names)),
        )
