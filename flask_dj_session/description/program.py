"""What a Django site says of itself; the site's own Python runs this file once, from its stdin.

It needs the standard library and the site's Django alone, and Python 3.6 reads it. No app imports
it. The answer is one line of JSON on what was stdout before anything of the site was imported; what
the site prints meanwhile goes to stderr. The names of the settings to tell are its arguments.
"""

import base64
import json
import os
import re
import sys
from datetime import timedelta
from importlib import import_module
from traceback import walk_tb
from typing import Any, Callable, Dict, Iterable, List, Optional
from urllib.parse import quote, unquote

#: of the answer; what reads it refuses others
FORMAT = 1

Facts = Dict[str, Any]

#: whose classes do what Django's do: this package's engine writes the same rows
_AS_DJANGO = ("django", "flask_dj_session")
_DJANGO_BACKENDS = "django.contrib.auth.backends"
_LOWEST_DJANGO = (2, 2)

#: what decides who a user is, or what somebody may do
_BACKEND_METHODS = (
    "authenticate",
    "get_user",
    "user_can_authenticate",
    "has_perm",
    "has_module_perms",
    "get_user_permissions",
    "get_group_permissions",
    "get_all_permissions",
)
_HASHER_PARAMETERS = (
    "iterations",
    "rounds",
    "time_cost",
    "memory_cost",
    "parallelism",
    "work_factor",
    "block_size",
    "salt_entropy",
)
_URLS = ("LOGIN_URL", "LOGIN_REDIRECT_URL", "LOGOUT_REDIRECT_URL")

#: as Django draws them
_SOME_KEY = "abcdefghijklmnopqrstuvwxyz012345"

_SOME_REQUEST = {"REMOTE_ADDR": "127.0.0.1", "SERVER_NAME": "localhost", "SERVER_PORT": "80"}

#: errors whose words are about the settings, and not about what is in them
_QUOTED = ("ImportError", "ModuleNotFoundError", "ImproperlyConfigured", "UndefinedValueError")
_MISSING_VARIABLE = (
    re.compile(r"^Set the (\w+) environment variable"),  # django-environ
    re.compile(r"^(\w+) not found\. Declare it as envvar"),  # python-decouple
    re.compile(r'^Environment variable "(\w+)" not set'),  # environs
)
_PASSWORD_IN_URL = re.compile(r"(://[^/\s:@]*:)[^@\s]*@")


class NotPlain(Exception):  # noqa: N818 - it is no error of anybody's
    """A value that JSON has no words for; its text is the name of the type."""


def main(names: List[str]) -> None:
    """Answer, and end at once, whatever threads the site has started."""
    answer = _own_stdout()
    facts = _asked(names)
    with os.fdopen(answer, "wb") as stream:
        stream.write(json.dumps(facts).encode("ascii") + b"\n")
    os._exit(0)


def _own_stdout() -> int:
    """Return another number of stdout; what is printed from now on goes to stderr."""
    own = os.dup(1)
    os.dup2(2, 1)
    return own


def _asked(names: List[str]) -> Facts:
    told: Facts = {"description": FORMAT, "python": "{}.{}.{}".format(*sys.version_info)}
    try:
        import django
    except ImportError:
        return dict(told, failure={"stage": "django", "kind": "ImportError"})
    told["django"] = django.get_version()
    if django.VERSION[:2] < _LOWEST_DJANGO:
        return dict(told, failure={"stage": "version", "kind": "ImportError"})
    try:
        _set_up()
        told.update(describe(names))
    except BaseException as error:  # SystemExit, and what else ends a program
        return dict(told, failure=dict(failure(error), stage="setup"))
    return told


def _set_up() -> None:
    sys.path[:] = [os.getcwd()] + [place for place in sys.path if place]
    if os.environ.get("DJANGO_CONFIGURATION"):
        import_module("configurations").setup()
    else:
        import_module("django").setup()


