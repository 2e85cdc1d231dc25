"""Sending a visitor to the login page, with the way back in ``next``, as Django writes both."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from flask import Request, abort, current_app, url_for
from werkzeug.wrappers import Response

from ..errors import SettingError
from ..settings.readings import is_set, plain

REDIRECT_FIELD_NAME = "next"

_SAFE_IN_PATH = "/:@&+$,-_.!~*'()"
_SAFE_IN_URI = "/#%[]=:;$&()+,!?*@'~"


def redirect_to_login(
    request: Request, login_url: Any, redirect_field_name: str = REDIRECT_FIELD_NAME
) -> Response:
    """Return the redirect to the login page; it comes back to what *request* asked for.

    Without a *login_url*, the answer is status 401.

    # Django 5.2, contrib/auth/views.py: redirect_to_login
    """
    if not is_set(login_url):
        abort(401)
    url = resolve_url(login_url)
    location = with_next(url, _way_back(request, url), redirect_field_name)
    return Response(status=302, headers={"Location": _iri_to_uri(location)})


def resolve_url(to: Any) -> str:
    """Return the URL that *to* is, or that of an endpoint.

    :param to: a text, be it a lazy one, or an object that knows its own URL.
    :raises SettingError: where it is neither.

    # Django 5.2, shortcuts.py: resolve_url
    """
    text = checked_url(to)
    return url_for(text) if text in current_app.view_functions else text


def checked_url(to: Any) -> str:
    """Return the text that *to* is: a path, a URL or an endpoint.

    :raises SettingError: where it is neither.
    """
    text = text_of(to)
    if text not in current_app.view_functions and "/" not in text and "." not in text:
        raise _refusal(f"is {text!r}, neither a path nor an endpoint of this app")
    return text


def text_of(to: Any) -> str:
    """Return the text that *to* is, or stands for.

    :raises SettingError: where it is none here.
    """
    try:
        text = plain(to.get_absolute_url() if hasattr(to, "get_absolute_url") else to)
    except Exception as error:  # as where Django is not set up
        raise _refusal(
            f"is lazy, and evaluating it here fails with {type(error).__name__}"
        ) from error
    if not isinstance(text, str):
        raise _refusal(f"is a {type(text).__name__}, which is neither a path nor an endpoint")
    return text


def _refusal(problem: str) -> SettingError:
    hint = (
        "If the page is Django's, give its path:"
        " 'DjangoAuth(sessions, login_url=\"/accounts/login/\")'."
    )
    return SettingError("LOGIN_URL", problem, hint)


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
