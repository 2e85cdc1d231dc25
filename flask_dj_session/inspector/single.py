"""*One session*: its data, who is logged in, and its end."""

from __future__ import annotations

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from ..presentation.read_rows import read
from ..store import StoredRow
from .current import codec, names_of, seal, site
from .picture import picture_of
from .render import render
from .sent import sent_key


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
        names=names_of([picture.row.user_id]),
        others=_others(picture.row.user_id),
        backend=data.get("_auth_user_backend"),
        table=site().store.table.name,
    )


def revoke(reference: str) -> ResponseReturnValue:
    """Ask whether a session is to end, and end it."""
    row = _row(reference)
    if request.method == "POST":
        site().store.delete_keys([row.key_to_delete])
        return redirect(url_for(".everybody", notice="revoked"), 303)
    user_id = read(row, codec()).user_id
    return render(
        "revoke.html",
        reference=reference,
        session_key=row.session_key,
        is_own=_is_own(row),
        user_id=user_id,
        names=names_of([user_id]),
    )


def _others(user_id: str | None) -> str | None:
    """Return the address of all sessions of a user; None for what can stand in no address."""
    try:
        return user_id and url_for(".everybody", user=user_id)
    except UnicodeEncodeError:  # JSON has texts that UTF-8 has not
        return None


def _row(reference: str) -> StoredRow:
    key = seal().open(reference)
    row = None if key is None else site().store.row(key)
    if row is None:
        abort(404)
    return row


def _is_own(row: StoredRow) -> bool:
    return row.session_key == sent_key()