def describe(names: Iterable[str]) -> Facts:
    """Return what is known of the site, in words of JSON; Django must be set up.

    :param names: the settings to tell.
    """
    told: Facts = {"module": os.environ["DJANGO_SETTINGS_MODULE"], "problems": {}}
    told.update(_settings(names))
    sections: Dict[str, Callable[[], Any]] = {
        "urls": _urls,
        "session": _session,
        "middleware": _middleware,
        "user": _user,
        "backends": _backends,
        "hashers": _hashers,
        "caches": _caches,
        "routes": _routes,
        "connections": _connections,
    }
    for name in sections:
        try:
            told[name] = sections[name]()
        except Exception as error:  # what one part of the site fails with hides no other part
            told[name] = None
            told["problems"][name] = failure(error)
    return told


# What went wrong


def failure(error: BaseException) -> Facts:
    """Return the kind of *error* and where it was raised; its words where they hold no secret."""
    kind = type(error).__name__
    told: Facts = {"kind": kind, "place": _place(error)}
    if isinstance(error, ImportError):
        told["missing"] = error.name
    if kind in _QUOTED:
        told["message"] = _PASSWORD_IN_URL.sub(r"\1***@", " ".join(str(error).split()))
    if kind in _QUOTED or isinstance(error, KeyError):
        told["variable"] = missing_variable(error)
    return told


def missing_variable(error: BaseException) -> Optional[str]:
    """Return the environment variable whose absence raised *error*; None otherwise."""
    if isinstance(error, KeyError):
        return str(error.args[0]) if _raised_by_environ(error) else None
    if type(error).__name__ not in _QUOTED:
        return None
    named = [found.match(str(error).strip()) for found in _MISSING_VARIABLE]
    return next((match.group(1) for match in named if match), None)


def _raised_by_environ(error: BaseException) -> bool:
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    return bool(frames) and frames[-1].f_globals.get("__name__") == "os"


def _place(error: BaseException) -> Optional[List[Any]]:
    """Return the line and the file of the last of the project's own code on the way."""
    if isinstance(error, SyntaxError):
        return [error.lineno, os.path.basename(error.filename or "")]
    project = os.environ["DJANGO_SETTINGS_MODULE"].partition(".")[0]
    places = [
        [line, os.path.basename(frame.f_code.co_filename)]
        for frame, line in walk_tb(error.__traceback__)
        if str(frame.f_globals.get("__name__")).partition(".")[0] == project
    ]
    return places[-1] if places else None


# Values


def plain(value: Any) -> Any:
    """Return *value* in words of JSON.

    :raises NotPlain: where there are none.
    """
    if value is None or isinstance(value, bool):
        return None if value is None else bool(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"$bytes": base64.b64encode(bytes(value)).decode("ascii")}
    if isinstance(value, timedelta):
        return {"$seconds": value.total_seconds()}
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    if isinstance(value, str):  # a subclass, as of Enum, or what pretends to be text
        return str.__str__(value) if issubclass(type(value), str) else str(value)
    for kind in (int, float):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, import_module("django.utils.functional").Promise):
        return str(value)
    if isinstance(value, dict):
        return {str(name): plain(value[name]) for name in value}
    if isinstance(value, (list, tuple, set, frozenset)) or hasattr(value, "__iter__"):
        return [plain(one) for one in value]
    raise NotPlain(_dotted(type(value)))


def _plain_parts(values: Dict[str, Any], unsaid: List[str], prefix: str = "") -> Facts:
    """Return what is plain of *values*; name the rest in *unsaid*."""
    told = {}
    for name, value in values.items():
        if isinstance(value, dict):
            told[str(name)] = _plain_parts(value, unsaid, "{}{}.".format(prefix, name))
            continue
        try:
            told[str(name)] = plain(value)
        except Exception:
            unsaid.append(prefix + str(name))
    return told


def _dotted(kind: type) -> str:
    return "{}.{}".format(kind.__module__, kind.__qualname__)


def _mro(kind: type) -> List[str]:
    return [_dotted(one) for one in kind.__mro__ if one is not object]


def _definer(kind: type, method: str) -> Optional[type]:
    """Return the class of *kind*'s that *method* is from; None where there is none."""
    return next((one for one in kind.__mro__ if method in vars(one)), None)


