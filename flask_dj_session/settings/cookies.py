"""Settings that are valid one by one, but together make a cookie that browsers drop.

The rules are those of RFC 6265bis, which ignores case in names; browsers have the prefixes with
"Http" since 2025.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from ..errors import SettingError
from ..wire.cookies import CookieAttributes
from .origin import ORIGIN, description_in
from .versions import django_has_setting

_ON_LOCALHOST = " Chromium and Firefox take a secure cookie from http://localhost, too."


class _Demand(NamedTuple):
    """What another setting of the same cookie must be."""

    setting: str
    value: str
    is_met: Callable[[CookieAttributes], object]


_SECURE = _Demand("SECURE", "True", lambda cookie: cookie.secure)
_HTTPONLY = _Demand("HTTPONLY", "True", lambda cookie: cookie.httponly)
_NO_DOMAIN = _Demand("DOMAIN", "None", lambda cookie: not cookie.domain)
_ROOT = _Demand("PATH", "'/'", lambda cookie: cookie.path == "/")

#: by the beginning of a name, the longer one first
_PREFIXES = {
    "__Host-Http-": (_SECURE, _NO_DOMAIN, _ROOT, _HTTPONLY),
    "__Host-": (_SECURE, _NO_DOMAIN, _ROOT),
    "__Secure-": (_SECURE,),
    "__Http-": (_SECURE, _HTTPONLY),
}


def check_cookie(kind: str, cookie: CookieAttributes) -> None:
    """Refuse a cookie that browsers drop.

    :param kind: how its settings begin: ``SESSION_COOKIE`` or ``CSRF_COOKIE``.
    :raises SettingError: naming the setting that needs another value of the others.
    """
    for setting, problem, demands in _rules(cookie):
        unmet = [demand for demand in demands if not demand.is_met(cookie)]
        if unmet:
            rule = _listed([f"'{kind}_{each.setting}' is {each.value}" for each in demands])
            hint = _listed([f"'{kind}_{each.setting} = {each.value}'" for each in unmet])
            raise SettingError(
                f"{kind}_{setting}",
                f"{problem} unless {rule}",
                f"Set {hint}, in Django too, or change '{kind}_{setting}'."
                + (_ON_LOCALHOST if _SECURE in unmet else ""),
            )


def warn_of_partitioned(config: Mapping[str, Any]) -> None:
    """Say that the Django beside the app does not send the cookie that the app sends."""
    name = "SESSION_COOKIE_PARTITIONED"
    description = description_in(config)
    has_default = description.has_default if description is not None else django_has_setting
    if config[name] and ORIGIN in config and not has_default(name):
        warnings.warn(
            f"'{name}' is True, and Django does not send 'Partitioned' by itself. Unless something"
            " else in the project adds it, browsers keep two cookies if another site embeds the"
            f" pages, and the visitor has two sessions. Set '{name} = False', or add 'Partitioned'"
            " to Django's cookie, too.",
            stacklevel=4,
        )


def _rules(cookie: CookieAttributes) -> Iterator[tuple[str, str, tuple[_Demand, ...]]]:
    """Yield what is asked for by which setting, and what browsers demand with it."""
    for prefix, demands in _PREFIXES.items():
        if cookie.name.lower().startswith(prefix.lower()):
            problem = (
                f"is {cookie.name!r}, and browsers drop a cookie whose name begins with '{prefix}'"
            )
            yield "NAME", problem, demands
            break
    if (cookie.samesite or "").lower() == "none":
        yield "SAMESITE", f"is {cookie.samesite!r}, and browsers drop such a cookie", (_SECURE,)
    if cookie.partitioned:
        yield "PARTITIONED", "is True, and browsers drop such a cookie", (_SECURE,)


def _listed(parts: list[str]) -> str:
    *others, last = parts
    return f"{', '.join(others)} and {last}" if others else last
