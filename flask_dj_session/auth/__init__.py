"""Django's login in a Flask app; nothing of it is loaded by ``import flask_dj_session``."""

from ..index import UserSession
from .backends import (
    AllowAllUsersModelBackend,
    AllowAllUsersRemoteUserBackend,
    ModelBackend,
    PermissionDenied,
    RemoteUserBackend,
)
from .extension import DjangoAuth
from .hashes import salted_hmac
from .login import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from .redirects import REDIRECT_FIELD_NAME
from .signals import user_logged_in, user_logged_out, user_login_failed
from .targets import url_has_allowed_host_and_scheme
from .user import AnonymousUser, DjangoUser, UserMixin

__all__ = [
    "BACKEND_SESSION_KEY",
    "HASH_SESSION_KEY",
    "REDIRECT_FIELD_NAME",
    "SESSION_KEY",
    "AllowAllUsersModelBackend",
    "AllowAllUsersRemoteUserBackend",
    "AnonymousUser",
    "DjangoAuth",
    "DjangoUser",
    "ModelBackend",
    "PermissionDenied",
    "RemoteUserBackend",
    "UserMixin",
    "UserSession",
    "salted_hmac",
    "url_has_allowed_host_and_scheme",
    "user_logged_in",
    "user_logged_out",
    "user_login_failed",
]
