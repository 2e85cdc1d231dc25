"""*Your session*: the visitor's cookie, the row that it names, and what is in the row."""

from __future__ import annotations

from flask import Response, abort, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from . import visit
from .current import codec, seal, site
from .picture import picture_of
from .render import render
from .sent import sent_cookies


def yours() -> ResponseReturnValue:
    """Draw the visitor's session; a POST asks to see the key in full."""
    cookies = sent_cookies()
    row = cookies.valid and cookies.valid.row
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
        cookies=cookies,
        reference=row and seal().close(row.session_key),
        picture=picture,
        is_expired=row is not None and row.has_expired(now),
        is_masked=request.method == "GET",
        changes=visit.changes(row),
        counter=visit.NAME,
        table=site().store.table.name,
        now=now,
    )
    response = make_response(page)
    visit.forget_before(response)
    return response


def count() -> ResponseReturnValue:
    """Count a visit and show the session again."""
    valid = sent_cookies().valid
    own = visit.visitors_session()
    if not visit.is_countable(own):
        abort(409, f"The session has a '{visit.NAME}' that is no number, so it is left alone.")
    response: Response = make_response(redirect(url_for(".yours", _anchor="changes"), 303))
    visit.count_visit(own, response)
    visit.remember_before(response, valid and valid.row)
    return response
