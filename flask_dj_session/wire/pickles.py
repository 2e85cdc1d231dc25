"""Django's pickled sessions, read through an allow-list and written so that Django reads them.

A signature proves that a holder of SECRET_KEY wrote a row, no more; so a pickle may build plain
values, dates, decimals, uuids, and three kinds of Django's own objects, and nothing else. Django
itself need not be installed: its objects come as plain stand-ins, which are written back under
Django's names. Django 4.2, sessions/serializers.py: PickleSerializer.
"""

from __future__ import annotations

import _compat_pickle
import datetime
import decimal
import io
import pickle
import struct
import uuid
from collections.abc import Callable
from typing import Any, ClassVar

from ..errors import EncodeError, PickleError
from .serializers import path_of_item


class Message:
    """Stands for ``django.contrib.messages.storage.base.Message``."""

    level: int
    message: str
    extra_tags: str

    def __init__(self, level: int = 0, message: str = "", extra_tags: str = "") -> None:
        self.level, self.message, self.extra_tags = level, message, extra_tags

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.level = state.get("level", 0)
        self.message = state.get("message", "")
        self.extra_tags = state.get("extra_tags") or ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Message({self.level!r}, {self.message!r}, {self.extra_tags!r})"


class _SafeText(str):
    """Text that Django takes for safe HTML; Markup-like to nobody here."""

    __slots__ = ()


class SafeString(_SafeText):
    """Stands for ``django.utils.safestring.SafeString``."""

    __slots__ = ()


class SafeText(_SafeText):
    """Stands for ``SafeText``, its name from Django 1.5 to 3.2."""

    __slots__ = ()


class SafeBytes(_SafeText):
    """Stands for ``SafeBytes``, what Django 1.5 to 1.11 made of Python 2's str."""

    __slots__ = ()


class SafeUnicode(_SafeText):
    """Stands for ``SafeUnicode``, its name up to Django 1.4."""

    __slots__ = ()


class UTC(datetime.tzinfo):
    """Stands for the UTC of Django before 2.2, ``django.utils.timezone.UTC``."""

    def utcoffset(self, moment: datetime.datetime | None) -> datetime.timedelta:
        """Tell that UTC is UTC."""
        return datetime.timedelta(0)

    dst = utcoffset

    def tzname(self, moment: datetime.datetime | None) -> str:
        """Name the zone."""
        return "UTC"


class PytzUTC(UTC):
    """Stands for ``pytz.UTC``, which Django from 1.4 to 3.2 used where pytz was there."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _pytz_utc, ()


def _pytz_utc() -> PytzUTC:
    return PytzUTC()


def _from_state(kind: Callable[..., Any]) -> Callable[..., Any]:
    """Build dates from the byte state of a pickle, which Python 2 wrote as text."""

    def build(state: Any, *rest: Any) -> Any:
        if isinstance(state, str):
            state = state.encode("utf-8", "surrogateescape")
        return kind(state, *rest)

    return build


def _bytes_of_text(text: str, encoding: str) -> bytes:
    """Python 3's way to write bytes for Python 2: ``_codecs.encode(text, "latin1")``."""
    return text.encode({"latin1": "latin1", "latin-1": "latin1"}[encoding])


def _bytearray(source: Any = b"", encoding: str = "latin1") -> bytearray:
    if isinstance(source, str):
        return bytearray(source.encode("latin1"))
    if not isinstance(source, (bytes, bytearray)):
        raise TypeError("not bytes")
    return bytearray(source)


def _bytes() -> bytes:
    return b""


#: all that a pickled session may name, under the names of Python 3
ALLOWED: dict[tuple[str, str], Any] = {
    ("builtins", "set"): set,
    ("builtins", "frozenset"): frozenset,
    ("builtins", "bytearray"): _bytearray,
    ("builtins", "bytes"): _bytes,
    ("builtins", "complex"): complex,
    ("_codecs", "encode"): _bytes_of_text,
    ("datetime", "datetime"): _from_state(datetime.datetime),
    ("datetime", "date"): _from_state(datetime.date),
    ("datetime", "time"): _from_state(datetime.time),
    ("datetime", "timedelta"): datetime.timedelta,
    ("datetime", "timezone"): datetime.timezone,
    ("decimal", "Decimal"): decimal.Decimal,
    ("uuid", "UUID"): uuid.UUID,
    ("uuid", "SafeUUID"): uuid.SafeUUID,
    ("pytz", "_UTC"): _pytz_utc,
    ("django.utils.timezone", "UTC"): UTC,
    ("django.utils.safestring", "SafeString"): SafeString,
    ("django.utils.safestring", "SafeText"): SafeText,
    ("django.utils.safestring", "SafeBytes"): SafeBytes,
    ("django.utils.safestring", "SafeUnicode"): SafeUnicode,
    ("django.contrib.messages.storage.base", "Message"): Message,
}

