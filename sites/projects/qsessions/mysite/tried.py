"""What ``startproject`` has made, with django-qsessions as its README has it."""

import json
import os

from .settings import *

DATABASES = {"default": json.loads(os.environ["SITES_DATABASE"])}
INSTALLED_APPS = [
    "qsessions" if name == "django.contrib.sessions" else name for name in INSTALLED_APPS
]
MIDDLEWARE = [
    "qsessions.middleware.SessionMiddleware" if name.endswith(".SessionMiddleware") else name
    for name in MIDDLEWARE
]
SESSION_ENGINE = "qsessions.backends.db"
