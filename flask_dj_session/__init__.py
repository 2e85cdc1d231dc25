"""Django's database sessions for Flask: one table and one cookie for both."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import CreateError, SessionInterrupted, UpdateError
    from .extension import DjangoSessions
    from .model import AbstractSession
    from .session import DjangoSession
    from .settings import django_settings
    from .signals import session_corrupted, session_created, session_cycled, session_flushed
    from .wire import SessionCodec

# What is not asked for is not loaded: SessionCodec needs no Flask, and pytest none of it.
_ROOMS = {
    "AbstractSession": "model",
    "CreateError": "errors",
    "DjangoSession": "session",
    "DjangoSessions": "extension",
    "SessionCodec": "wire",
    "SessionInterrupted": "errors",
    "UpdateError": "errors",
    "django_settings": "settings",
    "session_corrupted": "signals",
    "session_created": "signals",
    "session_cycled": "signals",
    "session_flushed": "signals",
}

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


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_ROOMS[name]}", __name__), name)
    globals()[name] = value  # so that it is asked for once
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
