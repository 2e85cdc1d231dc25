"""What ``flask sessions check`` says of the login: whether those who are logged in are known here.

It goes the way that a request goes (:meth:`.Login.get_user`), and changes nothing on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..checks import Finding
from ..checks.finding import Level
from ..errors import MissingUserColumnError, MissingUserTableError, SettingError
from ..settings.readings import is_set
from .backends import has_users
from .hashes import Match
from .login import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, Login
from .redirects import checked_url
from .verification import doubt, doubt_of_class, verify

#: if so many are alike, it is no chance
_ENOUGH = 3
_SHOWN = 80

_DOCS = "The page 'One login for both' of the documentation shows how."
_MODEL = "Set AUTH_USER_MODEL as Django has it."

#: level, text and hint for each way to be anonymous, but for the hash
_SAID: dict[str, tuple[Level, str, str]] = {
    "half": ("note", "{have} no backend: anonymous, as in Django.", ""),
    "unnamed": (
        "wrong",
        "{are} made by {detail}, which AUTHENTICATION_BACKENDS does not name here: anonymous.",
        "If the Django settings name it, name it here, too.",
    ),
    "impossible": (
        "wrong",
        "{have} the backend {detail}, which finds no user: Django fails on such a session.",
        "Find the program that stores this name, and let it name another backend.",
    ),
    "unknown": (
        "wrong",
        "{are} made by {detail}, whose users are not known here: anonymous.",
        f"Say what stands for it: 'DjangoAuth(sessions, backends={{...}})'. {_DOCS}",
    ),
    "no key": (
        "wrong",
        "{have} the id of a user that cannot be a key of '{table}': anonymous.",
        _MODEL,
    ),
    "gone": ("note", "{have} a user who is not in '{table}': anonymous.", ""),
    "all gone": (
        "wrong",
        "{have} a user who is not in '{table}': anonymous.",
        f"{_MODEL} If the users are in another database, name it with 'bind_key='.",
    ),
    "inactive": ("note", "{have} a user who is not active: anonymous.", ""),
    "another hash": ("wrong", "{have} a hash that does not fit: anonymous. {detail}.", ""),
    "former hash": ("note", "{have} a hash that does not fit: anonymous. {detail}.", ""),
    "broken": (
        "wrong",
        (
            "{have} a hash that cannot be checked: 'get_session_auth_hash' of the 'user_model'"
            " raises {detail}."
        ),
        "Call the method with a user of the site, and correct it.",
    ),
}


class _Seen(NamedTuple):
    """What became of a login: ``known``, or why its user is anonymous here."""

    kind: str
    #: which backend, or what is to be said of the hash
    detail: str = ""


def login_findings(login: Login, logins: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """Look at the data of sessions that have a user, the newest first."""
    findings = [*_url_findings(login)]
    try:
        login.accounts.users.column(login.accounts.users.username_field)
        seen = Counter(_seen(login, data) for data in logins)
    except (MissingUserTableError, MissingUserColumnError) as error:
        if isinstance(error, MissingUserTableError) and not logins:
            return findings  # no user yet, and nobody who asks for one
        text, _, hint = str(error).partition(". ")
        return [*findings, Finding("wrong", f"{text}.", hint)]
    return [*findings, *_findings_of(login, seen)]


def _url_findings(login: Login) -> Iterator[Finding]:
    try:
        if is_set(url := login.accounts.settings.login_url):
            checked_url(url)
    except SettingError as error:
        problem, _, hint = str(error).partition(". ")
        yield Finding("wrong", f"{problem}.", hint)


def _seen(login: Login, data: Mapping[str, Any]) -> _Seen:
    users, path = login.accounts.users, data.get(BACKEND_SESSION_KEY)
    if path is None:
        return _Seen("half")
    backend = login.backends.get(path) if isinstance(path, str) else None
    if backend is None:
        return _Seen("unnamed", _written(path))
    if not has_users(backend):
        return _Seen("impossible", _written(path))
    try:
        pk = users.read_pk(data[SESSION_KEY])
    except ValueError:
        return _Seen("no key")
    user = backend.get_user(pk)
    if user is None:
        return _anonymous(users.by_pk(pk), path)
    return _hash_seen(login, user, data.get(HASH_SESSION_KEY))


def _anonymous(user: Any, path: str) -> _Seen:
    if user is None:
        return _Seen("gone")
    return _Seen("unknown", _written(path)) if user.is_active else _Seen("inactive")


def _hash_seen(login: Login, user: Any, found: object) -> _Seen:
    try:
        match = verify(login.accounts, found, user)
    except Exception as error:  # a class of users may have a method of its own
        return _Seen("broken", type(error).__name__)
    if match is Match.NONE:
        if reason := doubt_of_class(login.accounts, user):
            return _Seen("another hash", reason)
        return _Seen("hash", doubt(login.accounts, found, user) or "")
    return _Seen("fallback" if match is Match.FALLBACK else "known")


def _written(path: object) -> str:
    return repr(str(path)[:_SHOWN])


def _findings_of(login: Login, seen: Counter[_Seen]) -> Iterator[Finding]:
    total = sum(seen.values())
    known = seen[_Seen("known")] + seen[_Seen("fallback")]
    if known:
        yield Finding("ok", f"{_of(known, total)} {_are(known)} known here.")
    if number := seen[_Seen("fallback")]:
        yield Finding(
            "note",
            f"{_of(number, total)} {_have(number)} a hash by a key of SECRET_KEY_FALLBACKS.",
            "Keep that key until these users have come again: then their sessions get a new hash.",
        )
    for what, number in sorted(seen.items()):
        if what.kind not in ("known", "fallback"):
            yield _finding(login, what, number, total, known)


def _finding(login: Login, what: _Seen, number: int, total: int, known: int) -> Finding:
    some, are_all = _of(number, total), number == total >= _ENOUGH
    if what.kind == "hash":
        return _hash_finding(what.detail, some, number, are_all=are_all)
    kind = "all gone" if what.kind == "gone" and are_all else what.kind
    if what.kind == "another hash" and known:
        kind = "former hash"  # since others have the one that is made here
    level, text, hint = _SAID[kind]
    table = login.accounts.users.table.name
    said = text.format(detail=what.detail, table=table, are=_are(number), have=_have(number))
    return Finding(level, f"{some} {said}", hint)


def _hash_finding(reason: str, some: str, number: int, *, are_all: bool) -> Finding:
    if reason:
        text = f"{some} {_have(number)} a hash that does not fit: anonymous. {reason}."
        return Finding("wrong", text)
    if not are_all:
        text = f"{some} {_have(number)} the hash of another password: it was changed since."
        return Finding("note", text)
    return Finding(
        "wrong",
        f"{some} {_have(number)} a hash that does not fit the user's password: anonymous.",
        "If the site's user model has its own 'get_session_auth_hash', pass a mapped class with the"
        " same method: 'DjangoAuth(sessions, user_model=...)'. " + _DOCS,
    )


def _of(number: int, total: int) -> str:
    if total == 1:
        return "The newest login"
    return (
        f"{number} of the newest {total} logins"
        if number < total
        else (f"The newest {total} logins")
    )


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _have(number: int) -> str:
    return "has" if number == 1 else "have"
