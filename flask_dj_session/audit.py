"""The life-cycle log: what becomes of sessions, for those who must be able to tell afterwards.

A session is named by a fingerprint: whoever has SECRET_KEY and a session's key can find its lines,
and nobody can find the key by them. It is silent until you set the level of the logger
``flask_dj_session.audit`` to INFO.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

from .protocols import SiteSettings

logger = logging.getLogger("flask_dj_session.audit")
if logger.level == logging.NOTSET:
    # Or an app that logs at INFO would have these lines without having asked.
    logger.setLevel(logging.WARNING)

_PURPOSE = b"flask_dj_session.audit.fingerprint"
#: how many hexadecimal digits of a digest name a session
_DIGITS = 16
_LONGEST_USER_ID = 64

#: what is said of each signal
_EVENTS = {
    "session-created": "begun",
    "session-cycled": "cycled",
    "session-flushed": "ended",
    "session-corrupted": "corrupted",
}


class Known(NamedTuple):
    """What is known of a session."""

    key: Any
    #: the user whom it has logged in
    user_id: str | None = None


def known(session_key: Any, data: Mapping[str, Any] | None) -> Known | None:
    """Return what is known of a session before it is changed; None where nobody listens.

    :param data: None where it was not loaded.
    """
    if not logger.isEnabledFor(logging.INFO):
        return None
    return Known(session_key, None if data is None else _user_id(data.get("_auth_user_id")))


def _user_id(found: object) -> str | None:
    # Django 1.4 has stored an int.
    user_id = str(found) if type(found) is int else found
    if isinstance(user_id, str) and user_id.isprintable() and len(user_id) <= _LONGEST_USER_ID:
        return user_id
    return None


def tell(
    settings: SiteSettings,
    event: str,
    session: Known | None,
    *,
    before: Known | None = None,
    reason: str | None = None,
) -> None:
    """Write a line; do nothing where nobody listens.

    :param event: the name of a signal, or of what has happened.
    :param session: what :func:`known` has returned.
    :param before: the same session under the key that it had before.
    """
    if session is None:
        return
    facts = {
        "event": _EVENTS.get(event, event),
        "session": _fingerprint(settings, session.key),
        "previous_session": None if before is None else _fingerprint(settings, before.key),
        "user_id": session.user_id,
        "reason": reason,
    }
    logger.info("%s", _sentence(facts), extra=facts)


def tell_revoked(settings: SiteSettings, session_key: Any, user_id: str | None = None) -> None:
    """Write that somebody else than its visitor has ended a session."""
    data = None if user_id is None else {"_auth_user_id": user_id}
    tell(settings, "ended", known(session_key, data), reason="revoked")


def _sentence(facts: Mapping[str, str | None]) -> str:
    said = f"Session {facts['session']} {str(facts['event']).replace('_', ' ')}"
    if reason := facts["reason"]:
        said += f" ({reason})"
    if previous := facts["previous_session"]:
        said += f", before {previous}"
    if user_id := facts["user_id"]:
        said += f", user {user_id}"
    return said


def _fingerprint(settings: SiteSettings, session_key: Any) -> str:
    """Name a session without its key."""
    if session_key is None:
        return "-"
    return fingerprint(settings.keys[0], session_key)


def fingerprint(secret_key: str | bytes, session_key: Any) -> str:
    """Return the 16 hexadecimal digits that name a session in the log.

    :param secret_key: the SECRET_KEY with which the line was written.
    """
    secret = secret_key.encode() if isinstance(secret_key, str) else secret_key
    derived = hmac.digest(secret, _PURPOSE, hashlib.sha256)
    key = session_key
    if not isinstance(key, bytes):
        key = str(key).encode(errors="surrogatepass")
    return hmac.digest(derived, key, hashlib.sha256).hex()[:_DIGITS]
