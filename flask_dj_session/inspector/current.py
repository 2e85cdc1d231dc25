"""What the pages know of the running app: its site, codec and references."""

from __future__ import annotations

from collections.abc import Iterable

from flask import current_app

from ..site import Site, site_of
from ..wire import SessionCodec
from .references import References


def site() -> Site:
    """Return what keeps the sessions of the current app."""
    return site_of(current_app)


def codec() -> SessionCodec:
    """Return the codec of the current app's sessions."""
    return site().session_codec()


def references() -> References:
    """Return what refers to rows of the current app in URLs."""
    return References(site().settings.keys[0])


def names_of(user_ids: Iterable[str | None]) -> dict[str, str]:
    """Return what those of the users are called whose names the app knows, by their ids."""
    names = site().user_names
    known = {user_id for user_id in user_ids if user_id is not None}
    return names.of(known) if names and known else {}
