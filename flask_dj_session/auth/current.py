"""What the current app knows of users; apart, so that a user needs to know nothing else."""

from __future__ import annotations

from typing import Any

from flask import current_app

from .accounts import Accounts
from .backends import Backends

#: the name under which an app knows its :class:`~flask_dj_session.auth.DjangoAuth`
EXTENSION = "django_auth"


def current_accounts() -> Accounts:
    """Return the accounts of the current app.

    :raises RuntimeError: where it has none.
    """
    accounts: Accounts = current_login().accounts
    return accounts


def current_backends() -> Backends:
    """Return the backends of the current app, by their dotted names.

    :raises RuntimeError: where it has none.
    """
    backends: Backends = current_login().backends
    return backends


def current_login() -> Any:
    """Return the :class:`~.login.Login` of the current app.

    :raises RuntimeError: where it has none.
    """
    try:
        return current_app.extensions[EXTENSION].state
    except KeyError:
        raise RuntimeError(
            "The app has no 'DjangoAuth'. Call 'auth.init_app(app, sessions)'."
        ) from None
