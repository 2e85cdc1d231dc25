"""What is running in Flask: its request, that request's session, its app.

Flask 3.2 makes one context of two, and passes it to methods that found it by themselves before;
what differs is here. Of the context, one name is private: ``_session``, since the public one says
that somebody has looked at the session.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, Request, Response, has_request_context
from flask import globals as flask_globals
from flask.sessions import SessionMixin
from werkzeug.local import LocalProxy
from werkzeug.routing import MapAdapter

# Asked for by its name alone, since Flask 3.2 has it for old callers and warns them.
_IS_ONE = "request_ctx" not in vars(flask_globals)
_CONTEXT: Any = flask_globals.app_ctx if _IS_ONE else flask_globals.request_ctx


def itself(proxy: Any) -> Any:
    """Return what a proxy such as ``current_app`` stands for, and anything else as it is."""
    return proxy._get_current_object() if isinstance(proxy, LocalProxy) else proxy


def running_request() -> Request | None:
    """Return the request that is being answered; None outside of one."""
    return _CONTEXT.request if has_request_context() else None


def opened_session() -> SessionMixin | None:
    """Return what the session interface has opened for the running request, without a look at it.

    None outside of a request, and while the session is being opened.
    """
    return _CONTEXT._session if has_request_context() else None


def url_adapter() -> MapAdapter | None:
    """Return what finds the running request's endpoint; None where its address cannot be one."""
    adapter: MapAdapter | None = _CONTEXT.url_adapter
    return adapter


def error_page(app: Flask, error: Exception) -> Response:
    """Return what *app* answers the running request with, where *error* has ended it.

    :raises Exception: *error* itself, where the app has no page for it.
    """
    context = (itself(_CONTEXT),) if _IS_ONE else ()
    handle: Any = app.handle_user_exception
    process: Any = app.process_response
    page: Response = process(*context, app.make_response(handle(*context, error)))
    return page
