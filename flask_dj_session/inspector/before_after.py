"""What a visit changes in the row: the browser keeps its former state for the next page."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

from flask import Response, request, url_for
from itsdangerous import BadData

from ..presentation.formatting import iso, printable, shortened
from ..store import StoredRow
from ..wire.anatomy import written
from .csrf import FORMS
from .current import site
from .key_derivation import derived_key, signer

COOKIE = "inspector_before"
#: seconds for which the row's former state is remembered, until the next page shows it
_MAX_AGE = 60

#: the parts of a row, and the names of their colours
_LABELS = {
    "session_key": "key",
    "payload": "payload",
    "time": "time",
    "signature": "signature",
    "expire_date": "date",
}
_SHOWN = 24


class Change(NamedTuple):
    """A part of the row before and after a visit, each as a beginning that may be shown."""

    label: str
    colour: str
    before: str
    after: str
    is_changed: bool


def remember_before(response: Response, row: StoredRow | None) -> None:
    """Let the browser keep what the row looks like now, until the next page."""
    value = signer("before").dumps(_sketch(row))
    assert isinstance(value, str)
    FORMS.set_own_cookie(response, COOKIE, value, max_age=_MAX_AGE)


def forget_before(response: Response) -> None:
    """Have the browser drop it, once it was shown."""
    if COOKIE in request.cookies:
        response.delete_cookie(
            COOKIE, path=url_for(".your_session"), httponly=True, samesite="Strict"
        )


def changes(row: StoredRow | None) -> list[Change]:
    """Compare *row* with what it was before the last visit; empty where none was just counted."""
    if COOKIE not in request.cookies:
        return []
    try:
        before = signer("before").loads(request.cookies[COOKIE], max_age=_MAX_AGE)
    except BadData:
        return []
    after = _sketch(row)
    pairs = [(label, before[label], after[label]) for label in _LABELS]
    return [
        Change(label, _LABELS[label], old[0], new[0], is_changed=old[1] != new[1])
        for label, old, new in pairs
    ]


def _sketch(row: StoredRow | None) -> dict[str, tuple[str, str]]:
    """Tell of each part how it begins, and a digest by which a change is seen."""
    values = dict.fromkeys(_LABELS, "")
    if row is not None:
        parts = written(str(row.session_data))
        values = {
            "session_key": str(row.session_key),
            "payload": parts.payload,
            "time": parts.time,
            "signature": parts.signature,
            "expire_date": str(row.expire_date),
        }
    shown: dict[str, Any] = {label: _beginning(value, _SHOWN) for label, value in values.items()}
    if row is not None:
        shown["session_key"] = shortened(str(row.session_key))
        shown["signature"] = _beginning(values["signature"], 6)
        shown["expire_date"] = iso(row.expire_date)
    return {label: (shown[label], _digest(value)) for label, value in values.items()}


def _beginning(text: str, length: int) -> str:
    return printable(text[:length]) + ("…" if len(text) > length else "")


def _digest(value: str) -> str:
    key = derived_key(site().settings.keys[0], "before")
    raw = value.encode(errors="surrogateescape")
    return hashlib.blake2b(raw, key=key, digest_size=12).hexdigest()
