"""Settings by Django's names: from a Django project, in ``app.config``, checked and read."""

from .auth import AuthSettings, prepare_auth
from .defaults import AUTH_DEFAULTS, DEFAULTS
from .origin import ORIGIN, Origin
from .project import django_settings
from .serializers import serializer_class
from .settings import Settings, prepare

__all__ = [
    "AUTH_DEFAULTS",
    "DEFAULTS",
    "ORIGIN",
    "AuthSettings",
    "Origin",
    "Settings",
    "django_settings",
    "prepare",
    "prepare_auth",
    "serializer_class",
]
