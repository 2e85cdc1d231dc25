"""Settings by Django's names: from a Django project, in ``app.config``, checked and read."""

from .defaults import DEFAULTS
from .origin import ORIGIN, Origin
from .prepared import Settings, prepare
from .project import django_settings

__all__ = ["DEFAULTS", "ORIGIN", "Origin", "Settings", "django_settings", "prepare"]
