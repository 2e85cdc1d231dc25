"""Django's formats as pure functions and small classes: no Flask, no database, no clock."""

from .codec import MAX_UNPACKED, SESSION_SALT, Reading, SessionCodec
from .pickles import PickleSerializer
from .serializers import JSONSerializer

__all__ = [
    "MAX_UNPACKED",
    "SESSION_SALT",
    "JSONSerializer",
    "PickleSerializer",
    "Reading",
    "SessionCodec",
]
