"""Which requests are the inspector's: their session is written nowhere.

All that the app runs around a page may look at the session and at who is logged in: its
``before_request`` functions, ``access``, the page for status 403. What Django's login does in
passing (it moves a session to another key, or ends it) then happens in memory alone. So a request
is known by its address, before any function of the blueprint is called, and where none of them is:
where a ``before_request`` of the app's has answered, or only the method or a slash is wrong.
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from flask import Blueprint, Request, Response, current_app
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import RequestRedirect

from ..contexts import url_adapter
from ..pages.headers import protect


class Onlooking:
    """Tells the requests of one blueprint, and has the last word on their answers."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._blueprint = blueprint

    def looks_on(self, request: Request) -> bool:
        """Return whether *request* is for a page of the blueprint."""
        name = _endpoint(request).rpartition(".")[0]
        return current_app.blueprints.get(name) is self._blueprint

    def finish(self, response: Response) -> None:
        """Put the headers on an answer, after all that the app has put there."""
        protect(response)


def _endpoint(request: Request) -> str:
    """Return the endpoint that a request has, or would have with its slashes and method right."""
    adapter, error = url_adapter(), request.routing_exception
    path = method = None
    for _ in range(2):  # the slashes, the method
        if isinstance(error, RequestRedirect):
            path = unquote(urlsplit(error.new_url).path).removeprefix(request.root_path)
        elif isinstance(error, MethodNotAllowed):
            method = next(iter(error.valid_methods or ()), None)
        else:
            break
        try:
            return str(adapter.match(path, method)[0]) if adapter is not None else ""
        except HTTPException as another:
            error = another
    return request.endpoint or ""
