"""What the pages know of the running app: its session interface, and the visitor's session."""

from __future__ import annotations

from flask import current_app, request
from werkzeug.exceptions import ServiceUnavailable

from ..interface import DjangoSessionInterface, session_of, site_of
from ..session import DjangoSession
from ..wire import SessionCodec
from .sealing import Seal

_NO_SESSION = (
    "This page was opened without a Django session: the app's 'session_interface', a {}, has given"
    " the request another one, or none. Let it leave the inspector's pages to 'DjangoSessions'."
)


def site() -> DjangoSessionInterface:
    """Return what keeps the sessions of the current app."""
    return site_of(current_app)


def codec() -> SessionCodec:
    """Return the codec of the current app's sessions."""
    interface = site()
    return interface.codec(interface.session_class.key_salt)


def seal() -> Seal:
    """Return what seals the session keys of the current app for URLs."""
    return Seal(site().settings.keys[0])


def own_session() -> DjangoSession | None:
    """Return the session of the request, if it has one of Django's; that alone loads nothing."""
    return session_of(request._get_current_object())  # type: ignore[attr-defined]


def own_key() -> str | None:
    """Return the key of the visitor's session."""
    own = own_session()
    return None if own is None else own.session_key


def visitor() -> DjangoSession:
    """Return the session of the request.

    :raises ServiceUnavailable: where what stands around the app's ``session_interface`` has given
        it another one, or none.
    """
    own = own_session()
    if own is None:
        raise ServiceUnavailable(_NO_SESSION.format(type(current_app.session_interface).__name__))
    return own
