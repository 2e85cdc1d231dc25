"""What Django's settings say that the app's do not; no value of a secret is ever told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from ..settings import CACHE_ENGINES, DEFAULTS, OWN_ENGINE, is_given
from .finding import Finding, differs
from .serializers import serializer_setting_findings

#: where these differ, the one does not find or read what the other wrote
_DECISIVE = {
    "SESSION_COOKIE_NAME",
    "SESSION_COOKIE_DOMAIN",
    "SESSION_COOKIE_PATH",
}
#: compared otherwise than by their values
_APART = {
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "SESSION_ENGINE",
    "SESSION_CACHE_ALIAS",
    "CACHES",  # which may hold a password
    "SESSION_SERIALIZER",
    "USE_TZ",
    "TIME_ZONE",
}
#: what leaves no trace in the rows, so that only the Django settings tell it
UNTRACEABLE = [
    "SESSION_COOKIE_NAME",
    "SESSION_COOKIE_DOMAIN",
    "SESSION_COOKIE_PATH",
    "SESSION_COOKIE_SECURE",
    "SESSION_COOKIE_SAMESITE",
]
#: of an entry of CACHES: what says where a session is, and what is in it
_OF_ENTRIES = ("BACKEND", "LOCATION", "KEY_PREFIX", "VERSION", "KEY_FUNCTION", "OPTIONS")
_DEFAULT_PORTS = {"postgresql": 5432, "mysql": 3306}
_DB_ENGINES = {"django.contrib.sessions.backends." + name for name in ("db", "cached_db")}

Settings = Mapping[str, Any]


def setting_findings(app: Settings, django: Settings) -> list[Finding]:
    """Compare *app*, prepared, with what a Django settings module sets."""
    findings = [
        *_key_findings(app, django),
        *(finding for name in DEFAULTS for finding in _value_findings(name, app, django)),
        *serializer_setting_findings(
            _value("SESSION_SERIALIZER", django), app["SESSION_SERIALIZER"]
        ),
        *_clock_findings(app, django),
        *_engine_findings(app, django),
        *_cache_findings(app, django),
        *_database_findings(app, django),
    ]
    return findings or [Finding("ok", "The Django settings agree with the app's.")]


def _value(name: str, django: Settings) -> Any:
    return django.get(name, DEFAULTS[name])


def _value_findings(name: str, app: Settings, django: Settings) -> Iterator[Finding]:
    theirs, ours = _value(name, django), app[name]
    if name in _APART or _plain(name, theirs) == _plain(name, ours):
        return
    yield differs(name, ours, theirs, is_decisive=name in _DECISIVE)


def _plain(name: str, value: Any) -> Any:
    """Make values alike that mean the same."""
    if name == "SESSION_COOKIE_SAMESITE":
        return (value or "").lower()
    if name == "SESSION_COOKIE_DOMAIN":
        return (value or "").lower().removeprefix(".")  # as browsers do
    return value


def _key_findings(app: Settings, django: Settings) -> Iterator[Finding]:
    theirs = [django.get("SECRET_KEY"), *(django.get("SECRET_KEY_FALLBACKS") or ())]
    ours = [app["SECRET_KEY"], *(app["SECRET_KEY_FALLBACKS"] or ())]
    theirs, ours = [[_as_bytes(key) for key in keys if key] for keys in (theirs, ours)]
    if "SECRET_KEY" in django and theirs[:1] != ours[:1]:
        yield Finding(
            "wrong",
            "SECRET_KEY differs from the one in the Django settings.",
            "Set SECRET_KEY to the Django project's.",
        )
    if missing := len(set(theirs[1:]) - set(ours)):
        yield Finding(
            "wrong",
            f"{missing} of Django's SECRET_KEY_FALLBACKS {'is' if missing == 1 else 'are'} not"
            " among the app's keys.",
            "Set SECRET_KEY_FALLBACKS to the Django project's, unless someone else may know one of"
            " them.",
        )
    if unknown := len(set(ours[1:]) - set(theirs)):
        yield Finding(
            "note",
            f"{unknown} of the app's SECRET_KEY_FALLBACKS {'is' if unknown == 1 else 'are'} not"
            " among Django's keys.",
        )


def _as_bytes(key: str | bytes) -> bytes:
    return key.encode() if isinstance(key, str) else key


def _clock_findings(app: Settings, django: Settings) -> Iterator[Finding]:
    if "USE_TZ" not in django:
        yield Finding(
            "note",
            "The Django settings do not set USE_TZ. Its default is False before Django 5.0, and"
            f" True since. Here it is {app['USE_TZ']}.",
        )
    elif django["USE_TZ"] != app["USE_TZ"]:
        yield differs("USE_TZ", app["USE_TZ"], django["USE_TZ"], is_decisive=True)
    zone = django.get("TIME_ZONE", DEFAULTS["TIME_ZONE"])
    if (zone or None) != (app["TIME_ZONE"] or None):  # where it is empty, the machine's counts
        matters = not (app["USE_TZ"] and django.get("USE_TZ", True))
        yield differs("TIME_ZONE", app["TIME_ZONE"], zone, is_decisive=matters)


def _engine_findings(app: Settings, django: Settings) -> Iterator[Finding]:
    engine = _value("SESSION_ENGINE", django)
    if engine == app["SESSION_ENGINE"] and engine in CACHE_ENGINES and is_given(app["CACHES"]):
        return
    if str(engine).endswith(".cached_db"):
        yield Finding(
            "note",
            "Django's SESSION_ENGINE is 'cached_db': Django sees that a session was changed or"
            " ended here only when its cache entry expires.",
            "Set SESSION_ENGINE and CACHES to the Django project's.",
        )
    elif engine == OWN_ENGINE:
        if app["SESSION_CONCURRENCY"] != "merge":
            yield Finding(
                "note",
                "Django keeps what this app stores meanwhile, but a save of this app replaces what"
                " Django has stored meanwhile.",
                "Set SESSION_CONCURRENCY = 'merge'.",
            )
    elif engine not in _DB_ENGINES:
        yield Finding(
            "note",
            f"Django's SESSION_ENGINE is {engine!r}, which is not one of Django's own engines that"
            " use the table.",
        )


def _cache_findings(app: Settings, django: Settings) -> Iterator[Finding]:
    """Tell in what the entries of CACHES differ that have the sessions, and never how."""
    if app["SESSION_ENGINE"] not in CACHE_ENGINES or not is_given(django.get("CACHES")):
        return
    ours, theirs = (_session_entry(one) for one in (app, django))
    names = [name for name in _OF_ENTRIES if (ours.get(name) or None) != (theirs.get(name) or None)]
    if names:
        yield Finding(
            "wrong",
            f"The cache of the sessions differs from Django's in {', '.join(names)}.",
            "Set CACHES and SESSION_CACHE_ALIAS to the Django project's.",
        )


def _session_entry(settings: Settings) -> Settings:
    caches = settings.get("CACHES") or {}
    entry = caches.get(settings.get("SESSION_CACHE_ALIAS", DEFAULTS["SESSION_CACHE_ALIAS"]), {})
    return {"VERSION": 1, **entry}


def _database_findings(app: Settings, django: Settings) -> Iterator[Finding]:
    name = "SQLALCHEMY_DATABASE_URI"
    if not (django.get(name) and app.get(name)):
        return
    ours, theirs = sa.make_url(app[name]), sa.make_url(django[name])
    parts: dict[str, Callable[[sa.URL], object]] = {"database": _database, "server": _server}
    for part, of in parts.items():
        if of(ours) != of(theirs):
            yield Finding(
                "wrong" if part == "database" else "note",
                f"The app's {part} is {of(ours)!r}, but in the Django settings it is"
                f" {of(theirs)!r}.",
                "Point this app at Django's database." if part == "database" else "",
            )
            return


def _backend(url: sa.URL) -> str:
    return url.get_backend_name().replace("mariadb", "mysql")


def _database(url: sa.URL) -> str:
    return f"{_backend(url)}: {url.database or ''}"


def _server(url: sa.URL) -> str:
    host = (url.host or "localhost").replace("127.0.0.1", "localhost")
    return f"{host}:{url.port or _DEFAULT_PORTS.get(_backend(url), '')}"
