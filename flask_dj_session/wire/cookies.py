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

from .keys import MAX_LENGTH

_EPOCH = "Thu, 01 Jan 1970 00:00:00 GMT"
# Prefixes of names that browsers take only with Secure, and only with HttpOnly.
_FOR_HTTPS = ("__secure-", "__host-", "__http-")
_NOT_FOR_SCRIPTS = ("__http-", "__host-http-")
_QUOTING = SimpleCookie()  # holds nothing; it knows how values are quoted
_ESCAPED = re.compile(r"\\(?:([0-3][0-7][0-7])|(.))")


class CookieAttributes(NamedTuple):
    """What a session cookie carries besides its value and its end."""

    name: str
    domain: str | None = None
    path: str | None = "/"
    secure: bool = False
    httponly: bool = True
    samesite: str | None = "Lax"
    partitioned: bool = False


def read_cookie(header: str, name: str, *, max_length: int = MAX_LENGTH) -> str | None:
    """Return the value of cookie *name* in a Cookie header; of several the last.

    :param header: as WSGI has it, its bytes as latin-1.
    :param max_length: how many characters a value of use has at most, once decoded.

    # Django 5.2, http/cookie.py: parse_cookie
    """
    if not header.isascii():
        header = header.encode("latin-1", "replace").decode("utf-8", "replace")
    for chunk in reversed(header.split(";")):
        key, separator, text = chunk.partition("=")
        if separator and key.strip() == name:
            return _unquoted(text.strip(), max_length)
    return None


def _unquoted(value: str, max_length: int) -> str:
    """Do what ``http.cookies`` does with a quoted value, in a time that its length bounds.

    It takes quadratic time before Python 3.13 and the mended 3.10 to 3.12, and any visitor can
    send a header of many kilobytes.
    """
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    if len(value) > 4 * max_length + 2:
        # Unlike Django: a value that stays too long, were all of it octal escapes, is not decoded.
        return value
    return _ESCAPED.sub(_unescaped, value[1:-1])


def _unescaped(escape: re.Match[str]) -> str:
    octal, other = escape.groups()
    return other if octal is None else chr(int(octal, 8))


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
    # Unlike Django: it does not heed that browsers compare these names without regard to case,
    # nor the newer ones with "Http", so that the browser drops the header and keeps the cookie.
    name = attributes.name.lower()
    morsel["httponly"] = name.startswith(_NOT_FOR_SCRIPTS)
    morsel["secure"] = (
        name.startswith(_FOR_HTTPS)
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
    names = _around_commas(vary)
    if "*" in names:
        return "*"
    if "cookie" not in {name.lower() for name in names}:
        names.append("Cookie")
    return ", ".join(names)


def _around_commas(text: str) -> list[str]:
    r"""Split at commas, and drop the spaces around these, but not those at the two ends.

    Django's ``\s*,\s*`` does the same, in quadratic time where there are many spaces.
    """
    first, *others = text.split(",")
    if not others:
        return [text]
    *inner, last = others
    return [first.rstrip(), *(part.strip() for part in inner), last.lstrip()]


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
