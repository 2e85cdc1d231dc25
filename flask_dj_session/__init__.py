"""Django's database sessions for Flask: one table and one cookie for both."""

from .errors import CreateError, SessionInterrupted, UpdateError
from .extension import DjangoSessions
from .model import AbstractSession
from .session import DjangoSession
from .settings import django_settings
from .signals import session_corrupted, session_created, session_cycled, session_flushed
from .wire import SessionCodec

__all__ = [
    "AbstractSession",
    "CreateError",
    "DjangoSession",
    "DjangoSessions",
    "SessionCodec",
    "SessionInterrupted",
    "UpdateError",
    "django_settings",
    "session_corrupted",
    "session_created",
    "session_cycled",
    "session_flushed",
]
