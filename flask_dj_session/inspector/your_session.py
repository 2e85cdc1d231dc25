"""*Your session*: the visitor's cookie, the row that it names, and what is in the row."""

from __future__ import annotations

from flask import Response, abort, current_app, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from ..contexts import itself
from ..interface import DjangoSessionInterface
from ..pages.sent_key import sent_key
from ..session import DjangoSession
from . import before_after
from .current import codec, references, site
from .render import render
from .row_view import row_view_of
from .sent import sent_cookies

#: the course's counter
COUNTER = "num_visits"


def your_session() -> ResponseReturnValue:
    """Draw the visitor's session; a POST asks to see the key in full."""
    cookies = sent_cookies()
    row = cookies.valid and cookies.valid.row
    now = site().now()
    row_view = row and row_view_of(
        row,
        codec(),
        now,
        is_masked=request.method == "GET",
        is_full="full" in request.args,
        unverified="unverified" in request.args,
    )
    page = render(
        "your_session.html",
        cookie=site().settings.cookie,
        cookies=cookies,
        reference=row and references().to(row.session_key),
        row_view=row_view,
        is_expired=row is not None and row.has_expired(now),
        is_masked=request.method == "GET",
        changes=before_after.changes(row),
        counter=COUNTER,
        table=site().store.name,
        has_table=site().store.has_table,
        now=now,
    )
    response = make_response(page)
    before_after.forget_before(response)
    return response


def count() -> ResponseReturnValue:
    """Count a visit and show the session again."""
    valid = sent_cookies().valid
    own = _visitors_session()
    if not _is_countable(own):
        abort(409, f"The session has a '{COUNTER}' that is not a number, so it was not changed.")
    response: Response = make_response(redirect(url_for(".your_session", _anchor="changes"), 303))
    _count_visit(own, response)
    before_after.remember_before(response, valid and valid.row)
    return response


def _visitors_session() -> DjangoSession:
    """Return the visitor's session as it is stored.

    The request has one of its own, which cannot be written; and what the app has done to that
    one is not the visitor's wish.
    """
    return site().session(sent_key())


def _is_countable(own: DjangoSession) -> bool:
    """Return whether a session has no counter, or one that is a number."""
    count = own.get(COUNTER, 0)
    return isinstance(count, int) and not isinstance(count, bool)


def _count_visit(own: DjangoSession, response: Response) -> None:
    """Count in a session, store it, and tell the browser.

    :raises SessionInterrupted: where the row was deleted meanwhile.
    """
    own[COUNTER] = own.get(COUNTER, 0) + 1
    DjangoSessionInterface(site()).save_session(itself(current_app), own, response)
