"""*One session*: its data, who is logged in, and its end."""

from __future__ import annotations

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from .. import audit
from ..pages.sent_key import sent_key
from ..presentation.read_rows import read
from ..store import StoredRow
from .current import codec, names_of, references, site
from .render import render
from .row_view import row_view_of


def session_detail(reference: str) -> ResponseReturnValue:
    """Draw a session; a POST asks to see its key in full."""
    row = _row(reference)
    now = site().now()
    row_view = row_view_of(
        row,
        codec(),
        now,
        is_masked=request.method == "GET",
        is_full="full" in request.args,
        unverified="unverified" in request.args,
    )
    data = row_view.row.reading.data if row_view.row.reading else {}
    return render(
        "session_detail.html",
        reference=reference,
        row_view=row_view,
        is_expired=row.has_expired(now),
        is_masked=request.method == "GET",
        is_own=_is_own(row),
        user_id=row_view.row.user_id,
        names=names_of([row_view.row.user_id]),
        others=_others(row_view.row.user_id),
        backend=data.get("_auth_user_backend"),
        table=site().store.name,
        has_table=site().store.has_table,
    )


def revoke(reference: str) -> ResponseReturnValue:
    """Ask whether a session is to end, and end it."""
    row = _row(reference)
    if request.method == "POST":
        site().store.delete_keys([row.key_to_delete])
        audit.tell_revoked(site().settings, row.session_key, read(row, codec()).user_id)
        return redirect(url_for(".session_list", notice="revoked"), 303)
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
        return user_id and url_for(".session_list", user=user_id)
    except UnicodeEncodeError:  # JSON has texts that UTF-8 has not
        return None


def _row(reference: str) -> StoredRow:
    row = references().row_of(reference, site().store)
    if row is None:
        abort(404)
    return row


def _is_own(row: StoredRow) -> bool:
    return row.session_key == sent_key()
