"""Sending a visitor to the login page, with the way back in ``next``, as Django writes both."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from flask import Request, abort, current_app, url_for
from werkzeug.wrappers import Response

from ..errors import SettingError

REDIRECT_FIELD_NAME = "next"

_SAFE_IN_PATH = "/:@&+$,-_.!~*'()"
_SAFE_IN_URI = "/#%[]=:;$&()+,!?*@'~"


def redirect_to_login(
    request: Request, login_url: str | None, redirect_field_name: str = REDIRECT_FIELD_NAME
) -> Response:
    """Return the redirect to the login page; it comes back to what *request* asked for.

    Without a *login_url*, the answer is status 401.

    # Django 5.2, contrib/auth/views.py: redirect_to_login
    """
    if not login_url:
        abort(401)
    url = resolve_url(login_url)
    location = with_next(url, _way_back(request, url), redirect_field_name)
    return Response(status=302, headers={"Location": _iri_to_uri(location)})


def resolve_url(to: str) -> str:
    """Return the URL that *to* is, or that of an endpoint.

    :raises SettingError: where it is neither.

    # Django 5.2, shortcuts.py: resolve_url
    """
    if to in current_app.view_functions:
        return url_for(to)
    if "/" not in to and "." not in to:
        raise SettingError(
            "LOGIN_URL",
            f"is {to!r}, neither a path nor an endpoint of this app",
            "Where the page is Django's, give its path, as '/accounts/login/'.",
        )
    return to


def with_next(url: str, target: str, field: str) -> str:
    """Put *target* into the query of *url*, in the place of what has that name there."""
    if not field:
        return url
    parts = urlsplit(url)
    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        query.setdefault(name, []).append(value)
    query[field] = [target]
    # Unlike what 'urlencode' does by itself, a slash stays one, and a space is '%20'.
    pairs = [f"{quote(name)}={quote(value)}" for name, values in query.items() for value in values]
    return urlunsplit(parts._replace(query="&".join(pairs)))


def _way_back(request: Request, login_url: str) -> str:
    """Return the path where the login page is on the same host, otherwise the whole URL.

    # Django 5.2, contrib/auth/decorators.py: user_passes_test
    """
    path = quote(request.root_path + request.path, safe=_SAFE_IN_PATH)
    if query := request.query_string:
        path += "?" + _iri_to_uri(query.decode("latin-1"))
    scheme, host = urlsplit(login_url)[:2]
    if scheme in ("", request.scheme) and host in ("", request.host):
        return path
    return f"{request.scheme}://{request.host}{path}"


def _iri_to_uri(iri: str) -> str:
    # Django 5.2, utils/encoding.py: iri_to_uri
    return quote(iri, safe=_SAFE_IN_URI)
