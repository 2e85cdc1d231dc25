"""The way to the login page and back beside Django's, for any address."""

from __future__ import annotations

import io
from typing import Any

from django.contrib.auth.decorators import user_passes_test
from django.core.handlers.wsgi import WSGIRequest
from flask import Flask, request
from hypothesis import example, given
from hypothesis import strategies as st

from flask_dj_session.auth.redirects import redirect_to_login

from .. import live_django  # noqa: F401 - begins a Django

app = Flask(__name__)

characters = st.characters(exclude_categories=["Cs"]) | st.sampled_from("/%?#&=+;,:@ \"'<>\\é~")
# Of slashes at the beginning Werkzeug leaves one, and Django leaves all.
paths = st.text(characters, max_size=12).map(lambda text: "/" + text.lstrip("/"))
queries = st.text(st.characters(min_codepoint=33, max_codepoint=126) | st.just("é"), max_size=12)
login_urls = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "http://localhost", "https://localhost", "//localhost", "//id.example"]),
    st.sampled_from(["/accounts/login/", "/login", "/ž/in", "/a b"]),
    st.sampled_from(["", "?a=1", "?next=/x&b=é", "?a=1&a=2&c=", "?next", "#top", "?a=1#top"]),
)


def environ_of(prefix: str, path: str, query: str, scheme: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": prefix,
        "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": query.encode().decode("latin-1"),
        "HTTP_HOST": "localhost",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": scheme,
        "wsgi.input": io.BytesIO(),
    }


def of_django(environ: dict[str, Any], login_url: str) -> str:
    request: Any = WSGIRequest(environ)
    request.user = None
    view = user_passes_test(lambda _: False, login_url=login_url)(lambda _: None)
    location: str = view(request)["Location"]
    return location


@given(
    prefix=st.sampled_from(["", "/shop"]),
    path=paths,
    query=queries,
    scheme=st.sampled_from(["http", "https"]),
    login_url=login_urls,
)
@example("", "/", "", "http", "/login")
@example("/shop", "/%2F", "a=%2f&b", "https", "//localhost/login?next=1#top")
def test_the_way_to_the_login_page_is_djangos_from_anywhere(
    prefix: str, path: str, query: str, scheme: str, login_url: str
) -> None:
    environ = environ_of(prefix, path, query, scheme)
    with app.request_context(dict(environ)):
        ours = redirect_to_login(request, login_url).headers["Location"]
    assert ours == of_django(environ, login_url)
