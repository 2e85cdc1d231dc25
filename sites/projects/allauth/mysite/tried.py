"""What ``startproject`` has made, with allauth, guardian and axes around the login."""

import json
import os

from .settings import *

DATABASES = {"default": json.loads(os.environ["SITES_DATABASE"])}
INSTALLED_APPS = [*INSTALLED_APPS, "people", "allauth", "allauth.account", "guardian", "axes"]
MIDDLEWARE = [
    *MIDDLEWARE,
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
]
AUTH_USER_MODEL = "people.Person"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "guardian.backends.ObjectPermissionBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_EMAIL_VERIFICATION = "none"
ROOT_URLCONF = "mysite.tried_urls"
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
