"""The accounts of the current app; apart, so that a user needs to know nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app

if TYPE_CHECKING:
    from .accounts import Accounts

#: the name under which an app knows its :class:`~flask_dj_session.auth.DjangoAuth`
EXTENSION = "django_auth"


def current_accounts() -> Accounts:
    """Return the accounts of the current app.

    :raises RuntimeError: where it has none.
    """
    try:
        accounts: Accounts = current_app.extensions[EXTENSION].accounts
    except KeyError:
        raise RuntimeError(
            "The app has no 'DjangoAuth'. Call 'auth.init_app(app, sessions)'."
        ) from None
    return accounts