def _whose(definer: Optional[type]) -> str:
    """Tell whose a method is: django, base (BaseBackend's), own or absent."""
    if definer is None:
        return "absent"
    if _dotted(definer) == _DJANGO_BACKENDS + ".BaseBackend":
        return "base"
    return "django" if definer.__module__.partition(".")[0] == "django" else "own"


def _own_names(kind: type, base: type) -> List[str]:
    """Name what classes below *base* define that *base* has, too."""
    own = [one for one in kind.__mro__ if one.__module__.partition(".")[0] not in _AS_DJANGO]
    names = {name for one in own for name in vars(one) if hasattr(base, name)}
    return sorted(name for name in names if not name.startswith("__") or name == "__call__")


# The parts of the site


def _settings(names: Iterable[str]) -> Facts:
    from django.conf import global_settings, settings

    names = list(names)
    told: Facts = {}
    unsaid = {}
    for name in names:
        try:
            value = getattr(settings, name, None)
            if hasattr(settings, name):
                told[name] = plain(value)
        except NotPlain as error:
            unsaid[name] = str(error)
            if name == "SECRET_KEY":
                told[name] = str(value)  # as Django signs with it
        except Exception as error:  # a SECRET_KEY that is empty, or a lazy text that fails
            unsaid[name] = type(error).__name__
    defaults = [name for name in names if hasattr(global_settings, name)]
    return {"settings": told, "unsaid": unsaid, "defaults": defaults}


def _urls() -> Facts:
    from django.conf import settings
    from django.shortcuts import resolve_url

    told: Facts = {}
    for name in _URLS:
        to = getattr(settings, name, None)
        try:
            told[name] = {"url": None if to is None else str(resolve_url(to))}
        except Exception as error:
            told[name] = {"url": None, "given": str(to), "problem": failure(error)}
    return told


def _session() -> Facts:
    from django.conf import settings
    from django.contrib.sessions.backends.base import SessionBase

    store = import_module(settings.SESSION_ENGINE).SessionStore
    told: Facts = {
        "engine": settings.SESSION_ENGINE,
        "class": _dotted(store),
        "mro": _mro(store),
        "own": _own_names(store, SessionBase),
        "key_salt": _key_salt(store),
        "cache_alias": settings.SESSION_CACHE_ALIAS,
        "has_cache": "django.contrib.sessions.backends.cached_db.SessionStore" in _mro(store),
        "is_cache": "django.contrib.sessions.backends.cache.SessionStore" in _mro(store),
        "cache_key_prefix": getattr(store, "cache_key_prefix", None),
        "cache_classes": _cache_classes(settings.SESSION_CACHE_ALIAS),
        "serializer": _serializer(settings.SESSION_SERIALIZER),
        "model": None,
    }
    model = _session_model(store)
    if model is not None:
        told["model"] = _model(model)
    return told


def _session_model(store: Any) -> Any:
    """Return the model of the rows of a store; None where it has none."""
    if hasattr(store, "get_model_class"):
        return store.get_model_class()
    # Others, as that of django-user-sessions, name it in their module alone.
    for value in vars(sys.modules[store.__module__]).values():
        names = [field.name for field in getattr(getattr(value, "_meta", None), "fields", ())]
        if {"session_key", "session_data", "expire_date"} <= set(names):
            return value
    return None


def _key_salt(store: Any) -> str:
    salt = getattr(store, "key_salt", None)  # since Django 3.1
    if isinstance(salt, property):
        salt = store().key_salt
    return str(salt or "django.contrib.sessions." + store.__qualname__)


def _serializer(path: str) -> Facts:
    return {"path": path, "mro": _mro(_imported(path))}


def _imported(path: str) -> Any:
    from django.utils.module_loading import import_string

    return import_string(path)


def _model(model: Any) -> Facts:
    meta = model._meta
    return {
        "class": _dotted(model),
        "label": meta.label,
        "table": meta.db_table,
        "columns": [_column(field) for field in meta.concrete_fields],
    }


