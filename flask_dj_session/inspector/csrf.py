"""POSTs that another site made the browser send: they are told apart, and refused.

A form has a signed token; the other half of it is in a cookie that only the inspector sees, and
the session's own key is bound to it as well. Nothing of it is kept in the session, which the
inspector shows and does not change. Browsers say themselves, besides, where a POST comes from.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from flask import Response, g, request, url_for
from itsdangerous import BadData

from .key_derivation import signer
from .sent import sent_key

COOKIE = "inspector_form"
FIELD = "token"
#: seconds for which a form may stay open
MAX_AGE = 12 * 60 * 60

_NONCE = "inspector_nonce"


def token() -> str:
    """Return the token for a form of this answer, and see to its other half."""
    nonce = g.get(_NONCE) or request.cookies.get(COOKIE) or secrets.token_urlsafe(18)
    setattr(g, _NONCE, nonce)
    return signer("form").dumps(_bound(nonce))


def remember(response: Response) -> Response:
    """Give the browser the other half of the token, where a form of this answer has one."""
    nonce = g.pop(_NONCE, None)
    if nonce is not None and nonce != request.cookies.get(COOKIE):
        set_own_cookie(response, COOKIE, nonce)
    return response


def set_own_cookie(
    response: Response, name: str, value: str, *, max_age: int | None = None
) -> None:
    """Set a cookie that goes to the inspector's pages alone, and never with other sites' links."""
    response.set_cookie(
        name,
        value,
        max_age=max_age,
        path=url_for(".your_session"),
        secure=request.is_secure,
        httponly=True,
        samesite="Strict",
    )


def is_read_elsewhere() -> bool:
    """Return whether a page of another site asks for this one, and no visitor follows a link.

    It would get nothing to read, were it not for an app that lets other sites read all it has.
    """
    asks = request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate"
    site = request.headers.get("Sec-Fetch-Site", "none")
    return not _has_own_origin() or (asks and site not in ("none", "same-origin"))


def is_genuine() -> bool:
    """Return whether the present POST comes from a form of the inspector's own."""
    return _is_from_here() and _has_token()


def _is_from_here() -> bool:
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    return site == "same-origin" and _has_own_origin()


def _has_own_origin() -> bool:
    origin = request.headers.get("Origin")
    return origin is None or _host(origin) == request.host


def _host(origin: str) -> str:
    # Without the scheme: a proxy may end TLS without telling the app.
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _has_token() -> bool:
    nonce = request.cookies.get(COOKIE, "")
    try:
        given = signer("form").loads(request.form.get(FIELD, ""), max_age=MAX_AGE)
    except BadData:
        return False
    return hmac.compare_digest(str(given), _bound(nonce))


def _bound(nonce: str) -> str:
    """Bind the nonce to the visitor's session, so that no other visitor's token fits."""
    parts = [nonce, sent_key() or ""]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
