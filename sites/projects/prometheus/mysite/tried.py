"""What ``startproject`` has made, on an engine of django-prometheus around Django's."""

import json
import os

from .settings import *

_database = json.loads(os.environ["SITES_DATABASE"])
_engine = _database["ENGINE"].replace("django.db.backends", "django_prometheus.db.backends")
DATABASES = {"default": {**_database, "ENGINE": _engine}}
INSTALLED_APPS = [*INSTALLED_APPS, "django_prometheus"]
MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    *MIDDLEWARE,
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