def _column(field: Any) -> Facts:
    told: Facts = {
        "name": field.attname,
        "column": field.column,
        "kind": field.get_internal_type(),
        "class": _dotted(type(field)),
        "null": field.null,
        "primary_key": field.primary_key,
        "max_length": field.max_length,
        "collation": getattr(field, "db_collation", None),
        "now": _now(field),
    }
    if field.is_relation:
        told["kind"] = field.target_field.get_internal_type()
        told["refers_to"] = field.related_model._meta.label
    if not field.has_default() or not (told["now"] or callable(field.default)):
        try:
            told["default"] = plain(field.get_default())
        except Exception:
            told["unsaid"] = "default"
    return told


def _now(field: Any) -> Optional[str]:
    """Tell when a column gets the time: at each write, at the first (insert), or never."""
    from django.utils import timezone

    if getattr(field, "auto_now", False):
        return "write"
    is_first = getattr(field, "auto_now_add", False) or field.default is timezone.now
    return "insert" if is_first else None


def _middleware() -> List[Facts]:
    """Tell what stands in SessionMiddleware's place, and whatever else is called so."""
    from django.conf import settings
    from django.contrib.sessions.middleware import SessionMiddleware

    told = []
    for path in settings.MIDDLEWARE:
        try:
            kind = _imported(path)
        except Exception as error:
            told.append({"path": path, "problem": failure(error)})
            continue
        is_kind = isinstance(kind, type)
        is_subclass = is_kind and issubclass(kind, SessionMiddleware)
        if is_subclass or "session" in path.rpartition(".")[2].lower():
            own = _own_names(kind, SessionMiddleware) if is_subclass else []
            mro = _mro(kind) if is_kind else []
            is_session = is_subclass or (is_kind and "SessionMiddleware" in path)
            told.append(
                {
                    "path": path,
                    "mro": mro,
                    "own": own,
                    "is_session": is_session,
                    "takes_key": _takes_key(kind) if is_session else None,
                }
            )
    return told


def _takes_key(kind: Any) -> Optional[bool]:
    """Tell whether a cookie's value is the key of its session; None where that is not known."""
    from django.conf import settings
    from django.http import HttpRequest

    request = HttpRequest()
    request.method, request.path, request.path_info = "GET", "/", "/"
    request.META.update(_SOME_REQUEST)
    request.COOKIES[settings.SESSION_COOKIE_NAME] = _SOME_KEY
    try:
        kind(lambda _: None).process_request(request)
        return bool(request.session.session_key == _SOME_KEY)
    except Exception:
        return None


def _user() -> Facts:
    from django.contrib.auth import get_user_model
    from django.contrib.auth.base_user import AbstractBaseUser

    user = get_user_model()
    told = _model(user)
    username = user._meta.get_field(user.USERNAME_FIELD)
    told.update(
        mro=_mro(user),
        pk=_column(user._meta.pk),
        username=_column(username),
        ignores_case=_ignores_case(user, username),
        has_own_session_hash=any(
            getattr(user, name, None) is not getattr(AbstractBaseUser, name, None)
            for name in ("get_session_auth_hash", "_get_session_auth_hash")
        ),
        is_active=_kind_of_attribute(user, "is_active"),
    )
    return told


def _ignores_case(user: Any, username: Any) -> Optional[bool]:
    """Tell whether names are found without regard to case; None where that is not known."""
    from django.contrib.auth.base_user import BaseUserManager

    kinds = [_dotted(one).rpartition(".")[2] for one in type(username).__mro__]
    if "CICharField" in kinds or "CITextField" in kinds or "CIEmailField" in kinds:
        return True
    if getattr(username, "db_collation", None):
        return None
    manager = type(user._default_manager)
    by_name = getattr(manager, "get_by_natural_key", None)
    return False if by_name is BaseUserManager.get_by_natural_key else None


def _kind_of_attribute(model: Any, name: str) -> str:
    if name in [field.attname for field in model._meta.concrete_fields]:
        return "column"
    if not hasattr(model, name):
        return "absent"
    return "property" if isinstance(getattr(model, name), property) else repr(getattr(model, name))


def _backends() -> List[Facts]:
    from django.conf import settings

    told = []
    for path in settings.AUTHENTICATION_BACKENDS:
        try:
            kind = _imported(path)
            told.append({"path": path, "mro": _mro(kind), "methods": _methods(kind)})
        except Exception as error:
            told.append({"path": path, "problem": failure(error)})
    return told


