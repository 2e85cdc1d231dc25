"""A new CSRF token at login, for Django's forms and for Flask-WTF's; nothing is checked here."""

from __future__ import annotations

import secrets
import string

from flask import Response, after_this_request, current_app, g

from ..session import DjangoSession
from ..wire import cookies
from .accounts import Accounts

CSRF_SESSION_KEY = "_csrftoken"
SECRET_LENGTH = 32

_ALPHABET = string.ascii_letters + string.digits


def new_secret() -> str:
    """Draw 32 letters and digits from the system's cryptographic source.

    # Django 5.2, middleware/csrf.py: _get_new_csrf_string
    """
    return "".join(secrets.choice(_ALPHABET) for _ in range(SECRET_LENGTH))


def masked(secret: str) -> str:
    """Write *secret* as Django did before 4.0: a mask, and the secret shifted by it.

    # Django 5.2, middleware/csrf.py: _mask_cipher_secret
    """
    mask = new_secret()
    shifted = (_ALPHABET.index(a) + _ALPHABET.index(b) for a, b in zip(secret, mask, strict=True))
    return mask + "".join(_ALPHABET[number % len(_ALPHABET)] for number in shifted)


def rotate_token(accounts: Accounts, session: DjangoSession) -> None:
    """Make forms that were shown before a login worthless.

    # Django 5.2, middleware/csrf.py: rotate_token, _set_csrf_cookie
    """
    _forget_flask_wtfs(session)
    if accounts.settings.csrf_use_sessions:
        # Unlike Django: since 4.0 it stores the secret unmasked, which older ones cannot read in
        # a session; all of them read it masked.
        session[CSRF_SESSION_KEY] = masked(new_secret())
        return
    secret = new_secret()

    @after_this_request
    def set_csrf_cookie(response: Response) -> Response:
        _set_cookie(accounts, response, secret)
        return response


def _set_cookie(accounts: Accounts, response: Response, secret: str) -> None:
    settings = accounts.settings
    header = cookies.set_cookie(
        settings.csrf_cookie, secret, now=accounts.site.now(), max_age=settings.csrf_cookie_age
    )
    response.headers.add("Set-Cookie", header)
    # The session says so, too, but not on the page for a request that was interrupted.
    response.headers["Vary"] = cookies.patch_vary(", ".join(response.headers.getlist("Vary")))


def _forget_flask_wtfs(session: DjangoSession) -> None:
    # Flask-WTF keeps the token under one name in the session and, for the request, in 'g'.
    name = current_app.config.get("WTF_CSRF_FIELD_NAME", "csrf_token")
    session.pop(name, None)
    g.pop(name, None)
