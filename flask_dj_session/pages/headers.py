"""What each answer says to the browser besides the page."""

from __future__ import annotations

import re

from flask import Response

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self';"
    " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS = {
    # What is in a page is secret, and old a moment later.
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Not no-referrer, with which browsers say "Origin: null" in POSTs of these pages.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}
# By the first of these an answer is kept, by a browser or by what stands before the app; the last
# let another site read it.
_DROPPED = re.compile(
    r"Age|Expires|ETag|Last-Modified|Surrogate-.*|.+-Cache-Control|Access-Control-.*",
    re.IGNORECASE,
)


def protect(response: Response) -> Response:
    """Put the headers on an answer, in place of what it had under their names."""
    for name, _ in list(response.headers):
        if _DROPPED.fullmatch(name):
            response.headers.pop(name, None)
    response.headers.update(_HEADERS)
    return response
