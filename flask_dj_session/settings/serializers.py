"""From SESSION_SERIALIZER to a class; what the classes do is in ``wire``."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from ..wire.pickles import PickleSerializer
from ..wire.serializers import JSONSerializer, Serializer

_SERIALIZERS: dict[str, type[Serializer]] = {
    "json": JSONSerializer,
    "pickle": PickleSerializer,
    "django.contrib.sessions.serializers.JSONSerializer": JSONSerializer,
    "django.core.signing.JSONSerializer": JSONSerializer,
    "django.contrib.sessions.serializers.PickleSerializer": PickleSerializer,
}


def serializer_class(value: Any) -> Callable[[], Serializer]:
    """Return the class that SESSION_SERIALIZER names or is, or a function that makes one.

    :raises ImportError, AttributeError, ValueError, TypeError: where it is none.
    """
    if isinstance(value, str) and value in _SERIALIZERS:
        return _SERIALIZERS[value]
    if isinstance(value, str):
        module, _, name = value.rpartition(".")
        value = getattr(import_module(module), name)
    if not callable(value):
        raise TypeError("not a class")
    make: Callable[[], Serializer] = value
    return make
