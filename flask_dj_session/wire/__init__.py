"""Django's formats as pure functions and small classes: no Flask, no database, no clock."""

from .cached_text import CachedText
from .codec import MAX_UNPACKED, SESSION_SALT, Reading, SessionCodec
from .pickles import PickleSerializer
from .serializers import JSONSerializer

__all__ = [
    "MAX_UNPACKED",
    "SESSION_SALT",
    "CachedText",
    "JSONSerializer",
    "PickleSerializer",
    "Reading",
    "SessionCodec",
]
