"""*One session*: its data, who is logged in, and its end."""

from __future__ import annotations

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from ..store import StoredRow
from ..store.raw import is_utf8
from .picture import picture_of
from .render import render
from .site import codec, seal, site, visitor


def one(reference: str) -> ResponseReturnValue:
    """Draw a session; a POST asks to see its key in full."""
    row = _row(reference)
    now = site().now()
    picture = picture_of(
        row,
        codec(),
        now,
        is_masked=request.method == "GET",
        is_full="full" in request.args,
        unverified="unverified" in request.args,
    )
    data = picture.row.reading.data if picture.row.reading else {}
    return render(
        "one.html",
        reference=reference,
        picture=picture,
        is_expired=row.has_expired(now),
        is_masked=request.method == "GET",
        is_own=_is_own(row),
        user_id=picture.row.user_id,
        # What JSON escapes need not be anything that an address can hold.
        has_askable_user=is_utf8(picture.row.user_id or ""),
        backend=data.get("_auth_user_backend"),
        table=site().store.table.name,
    )


def revoke(reference: str) -> ResponseReturnValue:
    """Ask whether a session is to end, and end it."""
    row = _row(reference)
    if request.method == "POST":
        site().store.delete_keys([row.key_to_delete])
        return redirect(url_for(".everybody", notice="revoked"), 303)
    picture = picture_of(row, codec(), site().now())
    return render(
        "revoke.html",
        reference=reference,
        picture=picture,
        is_expired=row.has_expired(site().now()),
        is_own=_is_own(row),
        user_id=picture.row.user_id,
    )


def _row(reference: str) -> StoredRow:
    key = seal().open(reference)
    row = None if key is None else site().store.row(key)
    if row is None:
        abort(404)
    return row


def _is_own(row: StoredRow) -> bool:
    return row.session_key == visitor().session_key
