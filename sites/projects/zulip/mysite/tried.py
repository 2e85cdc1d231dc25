"""What ``startproject`` has made, with sessions and a cache as zulip has them."""

import json
import os

from .settings import *

DATABASES = {"default": json.loads(os.environ["SITES_DATABASE"])}
SESSION_ENGINE = "mysite.sessions"
CACHES = {
    "default": {
        "BACKEND": "mysite.caches.one_for_all",
        "LOCATION": os.environ["SITES_CACHE"],
        "KEY_PREFIX": "mysite",
        "OPTIONS": {"socket_timeout": 3600, "pickle_protocol": 4},
    }
}
