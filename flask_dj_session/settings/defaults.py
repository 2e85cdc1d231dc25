"""Every default, written once; no logic."""

from __future__ import annotations

from typing import Any

#: where Django keeps its engines
BACKENDS = "django.contrib.sessions.backends."

#: Django's settings with Django's defaults (Django 5.2, conf/global_settings.py)
DEFAULTS: dict[str, Any] = {
    "SECRET_KEY": None,
    "SECRET_KEY_FALLBACKS": (),
    "SESSION_COOKIE_NAME": "sessionid",
    "SESSION_COOKIE_AGE": 60 * 60 * 24 * 7 * 2,
    "SESSION_COOKIE_DOMAIN": None,
    "SESSION_COOKIE_PATH": "/",
    "SESSION_COOKIE_SECURE": False,
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "SESSION_COOKIE_PARTITIONED": False,
    "SESSION_EXPIRE_AT_BROWSER_CLOSE": False,
    "SESSION_SAVE_EVERY_REQUEST": False,
    "SESSION_SERIALIZER": "django.contrib.sessions.serializers.JSONSerializer",
    "SESSION_ENGINE": BACKENDS + "db",
    "USE_TZ": True,
    "TIME_ZONE": "America/Chicago",
    "DEFAULT_HASHING_ALGORITHM": "sha256",
}

#: what Flask itself puts under these names, which is nobody's choice
FLASK_DEFAULTS: dict[str, Any] = {
    "SECRET_KEY_FALLBACKS": None,
    "SESSION_COOKIE_NAME": "session",
    "SESSION_COOKIE_PATH": None,
    "SESSION_COOKIE_SAMESITE": None,
}
