"""Every default, written once; no logic."""

from __future__ import annotations

from typing import Any

#: where Django keeps its engines
BACKENDS = "django.contrib.sessions.backends."
#: the engine for Django that this package brings; its table is Django's
OWN_ENGINE = "flask_dj_session.django_engine"

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
    "SESSION_CACHE_ALIAS": "default",
    "CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    "USE_TZ": True,
    "TIME_ZONE": "America/Chicago",
    "DEFAULT_HASHING_ALGORITHM": "sha256",
}

#: Django's settings of the login, which ``flask_dj_session.auth`` alone puts into a mapping
AUTH_DEFAULTS: dict[str, Any] = {
    "AUTH_USER_MODEL": "auth.User",
    "AUTHENTICATION_BACKENDS": ["django.contrib.auth.backends.ModelBackend"],
    "LOGIN_URL": "/accounts/login/",
    "PASSWORD_HASHERS": [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher",
        "django.contrib.auth.hashers.Argon2PasswordHasher",
        "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
        "django.contrib.auth.hashers.ScryptPasswordHasher",
    ],
    "CSRF_COOKIE_NAME": "csrftoken",
    "CSRF_COOKIE_AGE": 60 * 60 * 24 * 7 * 52,
    "CSRF_COOKIE_DOMAIN": None,
    "CSRF_COOKIE_PATH": "/",
    "CSRF_COOKIE_SECURE": False,
    "CSRF_COOKIE_HTTPONLY": False,
    "CSRF_COOKIE_SAMESITE": "Lax",
    "CSRF_USE_SESSIONS": False,
}

#: this package's own settings, of which Django knows nothing; by default each does nothing
OWN_DEFAULTS: dict[str, Any] = {
    "SESSION_CONCURRENCY": "overwrite",
    "SESSION_ABSOLUTE_AGE": None,
    "SESSION_CACHE_VERIFY": False,
    "SESSION_CYCLE_AT_RELOGIN": False,
    "SESSION_NO_STORE": False,
    "SESSION_SUDO_AGE": None,
    "SESSION_TOUCH_AFTER": None,
    "SESSION_INDEX": False,
    "SESSION_RECORD_CLIENT": False,
    "SESSION_CLIENT_ADDRESS": "network",
    "SESSION_CLIENT_AGENT": "summary",
    "SESSION_MAX_PER_USER": None,
}

#: what Flask itself puts under these names, which is nobody's choice
FLASK_DEFAULTS: dict[str, Any] = {
    "SECRET_KEY_FALLBACKS": None,
    "SESSION_COOKIE_NAME": "session",
    "SESSION_COOKIE_PATH": None,
    "SESSION_COOKIE_SAMESITE": None,
}
