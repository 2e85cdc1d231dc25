"""*All sessions*: a page of the table, what is looked for in it, and two plots."""

from __future__ import annotations

from typing import Any

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from ..index import index_of
from . import plots
from .current import codec, names_of, references, site
from .render import render
from .search import FORMS, STATES, Found, Pages, Reader, Search, state_of
from .users_rows import UsersRows

#: what a page may be asked for, by the names in its address
ASKED = ("user", "state", "form")
#: what a page may say that another one has done
NOTICES = {"revoked": "The session is revoked. Its visitor is logged out, and its data is gone."}


def session_list() -> ResponseReturnValue:
    """List sessions."""
    search = _search()
    now = site().now()
    bounds = {name: _bound(name) for name in ("above", "below")}
    found = Reader(_rows(search), codec(), now).page(search, **bounds)
    is_first = bounds == {"above": None, "below": None} or (bounds["below"] and not found.is_cut)
    return render(
        "session_list.html",
        search=search,
        names=names_of(row.user_id for row in found.rows),
        are_named=site().user_names is not None,
        states=STATES,
        forms=FORMS,
        found=found,
        sessions=[
            (row, state_of(row, now), _address(row.stored.session_key)) for row in found.rows
        ],
        links=_links(found, search, backwards=bounds["below"] is not None, is_first=bool(is_first)),
        plots=_plots() if is_first and not search.is_narrow else (),
        limit=plots.LIMIT,
        notice=NOTICES.get(request.args.get("notice", "")),
    )


def _rows(search: Search) -> Pages:
    """Return the rows among which those that are looked for must be."""
    index = index_of(site())
    if not search.user or not index.is_in_use:
        return site().store
    return UsersRows(site().store, index, [search.user, search.named or search.user])


def _search() -> Search:
    """Take what is looked for from the address; an unknown state or form is no page."""
    asked = {name: request.args.get(name, "").strip() for name in ASKED}
    if asked["state"] not in ("", *STATES) or asked["form"] not in ("", *FORMS):
        abort(404)
    names = site().user_names
    named = names.id_of(asked["user"]) if names and asked["user"] else None
    return Search(**asked, named=named)


def _bound(name: str) -> Any:
    reference = request.args.get(name)
    if reference is None:
        return None
    place = references().place_of(reference, site().store)
    if place is None:
        abort(404)
    return place


def _address(session_key: object) -> str | None:
    """Return the address of a session's page; None where its key is no text and no bytes."""
    if not isinstance(session_key, (str, bytes)):
        return None
    return url_for(".session_detail", reference=references().to(session_key))


def _links(
    found: Found, search: Search, *, backwards: bool, is_first: bool
) -> dict[str, str | None]:
    """Return the addresses of the pages before and after this one; None where there is none."""
    asked = {name: vars(search)[name] for name in ASKED if vars(search)[name]}
    links: dict[str, str | None] = dict.fromkeys(["first", "before", "after"])
    if not is_first:
        links["first"] = url_for(".session_list", **asked)
    if not is_first and found.first is not None:
        links["before"] = url_for(".session_list", below=references().to(found.first), **asked)
    if found.last is not None and (backwards or found.is_cut):
        links["after"] = url_for(".session_list", above=references().to(found.last), **asked)
    return links


def _plots() -> list[tuple[plots.Plot, Markup]]:
    outlines = site().store.outlines(limit=plots.LIMIT)
    if not outlines:
        return []
    drawn = plots.by_day(outlines, site().now()), plots.by_size(outlines)
    return [(plot, plots.drawing(plot)) for plot in drawn]
