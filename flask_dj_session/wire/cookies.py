"""The session cookie's Set-Cookie header and the Vary header, in the bytes that Django sends.

Django writes its cookies with the standard library's ``http.cookies``, and so does this module:
attributes in its order and spelling, ``""`` for the value of a deleted one.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from http.cookies import Morsel, SimpleCookie
from typing import NamedTuple

_EPOCH = "Thu, 01 Jan 1970 00:00:00 GMT"
_COMMA = re.compile(r"\s*,\s*")
_QUOTING = SimpleCookie()  # holds nothing; it knows how values are quoted


class CookieAttributes(NamedTuple):
    """What a session cookie carries besides its value and its end."""

    name: str
    domain: str | None = None
    path: str | None = "/"
    secure: bool = False
    httponly: bool = True
    samesite: str | None = "Lax"
    partitioned: bool = False


def read_cookie(header: str, name: str) -> str | None:
    """Return the value of cookie *name* in a Cookie header; of several the last.

    :param header: as WSGI has it, its bytes as latin-1.

    # Django 5.2, http/cookie.py: parse_cookie
    """
    value = None
    if not header.isascii():
        header = header.encode("latin-1", "replace").decode("utf-8", "replace")
    for chunk in header.split(";"):
        key, separator, text = chunk.partition("=")
        if (key if separator else "").strip() == name:
            value = text.strip()
    if value is None or not value.startswith('"'):
        return value
    decoded: str = _QUOTING.value_decode(value)[0]
    return decoded


def read_cookies(header: str, name: str) -> list[str]:
    """Return the values of all cookies *name* in a Cookie header, in its order.

    :param header: as WSGI has it, its bytes as latin-1.
    """
    read = (read_cookie(chunk, name) for chunk in header.split(";"))
    return [value for value in read if value is not None]


def set_cookie(
    attributes: CookieAttributes, session_key: str, *, now: datetime, max_age: float | None
) -> str:
    """Write the Set-Cookie value that hands out *session_key*.

    :param now: aware, in UTC.
    :param max_age: seconds until the browser drops it; None until the browser is closed.

    # Django 5.2, http/response.py: set_cookie
    """
    is_plain = session_key.isascii() and session_key.isalnum()
    quoted = session_key if is_plain else _QUOTING.value_encode(session_key)[1]
    if max_age is None:
        return f"{attributes.name}={quoted}{_what_follows(attributes, None, None)}"
    ends = (now + timedelta(seconds=max_age)).replace(microsecond=0)
    return f"{attributes.name}={quoted}{_what_follows(attributes, ends, int(max_age))}"


# A second's cookies differ in the key alone, and writing one costs as much as a statement.
@lru_cache(maxsize=16)
def _what_follows(attributes: CookieAttributes, ends: datetime | None, seconds: int | None) -> str:
    """Write what stands behind the value of a cookie that is handed out."""
    morsel = _morsel(attributes, "", "")
    if ends is not None:
        morsel["expires"] = format_datetime(ends, usegmt=True)
        morsel["max-age"] = str(seconds)
    morsel["secure"] = attributes.secure or attributes.partitioned
    morsel["httponly"] = attributes.httponly
    return _output(morsel, attributes).removeprefix(f"{attributes.name}=")


def delete_cookie(attributes: CookieAttributes) -> str:
    """Write the Set-Cookie value that makes the browser drop the cookie.

    # Django 5.2, http/response.py: delete_cookie
    """
    morsel = _morsel(attributes, "", '""')
    morsel["expires"] = _EPOCH
    morsel["max-age"] = "0"
    morsel["secure"] = (
        attributes.name.startswith(("__Secure-", "__Host-"))
        or (attributes.samesite or "").lower() == "none"
        or attributes.partitioned
    )
    return _output(morsel, attributes)


def patch_vary(vary: str) -> str:
    """Add ``Cookie`` to a Vary header's value, which may be empty.

    # Django 5.2, utils/cache.py: patch_vary_headers
    """
    if not vary:
        return "Cookie"
    names = _COMMA.split(vary)
    if "*" in names:
        return "*"
    if "cookie" not in {name.lower() for name in names}:
        names.append("Cookie")
    return ", ".join(names)


def _morsel(attributes: CookieAttributes, value: str, coded: str) -> Morsel[str]:
    morsel: Morsel[str] = Morsel()
    morsel.set(attributes.name, value, coded)
    for key in ("path", "domain", "samesite"):
        if given := getattr(attributes, key):
            morsel[key] = given
    return morsel


def _output(morsel: Morsel[str], attributes: CookieAttributes) -> str:
    # Morsel knows the attribute only since Python 3.14.
    return morsel.OutputString() + ("; Partitioned" if attributes.partitioned else "")
