"""Settings by Django's names: from a Django project, in ``app.config``, checked and read."""

from ..description import TIME_LIMIT
from .auth import AuthSettings, prepare_auth
from .caches import CACHE, CACHE_ENGINES, CacheEntry, is_given
from .defaults import AUTH_DEFAULTS, DEFAULTS, OWN_DEFAULTS, OWN_ENGINE
from .engines import SiteStore, site_store, warn_of_unknown_engine
from .origin import ORIGIN, Origin, description_in, django_version
from .project import django_settings, read_again, site_description
from .serializers import serializer_class
from .settings import Settings, prepare

__all__ = [
    "AUTH_DEFAULTS",
    "CACHE",
    "CACHE_ENGINES",
    "DEFAULTS",
    "ORIGIN",
    "OWN_DEFAULTS",
    "OWN_ENGINE",
    "TIME_LIMIT",
    "AuthSettings",
    "CacheEntry",
    "Origin",
    "Settings",
    "SiteStore",
    "description_in",
    "django_settings",
    "django_version",
    "is_given",
    "prepare",
    "prepare_auth",
    "read_again",
    "serializer_class",
    "site_description",
    "site_store",
    "warn_of_unknown_engine",
]