def _methods(kind: type) -> Facts:
    """Tell whose each method of a backend is, and which class has it."""
    told = {}
    for name in _BACKEND_METHODS:
        definer = _definer(kind, name)
        told[name] = {"whose": _whose(definer), "in": definer and _dotted(definer)}
    return told


def _hashers() -> List[Facts]:
    from django.conf import settings

    told = []
    for path in settings.PASSWORD_HASHERS:
        try:
            kind = _imported(path)
        except Exception as error:
            told.append({"path": path, "problem": failure(error)})
            continue
        given = {name: getattr(kind, name, None) for name in _HASHER_PARAMETERS}
        told.append(
            {
                "path": path,
                "mro": _mro(kind),
                "algorithm": kind.algorithm,
                "own": [name for name in _own_names(kind, kind) if callable(getattr(kind, name))],
                "parameters": {name: given[name] for name in given if given[name] is not None},
            }
        )
    return told


def _caches() -> Facts:
    from django.conf import settings

    return {alias: _plain_parts(_named(settings.CACHES[alias]), []) for alias in settings.CACHES}


def _named(entry: Any) -> Dict[str, Any]:
    """Return an entry of CACHES with names for functions and classes, and with a whole path."""
    told: Dict[str, Any] = {}
    for name, value in entry.items():
        if isinstance(value, dict):
            told[name] = _named(value)
        elif callable(value) and hasattr(value, "__qualname__"):
            told[name] = _dotted(value)
        else:
            told[name] = value
    if str(entry.get("BACKEND")).endswith(".FileBasedCache"):
        told["LOCATION"] = os.path.abspath(entry.get("LOCATION") or "")
    return told


def _cache_classes(alias: str) -> Optional[List[str]]:
    """Return the class of a cache and those that it inherits from; None where it has none."""
    from django.core.cache import caches

    try:
        return _mro(type(caches[alias]))
    except Exception:  # there is no such one, or what it needs is not there
        return None


def _routes() -> Facts:
    """Tell which connections the rows of sessions and of users are read from and written to."""
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.db import router

    told: Facts = {}
    store = import_module(settings.SESSION_ENGINE).SessionStore
    models = {"session": lambda: _session_model(store), "user": get_user_model}
    for name in models:
        try:
            model = models[name]()
            told[name] = {"read": router.db_for_read(model), "write": router.db_for_write(model)}
        except Exception as error:
            told[name] = {"problem": failure(error)}
    return told


def _connections() -> Facts:
    from django.db import connections

    return {alias: _connection(connections[alias]) for alias in connections}


def _connection(connection: Any) -> Facts:
    kind = type(connection)
    unsaid: List[str] = []
    given = {name: connection.settings_dict[name] for name in connection.settings_dict}
    given.pop("TEST", None)
    settings = _plain_parts(given, unsaid)
    if connection.vendor == "sqlite":
        settings["NAME"] = _absolute(settings.get("NAME"))
    told = {
        "vendor": connection.vendor,
        "engine": given["ENGINE"],
        "mro": _mro(kind),
        "settings": settings,
        "has_own_params": _whose(_definer(kind, "get_connection_params")) == "own",
    }
    try:
        told["params"] = _plain_parts(connection.get_connection_params(), unsaid, "params.")
    except Exception as error:  # without a driver, or without a name
        told["params"], told["problem"] = None, failure(error)
    told["unsaid"] = unsaid
    return told


def _absolute(name: Any) -> Any:
    """Return where an SQLite file is, from wherever it is asked."""
    if not name or not isinstance(name, str) or name == ":memory:" or "mode=memory" in name:
        return name
    # Where the locale has no such letters, Python has kept the bytes.
    name = name.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
    if not name.startswith("file:"):
        return os.path.abspath(name)
    path, mark, query = name[len("file:") :].partition("?")
    if path.startswith("/") or path in ("", ":memory:"):
        return name
    return "file:" + quote(os.path.abspath(unquote(path))) + mark + query


if __name__ == "__main__":
    main(sys.argv[1:])
