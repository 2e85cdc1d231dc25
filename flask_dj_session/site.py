"""What keeps the sessions of one app: its store, settings, codec and clock, in one object.

Flask's two hooks are in ``interface``; everybody else asks the :class:`Site`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, Generic, Protocol, TypeVar

from flask import Flask, Request, Response
from flask.sessions import SessionMixin

from .contexts import opened_session, running_request
from .merging import MERGERS, Merger
from .session import DjangoSession
from .settings import Settings
from .store import Store
from .wire import SessionCodec

#: the name under which an app knows what keeps its sessions
SITE = "django_sessions_site"


def site_of(app: Flask) -> Site:
    """Return what keeps the sessions of *app*, whatever stands around it as ``session_interface``.

    :raises RuntimeError: where the app has no ``DjangoSessions``.
    """
    site: Site | None = app.extensions.get(SITE)
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
    """Return whether *session* is what the end of *request* saves."""
    return _opened_for(request) is session


def _opened_for(request: Request) -> SessionMixin | None:
    return opened_session() if running_request() is request else None


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
        """Return whether *request* is for one of them."""

    def finish(self, response: Response) -> None:
        """Have the last word on its answer."""


#: takes the ids of users, and returns those of users who are inactive or gone
FindInactive = Callable[[Collection[str]], set[str]]

#: takes the data of sessions, and returns findings for ``flask sessions check``
CheckLogins = Callable[[Sequence[Mapping[str, Any]]], list[Any]]


class UserNames(Protocol):
    """Knows what the users are called whose ids are in sessions."""

    def of(self, user_ids: Iterable[str]) -> dict[str, str]:
        """Return the names of these users by their ids; those that have none are left out."""

    def id_of(self, username: str) -> str | None:
        """Return the id of a user, as sessions have it; None where nobody is called so."""

    def stored_id(self, given: str) -> str | None:
        """Return the id of the user whom *given* names by the id, however that is written, or name.

        None where there is no such user.

        :raises Exception: what the table of users, or its database, has raised.
        """


class Site:
    """The surroundings of the sessions of one app.

    :param app: the app.
    :param settings: its settings, prepared.
    :param make_store: makes the store when it is first needed.
    :param session_class: the class of the sessions.
    :param mergers: by the name of an item: what is done where two requests have changed it.
    """

    def __init__(
        self,
        app: Flask,
        settings: Settings,
        make_store: Callable[[], Store],
        session_class: type[DjangoSession] = DjangoSession,
        mergers: Mapping[str, Merger] | None = None,
    ) -> None:
        self._mergers = {**MERGERS, **(mergers or {})}
        self.settings = settings
        self.session_class = session_class
        #: whose requests have a session that is written nowhere, whatever the app does to it
        self.onlookers: list[Onlooker] = []
        #: what the users are called; None where the app has no login of Django's
        self.user_names: UserNames | None = None
        #: says of sessions' data whose they are here; None where the app has no login of Django's
        self.check_logins: CheckLogins | None = None
        #: tells which users are inactive; None where the app has no login of Django's
        self.inactive_users: FindInactive | None = None
        self._app = app
        self._make_store = make_store
        self._codecs: dict[tuple[Any, ...], SessionCodec] = {}

    @property
    def sender(self) -> Flask:
        """The app, from which the signals of sessions come."""
        return self._app

    @_Once
    def store(self) -> Store:
        """The rows of the app's database."""
        return self._make_store()

    @property
    def mergers(self) -> Mapping[str, Merger] | None:
        """What is done where two requests have changed an item; None where the later save wins."""
        return self._mergers if self.settings.merges else None

    @property
    def watches_changes(self) -> bool:
        """Whether sessions remember how they were loaded, to find changes in place."""
        return bool(self._app.config["DEBUG"])

    def keeps_as_it_is(self, session: object) -> bool:
        """Return whether *session* is that of a request which only looks on."""
        return bool(self.onlookers) and self.looks_on() and opened_session() is session

    def looks_on(self) -> bool:
        """Return whether the running request only looks on."""
        return self.onlooker() is not None

    def onlooker(self) -> Onlooker | None:
        """Return whose page the running request is for, if any of those that only look on."""
        running = running_request() if self.onlookers else None
        if running is None:
            return None
        return next((one for one in self.onlookers if one.looks_on(running)), None)

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

    def session_codec(self) -> SessionCodec:
        """Return the codec of the site's sessions."""
        return self.codec(self.session_class.key_salt)

    def now(self) -> datetime:
        """Return the time, aware and in UTC."""
        return datetime.now(timezone.utc)

    def session(self, session_key: str | None = None) -> DjangoSession:
        """Return the session of *session_key*, or a new one."""
        return self.session_class(session_key, site=self)
