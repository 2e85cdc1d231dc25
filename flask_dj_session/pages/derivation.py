"""Keys of these pages' own, derived from SECRET_KEY, and what is made with them."""

from __future__ import annotations

import hashlib
import hmac

from flask import current_app
from itsdangerous import URLSafeTimedSerializer


def derived_key(secret_key: str | bytes, name: str, purpose: str) -> bytes:
    """Derive 32 bytes that are used for one purpose only.

    :param name: whose key it is, such as ``flask_dj_session.inspector``.
    """
    key = secret_key.encode() if isinstance(secret_key, str) else secret_key
    return hmac.digest(key, f"{name}.{purpose}".encode(), hashlib.sha256)


def signer(name: str, purpose: str) -> URLSafeTimedSerializer:
    """Return what signs values for one purpose, with the current app's SECRET_KEY."""
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt=f"{name}.{purpose}")
