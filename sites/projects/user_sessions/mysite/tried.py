"""What ``startproject`` has made, with django-user-sessions as its documentation has it."""

import json
import os

from .settings import *

DATABASES = {"default": json.loads(os.environ["SITES_DATABASE"])}
INSTALLED_APPS = [
    "user_sessions" if name == "django.contrib.sessions" else name for name in INSTALLED_APPS
]
MIDDLEWARE = [
    "user_sessions.middleware.SessionMiddleware" if name.endswith(".SessionMiddleware") else name
    for name in MIDDLEWARE
]
SESSION_ENGINE = "user_sessions.backends.db"
