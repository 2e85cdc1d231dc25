"""Keys of the inspector's own, derived from SECRET_KEY, and what is made with them."""

from __future__ import annotations

from itsdangerous import URLSafeTimedSerializer

from ..pages import derivation

#: under which all of it is derived
NAME = "flask_dj_session.inspector"


def derived_key(secret_key: str | bytes, purpose: str) -> bytes:
    """Derive 32 bytes that are used for one purpose only."""
    return derivation.derived_key(secret_key, NAME, purpose)


def signer(purpose: str) -> URLSafeTimedSerializer:
    """Return what signs values for one purpose, with the current app's SECRET_KEY."""
    return derivation.signer(NAME, purpose)
