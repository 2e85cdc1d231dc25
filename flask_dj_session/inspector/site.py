"""What the pages know of the running app: its session interface, codec and seal."""

from __future__ import annotations

from flask import current_app

from ..interface import DjangoSessionInterface, site_of
from ..wire import SessionCodec
from .sealing import Seal


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
