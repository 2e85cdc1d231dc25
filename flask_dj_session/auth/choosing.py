"""From AUTHENTICATION_BACKENDS to backends, and what is said at the start of those not known."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from ..description.failures import place
from ..errors import SettingError
from .accounts import Accounts
from .backends import KNOWN, BackendFactory, Backends, has_users, lets_in
from .elsewhere import Knowledge, known_by_description, known_by_name, stand_in

_SAY = (
    "If it finds users and their permissions as ModelBackend does, write"
    " 'DjangoAuth(sessions, backends={...: ModelBackend})'"
)
_NO_LOGIN = (
    "None of the backends that 'AUTHENTICATION_BACKENDS' names checks passwords here. Users whom"
    " Django has logged in are known, but no one can log in here."
)
_ASK = ". Or ask the site what the backend is: 'django_settings(..., python=...)'."


def make_backends(accounts: Accounts, given: Mapping[str, BackendFactory]) -> Backends:
    """Make what AUTHENTICATION_BACKENDS names.

    The users of a backend that this package does not know are anonymous here; a warning says so,
    and how to change it.

    :param given: makes the backends of the project's own, by their dotted names.
    :raises SettingError: where one of these finds users, and Django's of that name finds none.
    """
    factories: dict[str, BackendFactory] = {**KNOWN, **given}
    told = accounts.settings.told_of_backends
    known = {
        path: _knowledge(path, told) for path in accounts.settings.backends if path not in factories
    }
    unknown = Knowledge(knows_users=False, gives_permissions=False)
    made = {
        path: factories.get(path, stand_in(known.get(path) or unknown))(accounts)
        for path in accounts.settings.backends
    }
    for path in given.keys() & made.keys():
        _check_finds_none(path, made[path], _knowledge(path, told))
    said = [*_doubts(known, told)]
    if not said and not any(lets_in(backend) for backend in made.values()):
        said = [f"{_NO_LOGIN} {_SAY}."]
    for one in said:
        warnings.warn(one, stacklevel=4)
    return made


def _check_finds_none(path: str, backend: object, knowledge: Knowledge | None) -> None:
    # A login would store its name, and Django would fail on each page with such a session.
    if knowledge is not None and not knowledge.has_users and has_users(backend):
        raise SettingError(
            "AUTHENTICATION_BACKENDS",
            f"names {path!r}, which finds no user in Django, but the class that 'backends=' gives"
            " for it finds users",
            "Leave it out of 'backends=', or set 'has_users = False' in that class.",
        )


def _knowledge(path: str, told: Mapping[str, Any]) -> Knowledge | None:
    return known_by_description(told[path]) if path in told else known_by_name(path)


def _doubts(known: Mapping[str, Knowledge | None], told: Mapping[str, Any]) -> Iterator[str]:
    for path, knowledge in known.items():
        begin = f"'AUTHENTICATION_BACKENDS' names {path!r}"
        anonymous = "the users whom it logs in are anonymous here"
        if path in told and knowledge is None:
            failed = told[path]["problem"]
            how = f"which fails on the site with {failed['kind']}{place(failed)}"
            yield f"{begin}, {how}: {anonymous}. Make sure that 'manage.py check' works there."
        elif knowledge is None:
            yield f"{begin}, which this package does not know: {anonymous}. {_SAY}{_ASK}"
        elif not knowledge.knows_users:
            yield f"{begin}, which finds its users in its own way: {anonymous}. {_SAY}."
        if knowledge is not None and knowledge.locks_out:
            yield f"{begin}, whose lock-outs have no effect here: limit logins here in another way."