_DJANGO_NAMES: dict[Any, tuple[str, str]] = {
    stand_in: name
    for name, stand_in in ALLOWED.items()
    if name[0].startswith("django.") or name[0] == "pytz"
}


# The unpickler of the C library has no hook for BUILD, which sets attributes of whatever is on
# the stack, classes and functions of the allow-list included; and its memo is as long as a pickle
# says. The one in Python has neither fault.
_PythonUnpickler: Any = pickle._Unpickler


class _Unpickler(_PythonUnpickler):  # type: ignore[misc]
    def find_class(self, module: str, name: str) -> Any:
        found = module, name
        if self.proto < 3:
            # Python 2's names, as pickle's own find_class maps them.
            module = _compat_pickle.IMPORT_MAPPING.get(module, module)
            found = _compat_pickle.NAME_MAPPING.get(found, (module, name))
        try:
            return ALLOWED[found]
        except KeyError:
            full = ".".join(found)
            raise PickleError(f"The pickle names {full!r}, which is refused", full) from None

    def load_build(self) -> None:
        *_, target, state = self.stack
        if isinstance(target, (Message, uuid.UUID)):
            super().load_build()
        elif isinstance(target, _SafeText) and state in ({}, None):
            self.stack.pop()  # Python 2's safe strings have a __dict__, always empty
        else:
            raise PickleError("The pickle sets attributes of what has none to set")

    def load_bytearray8(self) -> None:
        (length,) = struct.unpack("<Q", self.read(8))
        self.append(bytearray(self.read(length)))

    dispatch: ClassVar[dict[int, Any]] = {
        **_PythonUnpickler.dispatch,
        pickle.BUILD[0]: load_build,
        pickle.BYTEARRAY8[0]: load_bytearray8,
    }


# The pickler of the C library checks that a class can be imported under its name, which for
# Django's names would need Django; the one in Python can be told the name to write.
_PythonPickler: Any = pickle._Pickler


class _Pickler(_PythonPickler):  # type: ignore[misc]
    def save_global(self, obj: Any, name: str | None = None) -> None:
        if obj in _DJANGO_NAMES:
            module, qualname = _DJANGO_NAMES[obj]
            self.write(pickle.GLOBAL + f"{module}\n{qualname}\n".encode("ascii"))
            self.memoize(obj)
        else:
            super().save_global(obj, name)

    dispatch: ClassVar[dict[Any, Any]] = {
        **_PythonPickler.dispatch,
        type(_pytz_utc): save_global,
        type: save_global,
    }


class PickleSerializer:
    """The serializer of old Django sites; what it writes it can read.

    :param protocol: 2 is what Python 2 reads, 4 what every Python 3 reads.
    """

    name: ClassVar[str] = "pickle"

    def __init__(self, protocol: int = 4) -> None:
        self.protocol = protocol

    def dumps(self, obj: Any) -> bytes:
        """Pickle *obj*.

        :raises EncodeError: naming the first value that is not on the allow-list.
        """
        try:
            return self._dumps(obj)
        except (PickleError, pickle.PicklingError, TypeError, AttributeError) as error:
            path, value = self._first_refused("", obj)
            problem = f"is a {type(value).__name__}, which is not allowed in a pickled session"
            raise EncodeError(path, problem) from error
        except RecursionError as error:
            raise EncodeError("", "is nested too deeply to be pickled") from error

    def loads(self, data: bytes) -> Any:
        """Unpickle *data*, building nothing that is not on the allow-list.

        :raises PickleError: naming what was refused.
        """
        try:
            # Python 2's str: UTF-8 as a rule; the state of its dates is bytes and comes
            # through as surrogates, see _from_state.
            return _Unpickler(io.BytesIO(data), encoding="utf-8", errors="surrogateescape").load()
        except PickleError:
            raise
        except Exception as error:  # the pickle module promises no narrower one
            raise PickleError("The payload is not a pickle") from error

    def _dumps(self, obj: Any) -> bytes:
        buffer = io.BytesIO()
        _Pickler(buffer, self.protocol).dump(obj)
        self.loads(buffer.getvalue())
        return buffer.getvalue()

    def _first_refused(self, path: str, value: Any) -> tuple[str, Any]:
        """Find the innermost value that cannot be written and read again."""
        items: list[tuple[str, Any]] = []
        if isinstance(value, dict):
            items = [(path_of_item(path, key), item) for key, item in value.items()]
        elif isinstance(value, (list, tuple)):
            items = [(f"{path}[{index}]", item) for index, item in enumerate(value)]
        for item_path, item in items:
            try:
                self._dumps(item)
            except Exception:
                return self._first_refused(item_path, item)
        return path, value
