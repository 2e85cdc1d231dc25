"""The key that the browser has sent, whatever the app has made of it meanwhile."""

from __future__ import annotations

from flask import current_app, request

from ..site import site_of
from ..wire.cookies import read_cookie


def cookie_header() -> str:
    """Return the cookies of the running request, as the browser wrote them."""
    # Not request.cookies: Werkzeug takes the first of several cookies, Django the last.
    header: str = request.environ.get("HTTP_COOKIE", "")
    return header


def sent_key() -> str | None:
    """Return the key that the visitor's cookie has.

    It need not be one that a row can have; None where no cookie was sent.
    """
    return read_cookie(cookie_header(), site_of(current_app).settings.cookie_name)
