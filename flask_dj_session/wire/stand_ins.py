"""What stands for Django's and pytz's objects in a pickled session; neither need be installed."""

from __future__ import annotations

import datetime
from typing import Any


class Message:
    """Stands for ``django.contrib.messages.storage.base.Message``."""

    # What a pickle leaves out is so.
    level: int = 0
    message: str = ""
    extra_tags: str = ""

    def __init__(self, level: int = 0, message: str = "", extra_tags: str = "") -> None:
        self.level, self.message, self.extra_tags = level, message, extra_tags

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.level = state.get("level", 0)
        self.message = state.get("message", "")
        self.extra_tags = state.get("extra_tags") or ""

    @property
    def parts(self) -> tuple[Any, Any, Any]:
        """All that it holds."""
        return self.level, self.message, self.extra_tags

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and self.parts == other.parts

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Message({self.level!r}, {self.message!r}, {self.extra_tags!r})"


class SafeTextBase(str):
    """Text that Django takes for safe HTML; Markup-like to nobody here."""

    __slots__ = ()

    def __new__(cls, text: str = "") -> SafeTextBase:
        """Take *text*, and nothing that would have to be turned into one."""
        if not isinstance(text, str):
            raise TypeError("not text")
        return super().__new__(cls, text)


class SafeString(SafeTextBase):
    """Stands for ``django.utils.safestring.SafeString``."""

    __slots__ = ()


class SafeText(SafeTextBase):
    """Stands for ``SafeText``, its name from Django 1.5 to 3.2."""

    __slots__ = ()


class SafeBytes(SafeTextBase):
    """Stands for ``SafeBytes``, what Django 1.5 to 1.11 made of Python 2's str."""

    __slots__ = ()


class SafeUnicode(SafeTextBase):
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
        return pytz_utc, ()


def pytz_utc() -> PytzUTC:
    """Stand for ``pytz._UTC``, which makes it."""
    return PytzUTC()
