"""Keys of the inspector's own, derived from SECRET_KEY, and what is made with them."""

from __future__ import annotations

import hashlib
import hmac

from flask import current_app
from itsdangerous import URLSafeTimedSerializer

#: under which all of it is derived
NAME = "flask_dj_session.inspector"


def derived_key(secret_key: str | bytes, purpose: str) -> bytes:
    """Derive 32 bytes that are used for one purpose only."""
    key = secret_key.encode() if isinstance(secret_key, str) else secret_key
    return hmac.digest(key, f"{NAME}.{purpose}".encode(), hashlib.sha256)


def signer(purpose: str) -> URLSafeTimedSerializer:
    """Return what signs values for one purpose, with the current app's SECRET_KEY."""
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt=f"{NAME}.{purpose}")
