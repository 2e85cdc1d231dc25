"""*Your session*: the visitor's cookie, the row that it names, and what is in the row."""

from __future__ import annotations

from flask import Response, abort, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from ..store import StoredRow
from ..wire.keys import is_storable_key
from . import visit
from .picture import picture_of
from .render import render
from .site import codec, seal, site, visitor


def yours() -> ResponseReturnValue:
    """Draw the visitor's session; a POST asks to see the key in full."""
    row = own_row()
    now = site().now()
    picture = row and picture_of(
        row,
        codec(),
        now,
        is_masked=request.method == "GET",
        is_full="full" in request.args,
        unverified="unverified" in request.args,
    )
    page = render(
        "yours.html",
        cookie=site().settings.cookie,
        cookie_age=site().settings.cookie_age,
        session_key=visitor().session_key,
        reference=row and seal().close(row.session_key),
        picture=picture,
        is_expired=row is not None and row.has_expired(now),
        is_masked=request.method == "GET",
        changes=visit.changes(row),
        counter=visit.NAME,
        table=site().store.table.name,
    )
    response = make_response(page)
    visit.forget_before(response)
    return response


def count() -> ResponseReturnValue:
    """Count a visit and show the session again."""
    before = own_row()
    if not visit.is_countable():
        abort(409, f"The session has a '{visit.NAME}' that is no number, so it is left alone.")
    visit.count_visit()
    response: Response = make_response(redirect(url_for(".yours", _anchor="changes"), 303))
    visit.remember_before(response, before)
    return response


def own_row() -> StoredRow | None:
    """Return the row that the visitor's cookie names, without a touch to the session."""
    key = visitor().session_key
    store = site().store
    return store.row(key) if is_storable_key(key, store.max_key_length) else None
