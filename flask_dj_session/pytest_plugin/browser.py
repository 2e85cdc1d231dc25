"""Where a test client keeps the session cookie of an app; no fixtures here."""

from __future__ import annotations

from typing import NamedTuple

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import Cookie

from ..site import Site, site_of


def django_site(app: Flask) -> Site:
    """Return what keeps the sessions of *app*.

    :raises TypeError: where it is not this package.
    """
    try:
        return site_of(app)
    except RuntimeError as error:
        raise TypeError(
            f"The sessions of the app '{app.name}' are not Django's. Call"
            " 'DjangoSessions(app, db)' where the app is made."
        ) from error


class CookiePlace(NamedTuple):
    """Where a client finds the session cookie."""

    name: str
    domain: str
    path: str
    #: whether it goes to this host alone, and to none below it
    origin_only: bool


def cookie_place(app: Flask) -> CookiePlace:
    """Return where a client of *app* keeps the session cookie that the app has set."""
    cookie = django_site(app).settings.cookie
    host = (app.config["SERVER_NAME"] or "localhost").partition(":")[0]
    domain = (cookie.domain or host).lstrip(".")
    return CookiePlace(cookie.name, domain, cookie.path or "/", not cookie.domain)


def session_cookie(client: FlaskClient) -> Cookie | None:
    """Return the session cookie that *client* has, if any."""
    place = cookie_place(client.application)
    return client.get_cookie(place.name, place.domain, place.path)
