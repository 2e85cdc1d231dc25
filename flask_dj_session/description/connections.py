"""From the connections that a site has told of to what Django's DATABASES would say of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_DJANGOS = "django."
_WRAPPER = ".base.DatabaseWrapper"
_BASE = "django.db.backends.base"

#: what the drivers call the parts of an entry, in what Django passes to them
_PARTS = {
    "NAME": ("dbname", "database", "db"),
    "USER": ("user",),
    "PASSWORD": ("password", "passwd"),
    "HOST": ("host", "unix_socket"),
    "PORT": ("port",),
}


def databases(connections: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what DATABASES says of *connections*, with Django's own engines where it can be.

    Where something stands around Django's engine, its name gives way to that of Django's; and
    where that something makes other parameters of the settings, they count.
    """
    return {alias: _entry(told) for alias, told in (connections or {}).items()}


def _entry(told: Mapping[str, Any]) -> dict[str, Any]:
    entry = {**told["settings"], "ENGINE": _engine(told)}
    if told["has_own_params"] and told["params"]:
        entry.update(_parts(told["params"]))
    options = dict(entry.get("OPTIONS") or {})
    for name in told["unsaid"]:
        first, _, option = name.partition(".")
        if first == "OPTIONS":
            options[option.partition(".")[0]] = object()  # refused, unless nobody needs it
    return {**entry, "OPTIONS": options}


def _engine(told: Mapping[str, Any]) -> str:
    for name in told["mro"]:
        engine = name.removesuffix(_WRAPPER)
        if engine != name and engine.startswith(_DJANGOS) and engine != _BASE:
            return str(engine)
    return str(told["engine"])


def _parts(params: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for part, names in _PARTS.items():
        given = [params[name] for name in names if params.get(name)]
        if given:
            found[part] = given[0]
    return found
