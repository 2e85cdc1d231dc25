"""Whether the hash in a session is its user's; and what is not known where it is not.

The user is asked, since a project's class may make it of more than the password.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..wire.codec import Algorithm
from .accounts import Accounts
from .hashes import Match, equal, match, session_auth_hash
from .user import UserMixin

_EVERY_ALGORITHM: tuple[Algorithm, ...] = ("sha256", "sha1")


def verify(accounts: Accounts, found: object, user: Any) -> Match:
    """Tell what made the hash *found* in a session of *user*.

    # Django 5.2, contrib/auth/__init__.py: get_user
    """
    return match(found, _current(accounts, user), user.get_session_auth_fallback_hash())


def _current(accounts: Accounts, user: Any) -> Iterator[str]:
    yield user.get_session_auth_hash()
    settings = accounts.site.settings
    if settings.algorithm != "sha1" and not has_own_hash(type(user)):
        # Unlike Django: since 4.0 it ends sessions that were begun before 3.1. Here they live on
        # as in 3.1 and 3.2, since the project may run on one of these.
        yield session_auth_hash(user.password, settings.keys[0], "sha1")


def doubt(accounts: Accounts, found: object, user: Any) -> str | None:
    """Tell why Django may know the user of a session whose hash *found* does not fit.

    :returns: a sentence without anything of the user's or the session's; None where every Django
        with this SECRET_KEY and its fallbacks would end the session, too.
    """
    reason = doubt_of_class(accounts, user)
    if reason is not None:
        return reason
    algorithm = accounts.site.settings.algorithm
    if not found and algorithm == "sha1":
        return "There is none, as in Django before 1.10"
    if any(equal(found, made) for made in _by_any_setting(accounts, user)):
        return f"It is made with another algorithm than 'DEFAULT_HASHING_ALGORITHM', '{algorithm}'"
    return None


def doubt_of_class(accounts: Accounts, user: Any) -> str | None:
    """Tell why Django may make the hash of such a user in another way; None where it does not."""
    if has_own_hash(type(user)):
        method = f"{type(user).__name__}.get_session_auth_hash"
        return f"It differs from what '{method}' returns now, or Django makes it in another way"
    # A site that has described itself has no other: 'DjangoAuth' would have refused its users.
    if not accounts.users.are_djangos_own and accounts.settings.told_of_user is None:
        return (
            f"'{accounts.settings.user_model}' may make it in its own way: if it has a"
            " 'get_session_auth_hash', pass a mapped class that has the same method"
        )
    return None


def _by_any_setting(accounts: Accounts, user: Any) -> Iterator[str]:
    for key in accounts.site.settings.keys:
        for algorithm in _EVERY_ALGORITHM:
            yield session_auth_hash(user.password, key, algorithm)


def has_own_hash(kind: type) -> bool:
    """Return whether a class of users makes the hash in another way than Django's does."""
    return any(
        getattr(kind, name, None) is not getattr(UserMixin, name)
        for name in ("get_session_auth_hash", "_get_session_auth_hash")
    )
