"""POSTs that another site made the browser send: they are told apart, and refused.

A form has a signed token; the other half of it is in a cookie that only these pages see, and the
session's own key is bound to it as well. Nothing of it is kept in the session. Browsers say
themselves, besides, where a POST comes from.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sys
from urllib.parse import urlsplit

from flask import Response, current_app, g, request, url_for
from itsdangerous import BadData

from .derivation import signer
from .sent_key import sent_key

#: the name of the field that has the token
FIELD = "token"
#: seconds for which a form may stay open
MAX_AGE = 12 * 60 * 60


class Forms:
    """The forms of one blueprint.

    :param name: under which its keys are derived.
    :param cookie: the name of its cookie.
    :param home: the endpoint below whose path the cookie is sent.
    """

    def __init__(self, name: str, *, cookie: str, home: str) -> None:
        self._name = name
        self._cookie = cookie
        self._home = home
        self._nonce = f"{cookie}_nonce"

    def token(self) -> str:
        """Return the token for a form of this answer, and see to its other half."""
        nonce = g.get(self._nonce) or request.cookies.get(self._cookie)
        nonce = nonce or secrets.token_urlsafe(18)
        setattr(g, self._nonce, nonce)
        return signer(self._name, "form").dumps(_bound(nonce))

    def remember(self, response: Response) -> Response:
        """Give the browser the other half of the token, where a form of this answer has one."""
        nonce = g.pop(self._nonce, None)
        if nonce is not None and nonce != request.cookies.get(self._cookie):
            self.set_own_cookie(response, self._cookie, nonce)
        return response

    def set_own_cookie(
        self, response: Response, name: str, value: str, *, max_age: int | None = None
    ) -> None:
        """Set a cookie that goes to these pages alone, and never with other sites' links."""
        response.set_cookie(
            name,
            value,
            max_age=max_age,
            path=url_for(self._home),
            secure=request.is_secure,
            httponly=True,
            samesite="Strict",
        )

    def is_genuine(self) -> bool:
        """Return whether the present POST comes from a form of these pages."""
        return _is_from_here() and self._has_token()

    def _has_token(self) -> bool:
        nonce = request.cookies.get(self._cookie, "")
        try:
            token = request.form.get(FIELD, "")
            given = signer(self._name, "form").loads(token, max_age=MAX_AGE)
        except BadData:
            return False
        return hmac.compare_digest(str(given), _bound(nonce))


def ask_no_other_token(_endpoint: str | None, _values: object) -> None:
    """Let Flask-WTF's ``CSRFProtect`` leave the forms of the running blueprint to these checks.

    It would refuse them for the lack of its own token, which is in the session, where pages that
    only look on can put none. A blueprint calls this before anything looks at the request.
    """
    flask_wtf, protection = sys.modules.get("flask_wtf.csrf"), current_app.extensions.get("csrf")
    if flask_wtf is None or request.blueprint is None:
        return  # an app that uses it has loaded it
    if isinstance(protection, flask_wtf.CSRFProtect):
        protection.exempt(current_app.blueprints[request.blueprint])


def is_read_elsewhere() -> bool:
    """Return whether a page of another site asks for this one, and no visitor follows a link.

    It would get nothing to read, were it not for an app that lets other sites read all it has.
    """
    asks = request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate"
    site = request.headers.get("Sec-Fetch-Site", "none")
    return not _has_own_origin() or (asks and site not in ("none", "same-origin"))


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


def _bound(nonce: str) -> str:
    """Bind the nonce to the visitor's session, so that no other visitor's token fits."""
    parts = [nonce, sent_key() or ""]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
